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
 * next[hidden] from x[inputs] and h[hidden]; next may be h. gates is working memory: twice hidden words, each rounded up
 * to four, then half as many words as the larger of inputs and hidden, rounded up likewise.
 */
void nn4mc_q_rnn_step(const nn4mc_q_rnn_t *rnn, const float x[], const float h[], float next[], float gates[]);

#ifdef __cplusplus
}
#endif

#endif
