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
    nn4mc_activation_t activation;
    nn4mc_activation_t gate_activation;
} nn4mc_q_gru_t;

/*
 * next[hidden] from x[inputs] and h[hidden]; next may be h. The reset gate acts on the hidden product (torch), or on the
 * hidden state before it (`before`, the paper). gates is working memory: 3 hidden and 2 hidden words, each rounded up to
 * four, then half as many words as the larger of inputs and hidden, rounded up likewise.
 */
void nn4mc_q_gru_step(const nn4mc_q_gru_t *gru, const float x[], const float h[], float next[], float gates[]);
void nn4mc_q_gru_before_step(const nn4mc_q_gru_t *gru, const float x[], const float h[], float next[], float gates[]);

#ifdef __cplusplus
}
#endif

#endif
