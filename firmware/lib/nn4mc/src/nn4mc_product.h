/* Matrix-vector products. Every row adds in one order: what y holds first, then the columns from left to right. */
#ifndef NN4MC_PRODUCT_H
#define NN4MC_PRODUCT_H

#include <stddef.h>

#include "nn4mc_bits.h"

#ifdef __cplusplus
extern "C" {
#endif

/* y[rows] += w[rows][columns] x[columns]; y overlaps neither w nor x. */
void nn4mc_accumulate(const float *NN4MC_RESTRICT w, const float *NN4MC_RESTRICT x, float *NN4MC_RESTRICT y,
                      size_t rows, size_t columns);

/* y[rows] = b[rows] + w[rows][columns] x[columns]. */
void nn4mc_dense(const float *NN4MC_RESTRICT w, const float *NN4MC_RESTRICT b, const float *NN4MC_RESTRICT x,
                 float *NN4MC_RESTRICT y, size_t rows, size_t columns);

/* to[count] = from[count]; the two do not overlap. */
void nn4mc_copy(const float *NN4MC_RESTRICT from, float *NN4MC_RESTRICT to, size_t count);
void nn4mc_copy_int8(const int8_t *NN4MC_RESTRICT from, int8_t *NN4MC_RESTRICT to, size_t count);

/* to[count] = 0. */
void nn4mc_zero(float to[], size_t count);

#ifdef __cplusplus
}
#endif

#endif
