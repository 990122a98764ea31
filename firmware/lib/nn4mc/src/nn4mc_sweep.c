/* The portable kernels of nn4mc_sweep.h; nn4mc_sweep_pairs_m4f.S and nn4mc_sweep_channels_m4f.S stand in for them. */
#include "nn4mc_sweep.h"

#include "nn4mc_bits.h"
#include "nn4mc_config.h"
#include "nn4mc_mac.h"

#ifndef NN4MC_CORTEX_M4F

#define MOST_ROWS 8

/* One block at one position. From row to row x moves by `row_step`, 0 or 1, from column to column by `column_step`. */
static NN4MC_KERNEL_BODY void block(const float *NN4MC_RESTRICT w, const nn4mc_stretch_t stretches[], size_t count,
                                    size_t x_at, size_t row_step, size_t column_step, float *NN4MC_RESTRICT y,
                                    size_t height)
{
    float sums[MOST_ROWS];
    for (size_t row = 0; row < height; ++row) {
        sums[row] = w[row];
    }
    w += height;
    for (size_t i = 0; i < count; ++i) {
        const float *x = stretches[i].x + x_at;
        w += stretches[i].skip * height;
        for (size_t column = 0; column < stretches[i].columns; ++column) {
            for (size_t row = 0; row < height; ++row) {
                sums[row] = nn4mc_mac(sums[row], w[row], x[row * row_step]);
            }
            w += height;
            x += column_step;
        }
    }
    for (size_t row = 0; row < height; ++row) {
        y[row] = sums[row];
    }
}

static NN4MC_KERNEL_BODY void sweep_over(const nn4mc_sweep_t *sweep, const nn4mc_stretch_t stretches[], size_t count,
                                         size_t row_step, size_t column_step, float y[], size_t height)
{
    for (size_t i = 0; i < sweep->blocks; ++i) {
        for (size_t at = 0; at < sweep->positions; ++at) {
            block(sweep->weights + i * sweep->block_step, stretches, count, at * sweep->x_step + i * height * row_step,
                  row_step, column_step, y + i * height + at * sweep->y_step, height);
        }
    }
}

#define KERNELS(height)                                                                                               \
    void nn4mc_pairs_##height(const nn4mc_sweep_t *sweep, const nn4mc_stretch_t stretches[], size_t count, float y[]) \
    {                                                                                                                 \
        sweep_over(sweep, stretches, count, 0, 1, y, height);                                                         \
    }                                                                                                                 \
    void nn4mc_channels_##height(const nn4mc_sweep_t *sweep, const nn4mc_stretch_t stretches[], size_t count,         \
                                 float y[])                                                                           \
    {                                                                                                                 \
        sweep_over(sweep, stretches, count, 1, sweep->column_step, y, height);                                        \
    }

KERNELS(1)
KERNELS(2)
KERNELS(3)
KERNELS(4)
KERNELS(5)
KERNELS(6)
KERNELS(7)
KERNELS(8)

#endif
