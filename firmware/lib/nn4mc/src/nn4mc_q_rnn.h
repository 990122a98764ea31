/* Elman's recurrent layer with integer products; the state is float32. The equation is that of nn4mc_rnn.h. */
#ifndef NN4MC_Q_RNN_H
#define NN4MC_Q_RNN_H

#include "nn4mc_integer_rows.h"
#include "nn4mc_recurrent.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct nn4mc_q_rnn {
    nn4mc_integer_product_t weights;   /* [hidden][inputs] and bias */
    nn4mc_integer_product_t recurrent; /* [hidden][hidden] */
    const float *weight_scales;        /* [hidden] */
    const float *recurrent_scales;     /* [hidden] */
    float x_per_unit;                  /* steps */
    float x_limit;
    float h_per_unit;
    float h_limit;
    size_t inputs;
    size_t hidden;
    nn4mc_activation_t activation;
} nn4mc_q_rnn_t;

/*
 * y[time][batch][hidden] and last[batch][hidden] from x[time][batch][inputs] and h[batch][hidden].
 * y or last may be NULL, but not both; last may be h. Working memory: steps, the larger of inputs and hidden, and gates,
 * twice hidden words, each rounded up to four.
 */
void nn4mc_q_rnn_window(const nn4mc_q_rnn_t *rnn, const nn4mc_window_t *window, const float x[], const float h[],
                        float y[], float last[], nn4mc_int16_t steps[], float gates[]);

#ifdef __cplusplus
}
#endif

#endif
