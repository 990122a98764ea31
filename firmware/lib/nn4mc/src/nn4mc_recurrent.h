/* What recurrent layers share: activations as functions on arrays. */
#ifndef NN4MC_RECURRENT_H
#define NN4MC_RECURRENT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* y[i] = f(x[i]) for i < count; x and y may be the same array. */
typedef void (*nn4mc_activation_t)(const float x[], float y[], size_t count);

#ifdef __cplusplus
}
#endif

#endif
