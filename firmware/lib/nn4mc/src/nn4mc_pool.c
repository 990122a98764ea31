#include "nn4mc_pool.h"

#include "nn4mc_bits.h"
#include "nn4mc_copy.h"

typedef void (*combine_t)(const float *NN4MC_RESTRICT x, float *NN4MC_RESTRICT y, size_t count);

static void keep_larger(const float *NN4MC_RESTRICT x, float *NN4MC_RESTRICT y, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] = nn4mc_larger(x[i], y[i]);
    }
}

static void add(const float *NN4MC_RESTRICT x, float *NN4MC_RESTRICT y, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] += x[i];
    }
}

static void divide(float y[], size_t count, size_t divisor)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] /= (float)divisor;
    }
}

/* y[channels] = all elements that the taps meet, row by row, combined. */
static void combine_taps(const nn4mc_pool_t *pool, const nn4mc_taps_t *rows, const nn4mc_taps_t *columns,
                         const float *image, float *y, combine_t combine)
{
    const size_t n = pool->channels;
    const size_t row_step = pool->rows.dilation * pool->columns.length * n;
    const size_t column_step = pool->columns.dilation * n;
    const size_t start = (rows->start * pool->columns.length + columns->start) * n;
    nn4mc_copy(image + start, y, n);
    for (size_t row = 0; row < rows->count; ++row) {
        for (size_t column = row ? 0 : 1; column < columns->count; ++column) {
            combine(image + start + row * row_step + column * column_step, y, n);
        }
    }
}

/* All positions; the average is the sum divided at its end. */
static void slide(const nn4mc_pool_t *pool, const float *x, float *y, combine_t combine, int is_average)
{
    const size_t image = pool->rows.length * pool->columns.length * pool->channels;
    const size_t kernel = pool->rows.kernel * pool->columns.kernel;
    for (size_t sample = 0; sample < pool->batch; ++sample) {
        for (size_t row = 0; row < pool->rows.outputs; ++row) {
            const nn4mc_taps_t rows = nn4mc_taps_at(&pool->rows, row);
            for (size_t column = 0; column < pool->columns.outputs; ++column) {
                const nn4mc_taps_t columns = nn4mc_taps_at(&pool->columns, column);
                combine_taps(pool, &rows, &columns, x + sample * image, y, combine);
                if (is_average) {
                    divide(y, pool->channels, pool->counts_padding ? kernel : rows.count * columns.count);
                }
                y += pool->channels;
            }
        }
    }
}

void nn4mc_pool_max(const nn4mc_pool_t *pool, const float *NN4MC_RESTRICT x, float *NN4MC_RESTRICT y)
{
    slide(pool, x, y, keep_larger, 0);
}

void nn4mc_pool_average(const nn4mc_pool_t *pool, const float *NN4MC_RESTRICT x, float *NN4MC_RESTRICT y)
{
    slide(pool, x, y, add, 1);
}
