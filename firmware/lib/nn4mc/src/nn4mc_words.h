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

/* y[i + position step] *= factors[i] for i < n and all positions; a step of n at least. */
void nn4mc_words_scale(const float factors[], float y[], size_t n, size_t positions, size_t step);

#ifdef __cplusplus
}
#endif

#endif
