/* Long short-term memory with integer products; gates and states are float32. The equations: nn4mc_lstm.h. */
#ifndef NN4MC_Q_LSTM_H
#define NN4MC_Q_LSTM_H

#include "nn4mc_integer_rows.h"
#include "nn4mc_recurrent.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Rows in gate order i, f, g, o. */
typedef struct nn4mc_q_lstm {
    nn4mc_integer_product_t weights;   /* [4 hidden][inputs] and bias */
    nn4mc_integer_product_t recurrent; /* [4 hidden][hidden] */
    const float *weight_scales;        /* [4 hidden] */
    const float *recurrent_scales;     /* [4 hidden] */
    float x_per_unit;                  /* steps */
    float x_limit;
    float h_per_unit;
    float h_limit;
    size_t inputs;
    size_t hidden;
    nn4mc_activation_t activation;
    nn4mc_activation_t gate_activation;
} nn4mc_q_lstm_t;

/*
 * y[time][batch][hidden], last_h and last_c[batch][hidden] from x[time][batch][inputs], h and c[batch][hidden].
 * y or last_h may be NULL, but not both; last_h may be h, last_c may be c. Working memory: steps, the larger of inputs
 * and hidden, and gates, twice 4 hidden words, each rounded up to four.
 */
void nn4mc_q_lstm_window(const nn4mc_q_lstm_t *lstm, const nn4mc_window_t *window, const float x[], const float h[],
                         const float c[], float y[], float last_h[], float last_c[], nn4mc_int16_t steps[],
                         float gates[]);

#ifdef __cplusplus
}
#endif

#endif
