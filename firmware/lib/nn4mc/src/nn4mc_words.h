/* What predictions do to words in bulk; each function is a loop that calls nothing. */
#ifndef NN4MC_WORDS_H
#define NN4MC_WORDS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* y = x */
void nn4mc_words_copy(const float x[], float y[], size_t n);

/* y += x */
void nn4mc_words_add(const float x[], float y[], size_t n);

/* y -= x */
void nn4mc_words_subtract(const float x[], float y[], size_t n);

/* y = 0 */
void nn4mc_words_clear(float y[], size_t n);

/* y[i + position y_step] = factors[i] x[i + position x_step] for i < n and all positions; x may be y. */
void nn4mc_words_scale(const float factors[], const float x[], size_t x_step, float y[], size_t n, size_t positions,
                       size_t y_step);

/* y[i] = start[i] + sum over columns of table[i + column n] coefficients[column], in their order; start may be y. */
void nn4mc_words_combine(const float start[], const float table[], const float coefficients[], size_t columns,
                         float y[], size_t n);

#ifdef __cplusplus
}
#endif

#endif
