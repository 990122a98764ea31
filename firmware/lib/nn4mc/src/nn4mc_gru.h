/* A gated recurrent unit, in torch's (reset_after) and the 2014 paper's convention. */
#ifndef NN4MC_GRU_H
#define NN4MC_GRU_H

#include <stddef.h>

#include "nn4mc_bits.h"
#include "nn4mc_recurrent.h"
#include "nn4mc_rows.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Rows in gate order r, z, n. */
typedef struct nn4mc_gru {
    nn4mc_product_t gates;       /* r and z of x and h */
    nn4mc_product_t candidate;   /* n of x */
    nn4mc_product_t hidden_part; /* n of h, with a bias of its own */
    size_t inputs;
    size_t hidden;
    int reset_after; /* 1: the reset gate acts on the hidden product; 0: on the hidden state before it */
    nn4mc_activation_t activation;
    nn4mc_activation_t gate_activation;
} nn4mc_gru_t;

/* next[hidden] from x[inputs] and h[hidden]; next may be h; gates is working memory, [4 hidden]. */
void nn4mc_gru_step(const nn4mc_gru_t *gru, const float x[], const float h[], float next[],
                    float *NN4MC_RESTRICT gates);

/*
 * y[time][batch][hidden] and last[batch][hidden] from x[time][batch][inputs] and h[batch][hidden].
 * y or last may be NULL, but not both; last may be h.
 */
void nn4mc_gru_window(const nn4mc_gru_t *gru, const nn4mc_window_t *window, const float x[], const float h[],
                      float y[], float last[], float *NN4MC_RESTRICT gates);

#ifdef __cplusplus
}
#endif

#endif
