#include "nn4mc_q_lstm.h"

#include "nn4mc_integer_steps.h"
#include "nn4mc_vector.h"

void nn4mc_q_lstm_step(const nn4mc_q_lstm_t *lstm, const float x[], const float h[], const float c[], float next_h[],
                       float next_c[], float gates[])
{
    const size_t n = lstm->hidden;
    float *const o = gates + 2 * n;
    float *const g = gates + 3 * n;
    nn4mc_int32_t *const weighted = (nn4mc_int32_t *)gates; /* sums become floats in their own place */
    nn4mc_int32_t *const sums = (nn4mc_int32_t *)(gates + 4 * n);
    nn4mc_int16_t *const steps = (nn4mc_int16_t *)(gates + 8 * n);

    nn4mc_to_steps(x, steps, lstm->inputs, lstm->x_per_unit, lstm->x_limit);
    nn4mc_multiply_integers(&lstm->weights, steps, weighted);
    nn4mc_sums_to_float(weighted, lstm->weight_scales, gates, 4 * n);
    nn4mc_to_steps(h, steps, n, lstm->h_per_unit, lstm->h_limit);
    nn4mc_multiply_integers(&lstm->recurrent, steps, sums);
    nn4mc_add_sums(sums, lstm->recurrent_scales, gates, 4 * n);
    lstm->gate_activation(gates, gates, 3 * n);
    lstm->activation(g, g, n);
    nn4mc_vector_cell(gates, c, next_c, n);
    lstm->activation(next_c, g, n);
    nn4mc_vector_product(o, g, next_h, n);
}
