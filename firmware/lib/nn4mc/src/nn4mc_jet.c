#include "nn4mc_jet.h"

#include "nn4mc_vector.h"
#include "nn4mc_words.h"

/* Columns 0..directions are neighbours; those of the pairs follow from `second` on. */
typedef void words_function_t(const float x[], float y[], size_t n);

static void for_columns(words_function_t *function, nn4mc_jet_t x, nn4mc_jet_t y, size_t n, size_t from, size_t count)
{
    x.at += from * x.step;
    y.at += from * y.step;
    if (x.step == n && y.step == n) { /* all in one piece */
        function(x.at, y.at, count * n);
        return;
    }
    for (; count != 0; --count, x.at += x.step, y.at += y.step) {
        function(x.at, y.at, n);
    }
}

static void for_all(words_function_t *function, nn4mc_jet_t x, nn4mc_jet_t y, size_t n, const nn4mc_span_t *span)
{
    for_columns(function, x, y, n, 0, 1 + span->directions);
    if (span->pairs != 0) {
        for_columns(function, x, y, n, span->second, span->pairs);
    }
}

void nn4mc_jet_add(nn4mc_jet_t x, nn4mc_jet_t y, size_t n, const nn4mc_span_t *span)
{
    for_all(nn4mc_words_add, x, y, n, span);
}

void nn4mc_jet_subtract(nn4mc_jet_t x, nn4mc_jet_t y, size_t n, const nn4mc_span_t *span)
{
    for_all(nn4mc_words_subtract, x, y, n, span);
}

void nn4mc_jet_copy(nn4mc_jet_t x, nn4mc_jet_t y, size_t n, const nn4mc_span_t *span)
{
    for_all(nn4mc_words_copy, x, y, n, span);
}

static void clear(nn4mc_jet_t y, size_t n, size_t from, size_t count)
{
    y.at += from * y.step;
    if (y.step == n) {
        nn4mc_words_clear(y.at, count * n);
        return;
    }
    for (; count != 0; --count, y.at += y.step) {
        nn4mc_words_clear(y.at, n);
    }
}

/* Columns of first derivatives as a jet's, which begin behind a value. */
static nn4mc_jet_t behind(nn4mc_firsts_t first)
{
    nn4mc_jet_t x;
    x.at = (float *)(uintptr_t)first.at;
    x.step = first.step;
    return x;
}

void nn4mc_jet_start(const float value[], nn4mc_firsts_t first, nn4mc_jet_t y, size_t n, const nn4mc_span_t *span)
{
    const nn4mc_jet_t firsts = {y.at + y.step, y.step};
    if (value != y.at) {
        nn4mc_words_copy(value, y.at, n);
    }
    if (span->directions == 0) {
        return;
    }
    if (first.step == 0) {
        clear(y, n, 1, span->directions);
    } else if (first.at != firsts.at) {
        for_columns(nn4mc_words_copy, behind(first), firsts, n, 0, span->directions);
    }
    clear(y, n, span->second, span->pairs);
}

void nn4mc_jet_add_start(const float value[], nn4mc_firsts_t first, nn4mc_jet_t y, size_t n, const nn4mc_span_t *span)
{
    const nn4mc_jet_t firsts = {y.at + y.step, y.step};
    nn4mc_words_add(value, y.at, n);
    if (first.step != 0) {
        for_columns(nn4mc_words_add, behind(first), firsts, n, 0, span->directions);
    }
}

void nn4mc_matrix_product(const nn4mc_matrix_t *matrix, size_t from, size_t count, const float x[],
                          const float start[], float y[])
{
    const nn4mc_walk_t walk = {(uint32_t)from, (uint32_t)count, 1u, 0u, 0u, start, start, 0u};
    for (size_t i = 0; i < matrix->count; ++i) {
        matrix->parts[i].kernel(matrix->parts + i, x, y, &walk);
    }
}

void nn4mc_jet_second_product(const nn4mc_matrix_t *matrix, size_t rows, size_t count, nn4mc_jet_t x, nn4mc_jet_t y,
                              const nn4mc_span_t *span, int fresh)
{
    float *const at = y.at + span->second * y.step;
    const nn4mc_walk_t walk = {0u, (uint32_t)count, span->pairs, x.step, y.step, at, at + y.step, y.step};
    if (fresh) {
        clear(y, rows, span->second, span->pairs);
    }
    for (size_t i = 0; i < matrix->count; ++i) {
        matrix->parts[i].kernel(matrix->parts + i, x.at + span->second * x.step, at, &walk);
    }
}

void nn4mc_jet_apply(const nn4mc_unary_t *function, nn4mc_firsts_t first, nn4mc_jet_t y, size_t n,
                     const nn4mc_span_t *span, float scratch[])
{
    float *const slope = scratch + n;
    if (span->directions == 0) {
        function->value(y.at, y.at, n);
        return;
    }
    function->value(y.at, scratch, n);
    function->first(y.at, scratch, slope, n);
    if (span->pairs != 0) {
        float *const bend = slope + n;
        float *second = y.at + span->second * y.step;
        function->second(y.at, scratch, bend, n);
        for (size_t b = 0; b < span->directions; ++b) {
            for (size_t a = 0; a <= b; ++a, second += y.step) {
                const float *const of_a = first.at + a * first.step;
                const float *const of_b = first.at + b * first.step;
                for (size_t i = 0; i < n; ++i) {
                    second[i] = slope[i] * second[i] + bend[i] * (of_a[i] * of_b[i]);
                }
            }
        }
    }
    nn4mc_words_copy(scratch, y.at, n);
    nn4mc_words_scale(slope, first.at, first.step, y.at + y.step, n, span->directions, y.step);
}

/* y = a' b + a b' for one column: a and b are values, of_a and of_b their derivatives. */
static void product_rule(const float a[], const float of_a[], const float b[], const float of_b[], float y[], size_t n)
{
    nn4mc_vector_product(of_a, b, y, n);
    nn4mc_vector_add_product(a, of_b, y, n);
}

void nn4mc_jet_multiply(nn4mc_jet_t a, nn4mc_jet_t b, nn4mc_jet_t y, size_t n, const nn4mc_span_t *span)
{
    nn4mc_vector_product(a.at, b.at, y.at, n);
    for (size_t c = 1; c <= span->directions; ++c) {
        product_rule(a.at, a.at + c * a.step, b.at, b.at + c * b.step, y.at + c * y.step, n);
    }
    if (span->pairs != 0) {
        size_t pair = span->second;
        for (size_t j = 1; j <= span->directions; ++j) {
            for (size_t i = 1; i <= j; ++i, ++pair) {
                float *const out = y.at + pair * y.step;
                product_rule(a.at, a.at + pair * a.step, b.at, b.at + pair * b.step, out, n);
                nn4mc_vector_add_product(a.at + i * a.step, b.at + j * b.step, out, n);
                nn4mc_vector_add_product(a.at + j * a.step, b.at + i * b.step, out, n);
            }
        }
    }
}

void nn4mc_jet_scale(const float factors[], nn4mc_jet_t b, nn4mc_jet_t y, size_t n, const nn4mc_span_t *span)
{
    nn4mc_words_scale(factors, b.at, b.step, y.at, n, 1 + span->directions, y.step);
    nn4mc_words_scale(factors, b.at + span->second * b.step, b.step, y.at + span->second * y.step, n, span->pairs,
                      y.step);
}
