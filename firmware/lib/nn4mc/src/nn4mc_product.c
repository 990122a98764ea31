#include "nn4mc_product.h"

#include "nn4mc_config.h"

#if NN4MC_BLOCK_ROWS == 4
/* Four rows side by side: one load of x serves four products, and no sum waits for the one before it. */
static void accumulate_four(const float *NN4MC_RESTRICT w, const float *NN4MC_RESTRICT x, float *NN4MC_RESTRICT y,
                            size_t columns)
{
    const float *const w1 = w + columns;
    const float *const w2 = w1 + columns;
    const float *const w3 = w2 + columns;
    float y0 = y[0];
    float y1 = y[1];
    float y2 = y[2];
    float y3 = y[3];
    for (size_t i = 0; i < columns; ++i) {
        const float value = x[i];
        y0 += w[i] * value;
        y1 += w1[i] * value;
        y2 += w2[i] * value;
        y3 += w3[i] * value;
    }
    y[0] = y0;
    y[1] = y1;
    y[2] = y2;
    y[3] = y3;
}
#elif NN4MC_BLOCK_ROWS != 1
#error "NN4MC_BLOCK_ROWS must be 1 or 4"
#endif

void nn4mc_accumulate(const float *NN4MC_RESTRICT w, const float *NN4MC_RESTRICT x, float *NN4MC_RESTRICT y,
                      size_t rows, size_t columns)
{
    size_t row = 0;
#if NN4MC_BLOCK_ROWS == 4
    for (; row + 4 <= rows; row += 4) {
        accumulate_four(w + row * columns, x, y + row, columns);
    }
#endif
    for (; row < rows; ++row) {
        const float *const weights = w + row * columns;
        float sum = y[row];
        for (size_t i = 0; i < columns; ++i) {
            sum += weights[i] * x[i];
        }
        y[row] = sum;
    }
}

void nn4mc_dense(const float *NN4MC_RESTRICT w, const float *NN4MC_RESTRICT b, const float *NN4MC_RESTRICT x,
                 float *NN4MC_RESTRICT y, size_t rows, size_t columns)
{
    nn4mc_copy(b, y, rows);
    nn4mc_accumulate(w, x, y, rows, columns);
}

NN4MC_KEEP_LOOP void nn4mc_copy(const float *NN4MC_RESTRICT from, float *NN4MC_RESTRICT to, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        to[i] = from[i];
    }
}

NN4MC_KEEP_LOOP void nn4mc_copy_int8(const int8_t *NN4MC_RESTRICT from, int8_t *NN4MC_RESTRICT to, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        to[i] = from[i];
    }
}

NN4MC_KEEP_LOOP void nn4mc_zero(float to[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        to[i] = 0.0f;
    }
}
