#include "nn4mc_quantized.h"

#include "nn4mc_bits.h"

/* Far outside int8 and small enough for an exact conversion to an integer. */
#define STEPS_LIMIT 1.0e6f

/* Halves away from zero; `value - whole` is exact, where adding 0.5 would round. */
static int32_t rounded(float value)
{
    const int32_t whole = (int32_t)value;
    const float rest = value - (float)whole;
    return whole + (rest >= 0.5f) - (rest <= -0.5f);
}

void nn4mc_quantize(const float x[], int8_t y[], size_t count, float scale, int32_t zero)
{
    for (size_t i = 0; i < count; ++i) {
        const float steps = x[i] / scale;
        /* NaN becomes the smallest. */
        const float above = nn4mc_select(steps > -STEPS_LIMIT, steps, -STEPS_LIMIT);
        const float within = nn4mc_select(above < STEPS_LIMIT, above, STEPS_LIMIT);
        y[i] = (int8_t)nn4mc_clamp(rounded(within) + zero, -128, 127);
    }
}

void nn4mc_dequantize(const int8_t x[], float y[], size_t count, float scale, int32_t zero)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] = scale * (float)(x[i] - zero);
    }
}

void nn4mc_requantize(const int8_t x[], int8_t y[], size_t count, int32_t input_zero, nn4mc_factor_t factor,
                      const nn4mc_int8_range_t *range)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] = nn4mc_to_range(x[i] - input_zero, factor, range);
    }
}

void nn4mc_look_up(const int8_t x[], int8_t y[], size_t count, const int8_t table[256])
{
    for (size_t i = 0; i < count; ++i) {
        y[i] = table[x[i] + 128];
    }
}

static void softmax_row(const int8_t x[], int8_t y[], size_t columns, const float powers[256], float scale,
                        int32_t zero)
{
    int32_t largest = -128;
    float sum = 0.0f;
    for (size_t i = 0; i < columns; ++i) {
        largest = x[i] > largest ? x[i] : largest;
    }
    for (size_t i = 0; i < columns; ++i) {
        sum += powers[largest - x[i]];
    }
    const float factor = 1.0f / (sum * scale);
    for (size_t i = 0; i < columns; ++i) {
        const int32_t steps = (int32_t)(powers[largest - x[i]] * factor + 0.5f);
        y[i] = (int8_t)nn4mc_clamp(steps + zero, -128, 127);
    }
}

void nn4mc_softmax_int8(const int8_t x[], int8_t y[], size_t rows, size_t columns, const float powers[256],
                        float scale, int32_t zero)
{
    for (size_t row = 0; row < rows; ++row) {
        softmax_row(x + row * columns, y + row * columns, columns, powers, scale, zero);
    }
}
