#include "nn4mc_normalise.h"

#include "nn4mc_bits.h"
#include "nn4mc_elementary.h"

static void softmax_line(const float x[], float y[], size_t length, size_t step)
{
    float largest = x[0];
    float sum = 0.0f;
    for (size_t i = 1; i < length; ++i) {
        const float value = x[i * step];
        largest = nn4mc_select(value > largest, value, largest);
    }
    for (size_t i = 0; i < length; ++i) {
        const float power = nn4mc_exp(x[i * step] - largest);
        y[i * step] = power;
        sum += power;
    }
    for (size_t i = 0; i < length; ++i) {
        y[i * step] /= sum;
    }
}

void nn4mc_softmax(const float x[], float y[], size_t blocks, size_t length, size_t step)
{
    for (size_t block = 0; block < blocks; ++block) {
        const size_t start = block * length * step;
        for (size_t line = 0; line < step; ++line) {
            softmax_line(x + start + line, y + start + line, length, step);
        }
    }
}

void nn4mc_layer_norm(const float x[], const float gamma[], const float beta[], float y[], size_t rows, size_t length,
                      float epsilon)
{
    for (size_t row = 0; row < rows; ++row, x += length, y += length) {
        float sum = 0.0f;
        float squares = 0.0f;
        for (size_t i = 0; i < length; ++i) {
            sum += x[i];
        }
        const float mean = sum / (float)length;
        for (size_t i = 0; i < length; ++i) {
            const float centred = x[i] - mean;
            squares += centred * centred;
        }
        const float deviation = nn4mc_sqrt(squares / (float)length + epsilon);
        for (size_t i = 0; i < length; ++i) {
            y[i] = (x[i] - mean) / deviation * gamma[i] + beta[i];
        }
    }
}
