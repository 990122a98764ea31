#include "nn4mc_jet.h"

#include "nn4mc_bits.h"
#include "nn4mc_vector.h"

/* Columns 0..directions are neighbours; those of the pairs follow from `second` on. */
typedef void column_function_t(const float x[], float y[], size_t n);

void nn4mc_words_add(const float x[], float y[], size_t n)
{
    for (size_t i = 0; i < n; ++i) {
        y[i] += x[i];
    }
}

void nn4mc_words_subtract(const float x[], float y[], size_t n)
{
    for (size_t i = 0; i < n; ++i) {
        y[i] -= x[i];
    }
}

/* Four words a round. */
static NN4MC_KEEP_LOOP void copy(const float x[], float y[], size_t n)
{
    for (; n >= 4; n -= 4, x += 4, y += 4) {
        const float a = x[0];
        const float b = x[1];
        const float c = x[2];
        const float d = x[3];
        y[0] = a;
        y[1] = b;
        y[2] = c;
        y[3] = d;
    }
    for (; n != 0; --n) {
        *y++ = *x++;
    }
}

static NN4MC_KEEP_LOOP void clear(float y[], size_t n)
{
    for (; n >= 4; n -= 4, y += 4) {
        y[0] = 0.0f;
        y[1] = 0.0f;
        y[2] = 0.0f;
        y[3] = 0.0f;
    }
    for (; n != 0; --n) {
        *y++ = 0.0f;
    }
}

static void for_columns(column_function_t *function, nn4mc_jet_t x, nn4mc_jet_t y, size_t n, const nn4mc_span_t *span)
{
    for (size_t c = 0; c <= span->directions; ++c) {
        function(x.at + c * x.step, y.at + c * y.step, n);
    }
    for (size_t c = span->second; c < span->second + span->pairs; ++c) {
        function(x.at + c * x.step, y.at + c * y.step, n);
    }
}

void nn4mc_jet_add(nn4mc_jet_t x, nn4mc_jet_t y, size_t n, const nn4mc_span_t *span)
{
    for_columns(nn4mc_words_add, x, y, n, span);
}

void nn4mc_jet_subtract(nn4mc_jet_t x, nn4mc_jet_t y, size_t n, const nn4mc_span_t *span)
{
    for_columns(nn4mc_words_subtract, x, y, n, span);
}

void nn4mc_jet_copy(nn4mc_jet_t x, nn4mc_jet_t y, size_t n, const nn4mc_span_t *span)
{
    for_columns(copy, x, y, n, span);
}

/* 0 in `columns` columns. */
static void clear_columns(float y[], size_t n, size_t columns, size_t step)
{
    if (step == n) {
        clear(y, columns * n);
        return;
    }
    for (size_t c = 0; c < columns; ++c) {
        clear(y + c * step, n);
    }
}

void nn4mc_jet_start(const float value[], const float first[], nn4mc_jet_t y, size_t n, const nn4mc_span_t *span)
{
    copy(value, y.at, n);
    if (first && y.step == n) {
        copy(first, y.at + n, span->directions * n);
    } else if (first) {
        for (size_t c = 0; c < span->directions; ++c) {
            copy(first + c * n, y.at + (1 + c) * y.step, n);
        }
    } else {
        clear_columns(y.at + y.step, n, span->directions, y.step);
    }
    clear_columns(y.at + span->second * y.step, n, span->pairs, y.step);
}

void nn4mc_jet_constant(const float value[], nn4mc_jet_t y, size_t n, const nn4mc_span_t *span)
{
    nn4mc_jet_start(value, 0, y, n, span);
}

/* `positions` columns of x and y, by `count` columns of the matrix from `from` on. */
static void add_positions(const nn4mc_matrix_t *matrix, size_t from, size_t count, const float x[], size_t x_step,
                          nn4mc_jet_t y, size_t positions)
{
    nn4mc_columns_t columns;
    columns.columns = (uint32_t)count;
    columns.positions = (uint32_t)positions;
    columns.x_step = (uint32_t)x_step;
    columns.y_step = y.step;
    for (size_t i = 0; i < matrix->count; ++i) {
        const nn4mc_rows_of_t *const part = matrix->parts + i;
        columns.weights = part->weights + from * part->height;
        columns.blocks = part->blocks;
        columns.block_step = part->height * matrix->columns;
        part->kernel(&columns, x, y.at + part->first);
    }
}

void nn4mc_matrix_add(const nn4mc_matrix_t *matrix, size_t from, size_t count, const float x[], float y[])
{
    const nn4mc_jet_t value = {y, 0};
    if (count != 0) {
        add_positions(matrix, from, count, x, 0, value, 1);
    }
}

void nn4mc_jet_add_product(const nn4mc_matrix_t *matrix, size_t count, nn4mc_jet_t x, nn4mc_jet_t y,
                           const nn4mc_span_t *span)
{
    if (count == 0) {
        return;
    }
    add_positions(matrix, 0, count, x.at, x.step, y, 1 + span->directions);
    if (span->pairs != 0) {
        y.at += span->second * y.step;
        add_positions(matrix, 0, count, x.at + span->second * x.step, x.step, y, span->pairs);
    }
}

void nn4mc_jet_apply(const nn4mc_unary_t *function, nn4mc_jet_t y, size_t n, const nn4mc_span_t *span, float scratch[])
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
        for (size_t b = 1; b <= span->directions; ++b) {
            for (size_t a = 1; a <= b; ++a, second += y.step) {
                const float *const of_a = y.at + a * y.step;
                const float *const of_b = y.at + b * y.step;
                for (size_t i = 0; i < n; ++i) {
                    second[i] = slope[i] * second[i] + bend[i] * (of_a[i] * of_b[i]);
                }
            }
        }
    }
    copy(scratch, y.at, n);
    nn4mc_columns_scale(slope, y.at + y.step, n, span->directions, y.step);
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
