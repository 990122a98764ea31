#include "nn4mc_rnn.h"

void nn4mc_rnn_step(const nn4mc_rnn_t *rnn, const float x[], const float h[], float next[], float sums[])
{
    const size_t n = rnn->hidden;
    const nn4mc_run_t both[2] = {{x, (uint32_t)rnn->inputs}, {h, (uint32_t)n}};
    nn4mc_multiply(&rnn->product, both, 2, sums);
    rnn->activation(sums, next, n);
}
