/* The portable kernel of nn4mc_rows.h; nn4mc_rows_m4f.S stands in for it on a Cortex-M4F. */
#include "nn4mc_rows.h"

#include "nn4mc_bits.h"
#include "nn4mc_config.h"
#include "nn4mc_mac.h"

#ifndef NN4MC_CORTEX_M4F

#define MOST_ROWS 16

#ifdef NN4MC_SMALL_CODE
#define ONE_FOR_ALL NN4MC_NOINLINE
#else
#define ONE_FOR_ALL NN4MC_INLINE
#endif

/* One block at one position: what `runs` meet, each row in its own sum. */
static ONE_FOR_ALL void block(const float *NN4MC_RESTRICT w, const nn4mc_run_t runs[], size_t run_count, size_t x_at,
                              float *NN4MC_RESTRICT y, size_t height)
{
    float sums[MOST_ROWS];
    for (size_t row = 0; row < height; ++row) {
        sums[row] = w[row];
    }
    w += height;
    for (size_t run = 0; run < run_count; ++run) {
        const float *const x = runs[run].x + x_at;
        w += runs[run].skip * height;
        for (size_t column = 0; column < runs[run].columns; ++column) {
            for (size_t row = 0; row < height; ++row) {
                sums[row] = nn4mc_mac(sums[row], w[row], x[column]);
            }
            w += height;
        }
    }
    for (size_t row = 0; row < height; ++row) {
        y[row] = sums[row];
    }
}

#define KERNEL(height)                                                                                                \
    void nn4mc_rows_##height(const nn4mc_rows_t *rows, const nn4mc_run_t runs[], size_t run_count, float y[])         \
    {                                                                                                                 \
        for (size_t i = 0; i < rows->blocks; ++i) {                                                                   \
            for (size_t at = 0; at < rows->positions; ++at) {                                                         \
                block(rows->weights + i * rows->block_step, runs, run_count, at * rows->x_step,                       \
                      y + i * (height) + at * rows->y_step, height);                                                  \
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
KERNEL(9)
KERNEL(10)
KERNEL(11)
KERNEL(12)
KERNEL(13)
KERNEL(14)
KERNEL(15)
KERNEL(16)

#endif
