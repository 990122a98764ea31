/* Moving elements about without computing. Inputs and outputs do not overlap, but within a copy_strided see below. */
#ifndef NN4MC_SHAPE_H
#define NN4MC_SHAPE_H

#include <stdint.h>

#include "nn4mc_axes.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Copies along `axes`, with their steps through `from` and `to`. Both may point into one array as long as no element
 * that is read is written.
 */
void nn4mc_copy_strided(const nn4mc_axis_t axes[], size_t rank, const float from[], float to[]);
void nn4mc_copy_strided_int8(const nn4mc_axis_t axes[], size_t rank, const int8_t from[], int8_t to[]);

/* For each of `blocks` blocks of `length` slices of `run` elements: the slices at the `count` indices, in that order. */
void nn4mc_gather(const float from[], float to[], size_t blocks, size_t length, size_t run, const size_t indices[],
                  size_t count);
void nn4mc_gather_int8(const int8_t from[], int8_t to[], size_t blocks, size_t length, size_t run,
                       const size_t indices[], size_t count);

/* to[count] = value. */
void nn4mc_fill(float to[], size_t count, float value);
void nn4mc_fill_int8(int8_t to[], size_t count, int8_t value);

#ifdef __cplusplus
}
#endif

#endif
