#include "nn4mc_lstm.h"

#include "nn4mc_vector.h"

void nn4mc_lstm_step(const nn4mc_lstm_t *lstm, const float x[], const float h[], const float c[], float next_h[],
                     float next_c[], float gates[])
{
    const size_t n = lstm->hidden;
    const nn4mc_run_t both[2] = {{x, (uint32_t)lstm->inputs}, {h, (uint32_t)n}};
    float *const o = gates + 2 * n;
    float *const g = gates + 3 * n;
    nn4mc_multiply(&lstm->gates, both, 2, gates);
    lstm->gate_activation(gates, gates, 3 * n);
    lstm->activation(g, g, n);
    nn4mc_vector_cell(gates, c, next_c, n);
    lstm->activation(next_c, g, n);
    nn4mc_vector_product(o, g, next_h, n);
}
