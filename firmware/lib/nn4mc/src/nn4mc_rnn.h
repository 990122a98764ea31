/* Elman's recurrent layer. */
#ifndef NN4MC_RNN_H
#define NN4MC_RNN_H

#include <stddef.h>

#include "nn4mc_recurrent.h"
#include "nn4mc_rows.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct nn4mc_rnn {
    nn4mc_product_t product; /* of x and h */
    size_t inputs;
    size_t hidden;
    nn4mc_activation_t activation;
} nn4mc_rnn_t;

/* next[hidden] from x[inputs] and h[hidden]; next may be h; sums is working memory, [hidden]. */
void nn4mc_rnn_step(const nn4mc_rnn_t *rnn, const float x[], const float h[], float next[], float sums[]);

#ifdef __cplusplus
}
#endif

#endif
