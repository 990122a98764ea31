/*
 * Two inputs element by element, stretched to each other's shape. `axes` are those of the output, with the steps
 * through a and b; y is filled in C order. y may be a where they have the same size.
 */
#ifndef NN4MC_BROADCAST_H
#define NN4MC_BROADCAST_H

#include "nn4mc_axes.h"

#ifdef __cplusplus
extern "C" {
#endif

void nn4mc_add(const nn4mc_axis_t axes[], size_t rank, const float a[], const float b[], float y[]);
void nn4mc_sub(const nn4mc_axis_t axes[], size_t rank, const float a[], const float b[], float y[]);
void nn4mc_mul(const nn4mc_axis_t axes[], size_t rank, const float a[], const float b[], float y[]);
void nn4mc_div(const nn4mc_axis_t axes[], size_t rank, const float a[], const float b[], float y[]);

/* NaN if one of the two is. */
void nn4mc_maximum(const nn4mc_axis_t axes[], size_t rank, const float a[], const float b[], float y[]);
void nn4mc_minimum(const nn4mc_axis_t axes[], size_t rank, const float a[], const float b[], float y[]);

/* a above 0, a b below. */
void nn4mc_prelu(const nn4mc_axis_t axes[], size_t rank, const float a[], const float b[], float y[]);

#ifdef __cplusplus
}
#endif

#endif
