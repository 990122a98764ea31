/* The portable kernel of nn4mc_rows.h; nn4mc_rows_m4f.S stands in for it on a Cortex-M4F. */
#include "nn4mc_rows.h"

#include "nn4mc_bits.h"
#include "nn4mc_config.h"
#include "nn4mc_mac.h"

#ifndef NN4MC_CORTEX_M4F

#define MOST_ROWS 16

/* One block; returns where its weights end. Each row has a sum of its own. */
static NN4MC_KERNEL_BODY const float *block(const float *NN4MC_RESTRICT w, const nn4mc_run_t runs[], size_t run_count,
                                            float *NN4MC_RESTRICT y, size_t height)
{
    float sums[MOST_ROWS];
    for (size_t row = 0; row < height; ++row) {
        sums[row] = w[row];
    }
    w += height;
    for (size_t run = 0; run < run_count; ++run) {
        const float *const x = runs[run].x;
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
    return w;
}

#define KERNEL(height)                                                                                                \
    void nn4mc_rows_##height(const nn4mc_rows_t *rows, const nn4mc_run_t runs[], size_t run_count, float y[])         \
    {                                                                                                                 \
        const float *w = rows->weights;                                                                               \
        for (size_t i = 0; i < rows->blocks; ++i) {                                                                   \
            w = block(w, runs, run_count, y + i * (height), height);                                                  \
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
