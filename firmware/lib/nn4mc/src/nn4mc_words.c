/* The portable loops of nn4mc_words.h; nn4mc_words_m4f.S stands in for them on a Cortex-M4F. */
#include "nn4mc_words.h"

#include "nn4mc_bits.h"
#include "nn4mc_config.h"

#ifndef NN4MC_CORTEX_M4F

NN4MC_KEEP_LOOP void nn4mc_words_copy(const float x[], float y[], size_t n)
{
    for (size_t i = 0; i < n; ++i) {
        y[i] = x[i];
    }
}

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

NN4MC_KEEP_LOOP void nn4mc_words_clear(float y[], size_t n)
{
    for (size_t i = 0; i < n; ++i) {
        y[i] = 0.0f;
    }
}

void nn4mc_words_scale(const float factors[], const float x[], size_t x_step, float y[], size_t n, size_t positions,
                       size_t y_step)
{
    for (size_t at = 0; at < positions; ++at) {
        for (size_t i = 0; i < n; ++i) {
            y[at * y_step + i] = x[at * x_step + i] * factors[i];
        }
    }
}

void nn4mc_words_combine(const float start[], const float table[], const float coefficients[], size_t columns,
                         float y[], size_t n)
{
    for (size_t i = 0; i < n; ++i) {
        float sum = start[i];
        for (size_t column = 0; column < columns; ++column) {
            sum += table[column * n + i] * coefficients[column];
        }
        y[i] = sum;
    }
}

#endif
