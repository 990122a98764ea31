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
#include "nn4mc_words.h"

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

/* The first derivatives of a jet that may stand apart from its value: columns `step` floats apart. */
typedef struct nn4mc_firsts {
    const float *at;
    uint32_t step;
} nn4mc_firsts_t;

static inline nn4mc_firsts_t nn4mc_firsts_of(nn4mc_jet_t x)
{
    nn4mc_firsts_t first;
    first.at = x.at + x.step;
    first.step = x.step;
    return first;
}

/* No derivatives. */
#define NN4MC_STILL {nn4mc_columns_zeros, 0u}

/* y = value[n] (which may be y itself) with `first` as first derivatives, and no second ones. */
void nn4mc_jet_start(const float value[], nn4mc_firsts_t first, nn4mc_jet_t y, size_t n, const nn4mc_span_t *span);

/* y += value[n] with `first` as first derivatives. */
void nn4mc_jet_add_start(const float value[], nn4mc_firsts_t first, nn4mc_jet_t y, size_t n, const nn4mc_span_t *span);

/* y = start + W x without derivatives, with the columns of W from `from` on, `count` of them (may be 0). */
void nn4mc_matrix_product(const nn4mc_matrix_t *matrix, size_t from, size_t count, const float x[],
                          const float start[], float y[]);

/* y += W x for the second derivatives alone; or y = W x with `fresh`. */
void nn4mc_jet_second_product(const nn4mc_matrix_t *matrix, size_t rows, size_t count, nn4mc_jet_t x, nn4mc_jet_t y,
                              const nn4mc_span_t *span, int fresh);

/* The value and the first derivatives of y = value + W x, whose first derivatives start from `first`. */
static inline void nn4mc_jet_first_product(const nn4mc_matrix_t *matrix, size_t count, nn4mc_jet_t x, nn4mc_jet_t y,
                                           const float value[], nn4mc_firsts_t first, const nn4mc_span_t *span)
{
    nn4mc_walk_t walk;
    walk.from = 0u;
    walk.columns = (uint32_t)count;
    walk.positions = 1u + span->directions;
    walk.x_step = x.step;
    walk.y_step = y.step;
    walk.value = value;
    walk.rest = first.at;
    walk.rest_step = first.step;
    for (size_t i = 0; i < matrix->count; ++i) {
        matrix->parts[i].kernel(matrix->parts + i, x.at, y.at, &walk);
    }
}

/* y = value[rows] with `first` as first derivatives, plus W x with the first `count` columns of W. */
static inline void nn4mc_jet_product(const nn4mc_matrix_t *matrix, size_t rows, size_t count, nn4mc_jet_t x,
                                     nn4mc_jet_t y, const float value[], nn4mc_firsts_t first,
                                     const nn4mc_span_t *span)
{
    nn4mc_jet_first_product(matrix, count, x, y, value, first, span);
    if (span->pairs != 0) {
        nn4mc_jet_second_product(matrix, rows, count, x, y, span, 1);
    }
}

/* y += W x with the first `count` columns of W. */
static inline void nn4mc_jet_add_product(const nn4mc_matrix_t *matrix, size_t rows, size_t count, nn4mc_jet_t x,
                                         nn4mc_jet_t y, const nn4mc_span_t *span)
{
    nn4mc_jet_first_product(matrix, count, x, y, y.at, nn4mc_firsts_of(y), span);
    if (span->pairs != 0) {
        nn4mc_jet_second_product(matrix, rows, count, x, y, span, 0);
    }
}

/* y += x and y -= x */
void nn4mc_jet_add(nn4mc_jet_t x, nn4mc_jet_t y, size_t n, const nn4mc_span_t *span);
void nn4mc_jet_subtract(nn4mc_jet_t x, nn4mc_jet_t y, size_t n, const nn4mc_span_t *span);

/* y = x */
void nn4mc_jet_copy(nn4mc_jet_t x, nn4mc_jet_t y, size_t n, const nn4mc_span_t *span);

/* y = f(y), whose first derivatives stand in `first`; scratch[3 n]. */
void nn4mc_jet_apply(const nn4mc_unary_t *function, nn4mc_firsts_t first, nn4mc_jet_t y, size_t n,
                     const nn4mc_span_t *span, float scratch[]);

/* The same for a function whose derivative is one of f(x) alone, without second derivatives; scratch[n]. */
static inline void nn4mc_jet_apply_first(const nn4mc_unary_t *function, nn4mc_firsts_t first, nn4mc_jet_t y, size_t n,
                                         const nn4mc_span_t *span, float scratch[])
{
    function->value(y.at, y.at, n);
    if (span->directions != 0) {
        function->first(y.at, y.at, scratch, n);
        nn4mc_words_scale(scratch, first.at, first.step, y.at + y.step, n, span->directions, y.step);
    }
}

/* y = a b; y is neither of them. */
void nn4mc_jet_multiply(nn4mc_jet_t a, nn4mc_jet_t b, nn4mc_jet_t y, size_t n, const nn4mc_span_t *span);

/* y = a b for factors a[n] that do not move. */
void nn4mc_jet_scale(const float factors[], nn4mc_jet_t b, nn4mc_jet_t y, size_t n, const nn4mc_span_t *span);

#ifdef __cplusplus
}
#endif

#endif
