/* The portable kernels of nn4mc_columns.h; nn4mc_columns_m4f.S stands in for them on a Cortex-M4F. */
#include "nn4mc_columns.h"

#include "nn4mc_bits.h"
#include "nn4mc_config.h"
#include "nn4mc_mac.h"

#ifndef NN4MC_CORTEX_M4F

#define MOST_ROWS 8

static NN4MC_KERNEL_BODY void block(const float *NN4MC_RESTRICT w, size_t columns, const float *NN4MC_RESTRICT x,
                                    float *NN4MC_RESTRICT y, size_t height)
{
    float sums[MOST_ROWS];
    for (size_t row = 0; row < height; ++row) {
        sums[row] = y[row];
    }
    for (size_t column = 0; column < columns; ++column) {
        for (size_t row = 0; row < height; ++row) {
            sums[row] = nn4mc_mac(sums[row], w[row], x[column]);
        }
        w += height;
    }
    for (size_t row = 0; row < height; ++row) {
        y[row] = sums[row];
    }
}

#define KERNEL(height)                                                                                                \
    void nn4mc_columns_##height(const nn4mc_columns_t *columns, const float x[], float y[])                           \
    {                                                                                                                 \
        for (size_t i = 0; i < columns->blocks; ++i) {                                                                \
            for (size_t at = 0; at < columns->positions; ++at) {                                                      \
                block(columns->weights + i * columns->block_step, columns->columns, x + at * columns->x_step,         \
                      y + i * (height) + at * columns->y_step, height);                                               \
            }                                                                                                         \
        }                                                                                                             \
    }

KERNEL(1)
KERNEL(2)
KERNEL(3)
KERNEL(4)
KERNEL(5)
KERNEL(6)
KERNEL(7)
KERNEL(8)

void nn4mc_columns_scale(const float factors[], float y[], size_t n, size_t positions, size_t step)
{
    for (size_t at = 0; at < positions; ++at) {
        for (size_t i = 0; i < n; ++i) {
            y[at * step + i] *= factors[i];
        }
    }
}

#endif
