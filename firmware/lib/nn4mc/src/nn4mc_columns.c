/* The portable kernels of nn4mc_columns.h; nn4mc_columns_m4f.S stands in for them on a Cortex-M4F. */
#include "nn4mc_columns.h"

#include "nn4mc_bits.h"
#include "nn4mc_config.h"
#include "nn4mc_mac.h"

const float nn4mc_columns_zeros[NN4MC_COLUMNS_MOST_ROWS] = {0.0f};

#ifndef NN4MC_CORTEX_M4F

static NN4MC_KERNEL_BODY void block(const float *NN4MC_RESTRICT w, size_t columns, const float *NN4MC_RESTRICT x,
                                    const float *start, float *y, size_t height)
{
    float sums[NN4MC_COLUMNS_MOST_ROWS];
    for (size_t row = 0; row < height; ++row) {
        sums[row] = start[row];
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

/* Where the sums of a position start, `row` being the first of its block. */
static const float *start_of(const nn4mc_walk_t *walk, size_t at, size_t row)
{
    if (at == 0) {
        return walk->value + row;
    }
    return walk->rest_step == 0 ? walk->rest : walk->rest + (at - 1) * walk->rest_step + row;
}

#define KERNEL(height)                                                                                                \
    void nn4mc_columns_##height(const nn4mc_block_rows_t *rows, const float x[], float y[], const nn4mc_walk_t *walk) \
    {                                                                                                                 \
        const float *w = rows->weights + walk->from * (height);                                                       \
        size_t row = rows->first;                                                                                     \
        for (size_t i = 0; i < rows->blocks; ++i) {                                                                   \
            for (size_t at = 0; at < walk->positions; ++at) {                                                         \
                block(w, walk->columns, x + at * walk->x_step, start_of(walk, at, row), y + at * walk->y_step + row,  \
                      height);                                                                                        \
            }                                                                                                         \
            w += rows->block_step;                                                                                    \
            row += (height);                                                                                          \
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

#endif
