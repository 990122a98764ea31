/* A gated recurrent unit, in torch's and in the 2014 paper's convention. */
#ifndef NN4MC_GRU_H
#define NN4MC_GRU_H

#include <stddef.h>

#include "nn4mc_recurrent.h"
#include "nn4mc_rows.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct nn4mc_gru {
    nn4mc_product_t gates;       /* r and z of x and h */
    nn4mc_product_t candidate;   /* n of x */
    nn4mc_product_t hidden_part; /* n of h, with a bias of its own */
    size_t inputs;
    size_t hidden;
    nn4mc_activation_t activation;
    nn4mc_activation_t gate_activation;
} nn4mc_gru_t;

/*
 * next[hidden] from x[inputs] and h[hidden]; next may be h; gates is working memory, [4 hidden]. The reset gate acts on
 * the hidden product (torch), or on the hidden state before it (`before`, the paper).
 */
void nn4mc_gru_step(const nn4mc_gru_t *gru, const float x[], const float h[], float next[], float gates[]);
void nn4mc_gru_before_step(const nn4mc_gru_t *gru, const float x[], const float h[], float next[], float gates[]);

#ifdef __cplusplus
}
#endif

#endif
