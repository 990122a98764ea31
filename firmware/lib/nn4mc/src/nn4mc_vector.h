/* What recurrent layers do element by element; y may be any of the other arrays. Each product is rounded. */
#ifndef NN4MC_VECTOR_H
#define NN4MC_VECTOR_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* y = a b */
void nn4mc_vector_product(const float a[], const float b[], float y[], size_t count);

/* y += a b */
void nn4mc_vector_add_product(const float a[], const float b[], float y[], size_t count);

/* y = (1 - z) a + z b, with z in a[-count..0): a gated unit's z and n stand one behind the other. */
void nn4mc_vector_blend(const float a[], const float b[], float y[], size_t count);

/* y = f c + i g, with i, f, o, g one behind the other in gates[4 count]. */
void nn4mc_vector_cell(const float gates[], const float c[], float y[], size_t count);

#ifdef __cplusplus
}
#endif

#endif
