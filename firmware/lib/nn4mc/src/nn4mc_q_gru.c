#include "nn4mc_q_gru.h"

#include "nn4mc_bits.h"
#include "nn4mc_integer_steps.h"
#include "nn4mc_vector.h"

/* Working memory by parts: gates[3 n] and sums[2 n], rounded up to four, then steps. */
typedef struct parts {
    float *gates;
    float *candidate;
    float *hidden_part; /* where the sums stand, as floats */
    nn4mc_int16_t *steps;
} parts_t;

static parts_t parts_of(const nn4mc_q_gru_t *gru, float gates[])
{
    const size_t n = gru->hidden;
    parts_t parts;
    parts.gates = gates;
    parts.candidate = gates + 2 * n;
    parts.hidden_part = gates + (3 * n + 3) / 4 * 4;
    parts.steps = (nn4mc_int16_t *)(parts.hidden_part + (2 * n + 3) / 4 * 4);
    return parts;
}

/* r, z and the part of n that x makes; leaves h in steps. Sums become floats in their own place. */
static void open_gates(const nn4mc_q_gru_t *gru, const float x[], const float h[], const parts_t *parts)
{
    const size_t n = gru->hidden;
    nn4mc_int32_t *const weighted = (nn4mc_int32_t *)parts->gates;
    nn4mc_int32_t *const sums = (nn4mc_int32_t *)parts->hidden_part;
    nn4mc_to_steps(x, parts->steps, gru->inputs, gru->x_per_unit, gru->x_limit);
    nn4mc_multiply_integers(&gru->weights, parts->steps, weighted);
    nn4mc_sums_to_float(weighted, gru->weight_scales, parts->gates, 3 * n);
    nn4mc_to_steps(h, parts->steps, n, gru->h_per_unit, gru->h_limit);
    nn4mc_multiply_integers(&gru->gates, parts->steps, sums);
    nn4mc_add_sums(sums, gru->recurrent_scales, parts->gates, 2 * n);
    gru->gate_activation(parts->gates, parts->gates, 2 * n);
}

/* The part of n that the steps make. */
static void multiply_candidate(const nn4mc_q_gru_t *gru, const parts_t *parts)
{
    nn4mc_int32_t *const sums = (nn4mc_int32_t *)parts->hidden_part;
    const size_t n = gru->hidden;
    nn4mc_multiply_integers(&gru->candidate, parts->steps, sums);
    nn4mc_sums_to_float(sums, gru->recurrent_scales + 2 * n, parts->hidden_part, n);
}

void nn4mc_q_gru_step(const nn4mc_q_gru_t *gru, const float x[], const float h[], float next[], float gates[])
{
    const size_t n = gru->hidden;
    const parts_t parts = parts_of(gru, gates);
    open_gates(gru, x, h, &parts);
    multiply_candidate(gru, &parts);
    nn4mc_vector_add_product(gates, parts.hidden_part, parts.candidate, n);
    gru->activation(parts.candidate, parts.candidate, n);
    nn4mc_vector_blend(parts.candidate, h, next, n);
}

void nn4mc_q_gru_before_step(const nn4mc_q_gru_t *gru, const float x[], const float h[], float next[], float gates[])
{
    const size_t n = gru->hidden;
    const parts_t parts = parts_of(gru, gates);
    open_gates(gru, x, h, &parts);
    nn4mc_vector_product(gates, h, gates, n);
    nn4mc_to_steps(gates, parts.steps, n, gru->h_per_unit, gru->h_limit);
    multiply_candidate(gru, &parts);
    for (size_t i = 0; i < n; ++i) {
        parts.candidate[i] += parts.hidden_part[i];
    }
    gru->activation(parts.candidate, parts.candidate, n);
    nn4mc_vector_blend(parts.candidate, h, next, n);
}
