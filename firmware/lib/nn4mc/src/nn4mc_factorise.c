#include "nn4mc_quadratic.h"

int nn4mc_factorise(float matrix[], size_t count, float least, int forced)
{
    float *row = matrix;
    for (size_t i = 0; i < count; row += ++i) {
        const float *other = matrix;
        float pivot = row[i];
        for (size_t j = 0; j < i; other += ++j) {
            float sum = row[j];
            for (size_t k = 0; k < j; ++k) {
                sum -= row[k] * other[k];
            }
            row[j] = sum;
        }
        for (size_t j = 0; j < i; ++j) {
            const float scaled = row[j] * matrix[j * (j + 1) / 2 + j];
            pivot -= row[j] * scaled;
            row[j] = scaled;
        }
        if (!(pivot > least)) {
            if (!forced) {
                return 0;
            }
            pivot = least;
        }
        row[i] = 1.0f / pivot;
    }
    return 1;
}

void nn4mc_substitute(const float matrix[], size_t count, float x[])
{
    const float *row = matrix;
    for (size_t i = 0; i < count; row += ++i) {
        for (size_t j = 0; j < i; ++j) {
            x[i] -= row[j] * x[j];
        }
    }
    for (size_t i = 0; i < count; ++i) {
        x[i] *= matrix[i * (i + 1) / 2 + i];
    }
    for (size_t i = count; i-- > 0;) {
        row = matrix + i * (i + 1) / 2;
        for (size_t j = 0; j < i; ++j) {
            x[j] -= row[j] * x[i];
        }
    }
}
