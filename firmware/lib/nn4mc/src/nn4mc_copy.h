/* Copying loops that call no library. */
#ifndef NN4MC_COPY_H
#define NN4MC_COPY_H

#include <stddef.h>

#include "nn4mc_bits.h"

#ifdef __cplusplus
extern "C" {
#endif

/* to[count] = from[count]; the two do not overlap. */
void nn4mc_copy(const float *NN4MC_RESTRICT from, float *NN4MC_RESTRICT to, size_t count);
void nn4mc_copy_int8(const int8_t *NN4MC_RESTRICT from, int8_t *NN4MC_RESTRICT to, size_t count);

/* to[count] = 0. */
void nn4mc_zero(float to[], size_t count);

#ifdef __cplusplus
}
#endif

#endif
