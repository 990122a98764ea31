#include "nn4mc_q_rnn.h"

#include "nn4mc_integer_steps.h"

void nn4mc_q_rnn_step(const nn4mc_q_rnn_t *rnn, const float x[], const float h[], float next[], float gates[])
{
    const size_t n = rnn->hidden;
    const size_t padded = (n + 3) / 4 * 4;
    nn4mc_int32_t *const weighted = (nn4mc_int32_t *)gates; /* sums become floats in their own place */
    nn4mc_int32_t *const sums = (nn4mc_int32_t *)(gates + padded);
    nn4mc_int16_t *const steps = (nn4mc_int16_t *)(gates + 2 * padded);

    nn4mc_to_steps(x, steps, rnn->inputs, rnn->x_per_unit, rnn->x_limit);
    nn4mc_multiply_integers(&rnn->weights, steps, weighted);
    nn4mc_sums_to_float(weighted, rnn->weight_scales, gates, n);
    nn4mc_to_steps(h, steps, n, rnn->h_per_unit, rnn->h_limit);
    nn4mc_multiply_integers(&rnn->recurrent, steps, sums);
    nn4mc_add_sums(sums, rnn->recurrent_scales, gates, n);
    rnn->activation(gates, next, n);
}
