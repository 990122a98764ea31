/* A gated recurrent unit with integer products; gates and state are float32. The equations are those of nn4mc_gru.h. */
#ifndef NN4MC_Q_GRU_H
#define NN4MC_Q_GRU_H

#include "nn4mc_integer_rows.h"
#include "nn4mc_recurrent.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Rows in gate order r, z, n. */
typedef struct nn4mc_q_gru {
    nn4mc_integer_product_t weights;   /* [3 hidden][inputs] and bias */
    nn4mc_integer_product_t gates;     /* r, z of the hidden state: [2 hidden][hidden] */
    nn4mc_integer_product_t candidate; /* n of the hidden state: [hidden][hidden] and bias */
    const float *weight_scales;        /* [3 hidden] */
    const float *recurrent_scales;     /* [3 hidden] */
    float x_per_unit;                  /* steps */
    float x_limit;
    float h_per_unit;
    float h_limit;
    size_t inputs;
    size_t hidden;
    int reset_after; /* 1: the reset gate acts on the hidden product; 0: on the hidden state before it */
    nn4mc_activation_t activation;
    nn4mc_activation_t gate_activation;
} nn4mc_q_gru_t;

/*
 * y[time][batch][hidden] and last[batch][hidden] from x[time][batch][inputs] and h[batch][hidden].
 * y or last may be NULL, but not both; last may be h. Working memory: steps, the larger of inputs and hidden, and gates,
 * 3 hidden and 2 hidden words, each rounded up to four.
 */
void nn4mc_q_gru_window(const nn4mc_q_gru_t *gru, const nn4mc_window_t *window, const float x[], const float h[],
                        float y[], float last[], nn4mc_int16_t steps[], float gates[]);

#ifdef __cplusplus
}
#endif

#endif
