#include "nn4mc_lstm.h"

#include "nn4mc_copy.h"

void nn4mc_lstm_step(const nn4mc_lstm_t *lstm, const float x[], const float h[], const float c[], float next_h[],
                     float next_c[], float *NN4MC_RESTRICT gates)
{
    const size_t n = lstm->hidden;
    const nn4mc_run_t both[2] = {{x, (uint32_t)lstm->inputs, 0}, {h, (uint32_t)n, 0}};
    float *const i = gates;
    float *const f = gates + n;
    float *const o = gates + 2 * n;
    float *const g = gates + 3 * n;

    nn4mc_multiply(&lstm->gates, both, 2, gates);
    lstm->gate_activation(gates, gates, 3 * n);
    lstm->activation(g, g, n);

    for (size_t k = 0; k < n; ++k) {
        next_c[k] = f[k] * c[k] + i[k] * g[k];
    }
    lstm->activation(next_c, g, n);
    for (size_t k = 0; k < n; ++k) {
        next_h[k] = o[k] * g[k];
    }
}

void nn4mc_lstm_window(const nn4mc_lstm_t *lstm, const nn4mc_window_t *window, const float x[], const float h[],
                       const float c[], float y[], float last_h[], float last_c[], float *NN4MC_RESTRICT gates)
{
    const size_t n = lstm->hidden;
    for (size_t sequence = 0; sequence < window->batch; ++sequence) {
        float *const cell = last_c + sequence * n;
        const float *state = h + sequence * n;
        const float *memory = c + sequence * n;
        for (size_t step = 0; step < window->time; ++step) {
            const size_t row = nn4mc_window_row(window, step, sequence);
            float *const next = y ? y + row * n : last_h + sequence * n;
            nn4mc_lstm_step(lstm, x + row * lstm->inputs, state, memory, next, cell, gates);
            state = next;
            memory = cell;
        }
        if (y && last_h) {
            nn4mc_copy(state, last_h + sequence * n, n);
        }
    }
}
