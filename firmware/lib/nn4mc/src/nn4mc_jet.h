/*
 * Vectors with their derivatives: what a network computes, and how that moves with every decision, side by side.
 *
 * A jet of a vector [n] is columns of n floats, `step` floats apart: the value, its first derivatives by D directions,
 * and where second ones are asked for those by the pairs (a, b), a <= b, in the order b (b + 1) / 2 + a.
 */
#ifndef NN4MC_JET_H
#define NN4MC_JET_H

#include <stddef.h>
#include <stdint.h>

#include "nn4mc_columns.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The columns in use: the value, then `directions` first ones, then from `second` on `pairs` of the second ones. */
typedef struct nn4mc_span {
    uint32_t directions;
    uint32_t pairs; /* 0, or directions (directions + 1) / 2 */
    uint32_t second;
} nn4mc_span_t;

typedef struct nn4mc_jet {
    float *at;
    uint32_t step;
} nn4mc_jet_t;

/* A whole matrix. */
typedef struct nn4mc_matrix {
    const nn4mc_block_rows_t *parts;
    uint32_t count;
} nn4mc_matrix_t;

/* f, and from x and y = f(x) its derivatives; all of them may write over x, none over y. */
typedef struct nn4mc_unary {
    void (*value)(const float x[], float y[], size_t count);
    void (*first)(const float x[], const float y[], float slope[], size_t count);
    void (*second)(const float x[], const float y[], float bend[], size_t count);
} nn4mc_unary_t;

/* y = value[n], with first[directions][n] as first derivatives, or 0 where that is NULL, and no second ones. */
void nn4mc_jet_start(const float value[], const float first[], nn4mc_jet_t y, size_t n, const nn4mc_span_t *span);

/* y = value[n], whose derivatives are 0. */
void nn4mc_jet_constant(const float value[], nn4mc_jet_t y, size_t n, const nn4mc_span_t *span);

/* y += W x for the value alone, with the columns of W from `from` on, `count` of them (may be 0). */
void nn4mc_matrix_add(const nn4mc_matrix_t *matrix, size_t from, size_t count, const float x[], float y[]);

/* y += W x for the value and all derivatives, with the first `count` columns of W (may be 0). */
void nn4mc_jet_add_product(const nn4mc_matrix_t *matrix, size_t count, nn4mc_jet_t x, nn4mc_jet_t y,
                           const nn4mc_span_t *span);

/* y += x and y -= x */
void nn4mc_jet_add(nn4mc_jet_t x, nn4mc_jet_t y, size_t n, const nn4mc_span_t *span);
void nn4mc_jet_subtract(nn4mc_jet_t x, nn4mc_jet_t y, size_t n, const nn4mc_span_t *span);

/* y = x */
void nn4mc_jet_copy(nn4mc_jet_t x, nn4mc_jet_t y, size_t n, const nn4mc_span_t *span);

/* y = f(y); scratch[3 n]. */
void nn4mc_jet_apply(const nn4mc_unary_t *function, nn4mc_jet_t y, size_t n, const nn4mc_span_t *span, float scratch[]);

/* y = a b; y is neither of them. */
void nn4mc_jet_multiply(nn4mc_jet_t a, nn4mc_jet_t b, nn4mc_jet_t y, size_t n, const nn4mc_span_t *span);

#ifdef __cplusplus
}
#endif

#endif
