/* What recurrent layers share: a window of time, and activations as functions on arrays. */
#ifndef NN4MC_RECURRENT_H
#define NN4MC_RECURRENT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* y[i] = f(x[i]) for i < count; x and y may be the same array. */
typedef void (*nn4mc_activation_t)(const float x[], float y[], size_t count);

/* A walk through x[time][batch][inputs], from the end to the start if `reverse`. */
typedef struct nn4mc_window {
    size_t time;
    size_t batch;
    int reverse;
} nn4mc_window_t;

/* The row of step `step` of sequence `sequence`, in arrays [time][batch][...]. */
static inline size_t nn4mc_window_row(const nn4mc_window_t *window, size_t step, size_t sequence)
{
    const size_t time = window->reverse ? window->time - 1 - step : step;
    return time * window->batch + sequence;
}

#ifdef __cplusplus
}
#endif

#endif
