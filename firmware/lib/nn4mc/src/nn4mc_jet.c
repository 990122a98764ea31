#include "nn4mc_jet.h"

#include "nn4mc_copy.h"
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

static void copy(const float x[], float y[], size_t n)
{
    nn4mc_copy(x, y, n);
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

void nn4mc_jet_constant(const float value[], nn4mc_jet_t y, size_t n, const nn4mc_span_t *span)
{
    nn4mc_copy(value, y.at, n);
    for (size_t c = 1; c <= span->directions; ++c) {
        nn4mc_zero(y.at + c * y.step, n);
    }
    for (size_t c = span->second; c < span->second + span->pairs; ++c) {
        nn4mc_zero(y.at + c * y.step, n);
    }
}

/* `positions` columns of x and y, by the columns of the matrix from `from` on. */
static void add_positions(const nn4mc_matrix_t *matrix, size_t from, size_t count, nn4mc_jet_t x, nn4mc_jet_t y,
                          size_t positions)
{
    for (size_t i = 0; i < matrix->count; ++i) {
        const nn4mc_rows_of_t *const part = matrix->parts + i;
        nn4mc_columns_t columns;
        columns.weights = part->weights + from * part->height;
        columns.blocks = part->blocks;
        columns.block_step = part->height * matrix->columns;
        columns.columns = (uint32_t)count;
        columns.positions = (uint32_t)positions;
        columns.x_step = x.step;
        columns.y_step = y.step;
        part->kernel(&columns, x.at, y.at + part->first);
    }
}

void nn4mc_matrix_add(const nn4mc_matrix_t *matrix, size_t from, size_t count, const float x[], float y[])
{
    for (size_t i = 0; i < matrix->count && count != 0; ++i) {
        const nn4mc_rows_of_t *const part = matrix->parts + i;
        nn4mc_columns_t columns;
        columns.weights = part->weights + from * part->height;
        columns.blocks = part->blocks;
        columns.block_step = part->height * matrix->columns;
        columns.columns = (uint32_t)count;
        columns.positions = 1;
        columns.x_step = 0;
        columns.y_step = 0;
        part->kernel(&columns, x, y + part->first);
    }
}

void nn4mc_jet_add_product(const nn4mc_matrix_t *matrix, size_t count, nn4mc_jet_t x, nn4mc_jet_t y,
                           const nn4mc_span_t *span)
{
    if (count == 0) {
        return;
    }
    add_positions(matrix, 0, count, x, y, 1 + span->directions);
    if (span->pairs != 0) {
        x.at += span->second * x.step;
        y.at += span->second * y.step;
        add_positions(matrix, 0, count, x, y, span->pairs);
    }
}

void nn4mc_matrix_pick(const nn4mc_matrix_t *matrix, size_t column, float y[])
{
    for (size_t i = 0; i < matrix->count; ++i) {
        const nn4mc_rows_of_t *const part = matrix->parts + i;
        const float *w = part->weights + column * part->height;
        for (size_t block = 0; block < part->blocks; ++block) {
            nn4mc_words_add(w, y + part->first + block * part->height, part->height);
            w += part->height * matrix->columns;
        }
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
    nn4mc_copy(scratch, y.at, n);
    for (size_t c = 1; c <= span->directions; ++c) {
        nn4mc_vector_product(y.at + c * y.step, slope, y.at + c * y.step, n);
    }
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
