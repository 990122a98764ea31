/*
 * Reductions. `axes` are those of x, with the steps through x and y (0 in y along what is reduced). Every element of
 * y[count] takes its elements of x in C order, a sum starting at 0.
 */
#ifndef NN4MC_REDUCE_H
#define NN4MC_REDUCE_H

#include "nn4mc_axes.h"

#ifdef __cplusplus
extern "C" {
#endif

void nn4mc_reduce_sum(const nn4mc_axis_t axes[], size_t rank, const float x[], float y[], size_t count);

/* The sum divided by `terms`. */
void nn4mc_reduce_mean(const nn4mc_axis_t axes[], size_t rank, const float x[], float y[], size_t count, float terms);

/* NaN if one of the elements is. */
void nn4mc_reduce_max(const nn4mc_axis_t axes[], size_t rank, const float x[], float y[], size_t count);
void nn4mc_reduce_min(const nn4mc_axis_t axes[], size_t rank, const float x[], float y[], size_t count);

#ifdef __cplusplus
}
#endif

#endif
