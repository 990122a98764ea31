/* Products of two matrices that are both made while the network runs. */
#ifndef NN4MC_MATMUL_H
#define NN4MC_MATMUL_H

#include "nn4mc_axes.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * y[m][n] = a[m][k] b[k][n], for each place along `axes` with their steps through a and b; y is filled in C order and
 * overlaps neither. Every element adds its products from left to right, starting at 0.
 */
void nn4mc_matmul(const nn4mc_axis_t axes[], size_t rank, const float a[], const float b[], float y[], size_t m,
                  size_t k, size_t n);

#ifdef __cplusplus
}
#endif

#endif
