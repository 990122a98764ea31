#include "nn4mc_q_gru.h"

#include "nn4mc_integer_steps.h"
#include "nn4mc_copy.h"

/* next[hidden] from x[inputs] and h[hidden]; next may be h. Sums become floats in their own place. */
static void step(const nn4mc_q_gru_t *gru, const float x[], const float h[], float next[], nn4mc_int16_t steps[],
                 float gates[])
{
    const size_t n = gru->hidden;
    float *const z = gates + n;
    float *const candidate = gates + 2 * n;
    float *const hidden_part = gates + (3 * n + 3) / 4 * 4;
    nn4mc_int32_t *const sums = (nn4mc_int32_t *)hidden_part;

    nn4mc_to_steps(x, steps, gru->inputs, gru->x_per_unit, gru->x_limit);
    nn4mc_multiply_integers(&gru->weights, steps, (nn4mc_int32_t *)gates);
    nn4mc_sums_to_float((nn4mc_int32_t *)gates, gru->weight_scales, gates, 3 * n);
    nn4mc_to_steps(h, steps, n, gru->h_per_unit, gru->h_limit);
    nn4mc_multiply_integers(&gru->gates, steps, sums);
    nn4mc_add_sums(sums, gru->recurrent_scales, gates, 2 * n);
    gru->gate_activation(gates, gates, 2 * n);

    if (!gru->reset_after) {
        for (size_t i = 0; i < n; ++i) {
            hidden_part[i] = gates[i] * h[i];
        }
        nn4mc_to_steps(hidden_part, steps, n, gru->h_per_unit, gru->h_limit);
    }
    nn4mc_multiply_integers(&gru->candidate, steps, sums);
    nn4mc_sums_to_float(sums, gru->recurrent_scales + 2 * n, hidden_part, n);
    for (size_t i = 0; i < n; ++i) {
        candidate[i] += gru->reset_after ? hidden_part[i] * gates[i] : hidden_part[i];
    }
    gru->activation(candidate, candidate, n);
    for (size_t i = 0; i < n; ++i) {
        next[i] = (1.0f - z[i]) * candidate[i] + z[i] * h[i];
    }
}

void nn4mc_q_gru_window(const nn4mc_q_gru_t *gru, const nn4mc_window_t *window, const float x[], const float h[],
                        float y[], float last[], nn4mc_int16_t steps[], float gates[])
{
    const size_t n = gru->hidden;
    for (size_t sequence = 0; sequence < window->batch; ++sequence) {
        const float *state = h + sequence * n;
        for (size_t i = 0; i < window->time; ++i) {
            const size_t row = nn4mc_window_row(window, i, sequence);
            float *const next = y ? y + row * n : last + sequence * n;
            step(gru, x + row * gru->inputs, state, next, steps, gates);
            state = next;
        }
        if (y && last) {
            nn4mc_copy(state, last + sequence * n, n);
        }
    }
}
