/* Maximum and average under a sliding kernel, channels last. Padding has no value: it neither wins nor adds. */
#ifndef NN4MC_POOL_H
#define NN4MC_POOL_H

#include <stddef.h>

#include "nn4mc_bits.h"
#include "nn4mc_sliding.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Every position of the kernel meets at least one element. */
typedef struct nn4mc_pool {
    nn4mc_sliding_t rows;
    nn4mc_sliding_t columns;
    size_t batch;
    size_t channels;
    int counts_padding; /* 1: the average divides by the kernel's size; 0: by the number of elements it meets */
} nn4mc_pool_t;

/* y[batch][rows.outputs][columns.outputs][channels] from x[batch][rows.length][columns.length][channels]. */
void nn4mc_pool_max(const nn4mc_pool_t *pool, const float *NN4MC_RESTRICT x, float *NN4MC_RESTRICT y);
void nn4mc_pool_average(const nn4mc_pool_t *pool, const float *NN4MC_RESTRICT x, float *NN4MC_RESTRICT y);

#ifdef __cplusplus
}
#endif

#endif
