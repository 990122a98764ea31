/* Long short-term memory without peepholes. */
#ifndef NN4MC_LSTM_H
#define NN4MC_LSTM_H

#include <stddef.h>

#include "nn4mc_recurrent.h"
#include "nn4mc_rows.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct nn4mc_lstm {
    nn4mc_product_t gates; /* i, f, o and g, of x and h */
    size_t inputs;
    size_t hidden;
    nn4mc_activation_t activation;
    nn4mc_activation_t gate_activation;
} nn4mc_lstm_t;

/*
 * next_h[hidden] and next_c[hidden] from x[inputs], h[hidden] and c[hidden]; next_h may be h and next_c may be c.
 * gates is working memory, [4 hidden].
 */
void nn4mc_lstm_step(const nn4mc_lstm_t *lstm, const float x[], const float h[], const float c[], float next_h[],
                     float next_c[], float gates[]);

#ifdef __cplusplus
}
#endif

#endif
