#include "nn4mc_gru.h"

#include "nn4mc_bits.h"
#include "nn4mc_vector.h"

/* r, z and the part of n that x makes; the part that h makes comes behind them. */
static NN4MC_INLINE void open_gates(const nn4mc_gru_t *gru, const float x[], const float h[], float gates[])
{
    const size_t n = gru->hidden;
    const nn4mc_run_t both[2] = {{x, (uint32_t)gru->inputs}, {h, (uint32_t)n}};
    nn4mc_multiply(&gru->gates, both, 2, gates);
    nn4mc_multiply(&gru->candidate, both, 1, gates + 2 * n);
    gru->gate_activation(gates, gates, 2 * n);
}

void nn4mc_gru_step(const nn4mc_gru_t *gru, const float x[], const float h[], float next[], float gates[])
{
    const size_t n = gru->hidden;
    const nn4mc_run_t before = {h, (uint32_t)n};
    float *const candidate = gates + 2 * n;
    float *const hidden_part = gates + 3 * n;
    open_gates(gru, x, h, gates);
    nn4mc_multiply(&gru->hidden_part, &before, 1, hidden_part);
    nn4mc_vector_add_product(gates, hidden_part, candidate, n);
    gru->activation(candidate, candidate, n);
    nn4mc_vector_blend(candidate, h, next, n);
}

void nn4mc_gru_before_step(const nn4mc_gru_t *gru, const float x[], const float h[], float next[], float gates[])
{
    const size_t n = gru->hidden;
    const nn4mc_run_t reset = {gates, (uint32_t)n};
    float *const candidate = gates + 2 * n;
    float *const hidden_part = gates + 3 * n;
    open_gates(gru, x, h, gates);
    nn4mc_vector_product(gates, h, gates, n);
    nn4mc_multiply(&gru->hidden_part, &reset, 1, hidden_part);
    for (size_t i = 0; i < n; ++i) {
        candidate[i] += hidden_part[i];
    }
    gru->activation(candidate, candidate, n);
    nn4mc_vector_blend(candidate, h, next, n);
}
