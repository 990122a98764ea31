#include "nn4mc_matmul.h"

static void multiply(const float a[], const float b[], float y[], size_t m, size_t k, size_t n)
{
    for (size_t row = 0; row < m; ++row) {
        for (size_t column = 0; column < n; ++column) {
            float sum = 0.0f;
            for (size_t i = 0; i < k; ++i) {
                sum += a[row * k + i] * b[i * n + column];
            }
            *y++ = sum;
        }
    }
}

void nn4mc_matmul(const nn4mc_axis_t axes[], size_t rank, const float a[], const float b[], float y[], size_t m,
                  size_t k, size_t n)
{
    const size_t count = nn4mc_places(axes, rank);
    for (size_t i = 0; i < count; ++i) {
        const nn4mc_place_t at = nn4mc_place_of(axes, rank, i);
        multiply(a + at.first, b + at.second, y + i * m * n, m, k, n);
    }
}
