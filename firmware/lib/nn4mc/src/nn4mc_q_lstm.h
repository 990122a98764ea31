/* Long short-term memory with integer products; gates and states are float32. The equations: nn4mc_lstm.h. */
#ifndef NN4MC_Q_LSTM_H
#define NN4MC_Q_LSTM_H

#include "nn4mc_integer_rows.h"
#include "nn4mc_recurrent.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Rows in gate order i, f, o, g. */
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
 * next_h and next_c[hidden] from x[inputs], h and c[hidden]; they may be the same. gates is working memory: twice
 * 4 hidden words, then half as many words as the larger of inputs and hidden, rounded up to four.
 */
void nn4mc_q_lstm_step(const nn4mc_q_lstm_t *lstm, const float x[], const float h[], const float c[], float next_h[],
                       float next_c[], float gates[]);

#ifdef __cplusplus
}
#endif

#endif
