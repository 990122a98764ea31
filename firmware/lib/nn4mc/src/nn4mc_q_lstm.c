#include "nn4mc_q_lstm.h"

#include "nn4mc_integer_steps.h"
#include "nn4mc_copy.h"

/* next_h and next_c[hidden] from x[inputs], h and c[hidden]; they may be the same. */
static void step(const nn4mc_q_lstm_t *lstm, const float x[], const float h[], const float c[], float next_h[],
                 float next_c[], nn4mc_int16_t steps[], float gates[])
{
    const size_t n = lstm->hidden;
    float *const f = gates + n;
    float *const g = gates + 2 * n;
    float *const o = gates + 3 * n;
    nn4mc_int32_t *const sums = (nn4mc_int32_t *)(gates + 4 * n);

    nn4mc_to_steps(x, steps, lstm->inputs, lstm->x_per_unit, lstm->x_limit);
    nn4mc_multiply_integers(&lstm->weights, steps, (nn4mc_int32_t *)gates);
    nn4mc_sums_to_float((nn4mc_int32_t *)gates, lstm->weight_scales, gates, 4 * n);
    nn4mc_to_steps(h, steps, n, lstm->h_per_unit, lstm->h_limit);
    nn4mc_multiply_integers(&lstm->recurrent, steps, sums);
    nn4mc_add_sums(sums, lstm->recurrent_scales, gates, 4 * n);
    lstm->gate_activation(gates, gates, 2 * n); /* f stands behind i */
    lstm->activation(g, g, n);
    lstm->gate_activation(o, o, n);

    for (size_t k = 0; k < n; ++k) {
        next_c[k] = f[k] * c[k] + gates[k] * g[k];
    }
    lstm->activation(next_c, g, n);
    for (size_t k = 0; k < n; ++k) {
        next_h[k] = o[k] * g[k];
    }
}

void nn4mc_q_lstm_window(const nn4mc_q_lstm_t *lstm, const nn4mc_window_t *window, const float x[], const float h[],
                         const float c[], float y[], float last_h[], float last_c[], nn4mc_int16_t steps[],
                         float gates[])
{
    const size_t n = lstm->hidden;
    for (size_t sequence = 0; sequence < window->batch; ++sequence) {
        float *const cell = last_c + sequence * n;
        const float *state = h + sequence * n;
        const float *memory = c + sequence * n;
        for (size_t i = 0; i < window->time; ++i) {
            const size_t row = nn4mc_window_row(window, i, sequence);
            float *const next = y ? y + row * n : last_h + sequence * n;
            step(lstm, x + row * lstm->inputs, state, memory, next, cell, steps, gates);
            state = next;
            memory = cell;
        }
        if (y && last_h) {
            nn4mc_copy(state, last_h + sequence * n, n);
        }
    }
}
