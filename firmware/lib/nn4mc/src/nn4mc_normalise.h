/* Operators that scale a line of elements by what they have in common. x and y may be the same array. */
#ifndef NN4MC_NORMALISE_H
#define NN4MC_NORMALISE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * exp(x - max x) / sum: `blocks` blocks of `step` lines, each of `length` elements that are `step` apart. Sums run
 * from left to right.
 */
void nn4mc_softmax(const float x[], float y[], size_t blocks, size_t length, size_t step);

/*
 * (x - mean) / sqrt(variance + epsilon) gamma + beta for each of `rows` rows of `length` elements; gamma[length],
 * beta[length]. Mean and variance are sums from left to right, divided by the length.
 */
void nn4mc_layer_norm(const float x[], const float gamma[], const float beta[], float y[], size_t rows, size_t length,
                      float epsilon);

#ifdef __cplusplus
}
#endif

#endif
