#include "nn4mc_gru.h"

#include "nn4mc_copy.h"

void nn4mc_gru_step(const nn4mc_gru_t *gru, const float x[], const float h[], float next[],
                    float *NN4MC_RESTRICT gates)
{
    const size_t n = gru->hidden;
    const nn4mc_run_t both[2] = {{x, (uint32_t)gru->inputs, 0}, {h, (uint32_t)n, 0}};
    float *const r = gates;
    float *const z = gates + n;
    float *const candidate = gates + 2 * n;
    float *const hidden_part = gates + 3 * n;

    nn4mc_multiply(&gru->gates, both, 2, gates);
    nn4mc_multiply(&gru->candidate, both, 1, candidate);
    gru->gate_activation(gates, gates, 2 * n);

    if (gru->reset_after) {
        nn4mc_multiply(&gru->hidden_part, both + 1, 1, hidden_part);
        for (size_t i = 0; i < n; ++i) {
            candidate[i] += hidden_part[i] * r[i];
        }
    } else {
        const nn4mc_run_t reset = {r, (uint32_t)n, 0};
        for (size_t i = 0; i < n; ++i) {
            r[i] *= h[i];
        }
        nn4mc_multiply(&gru->hidden_part, &reset, 1, hidden_part);
        for (size_t i = 0; i < n; ++i) {
            candidate[i] += hidden_part[i];
        }
    }
    gru->activation(candidate, candidate, n);
    for (size_t i = 0; i < n; ++i) {
        next[i] = (1.0f - z[i]) * candidate[i] + z[i] * h[i];
    }
}

void nn4mc_gru_window(const nn4mc_gru_t *gru, const nn4mc_window_t *window, const float x[], const float h[],
                      float y[], float last[], float *NN4MC_RESTRICT gates)
{
    const size_t n = gru->hidden;
    for (size_t sequence = 0; sequence < window->batch; ++sequence) {
        const float *state = h + sequence * n;
        for (size_t step = 0; step < window->time; ++step) {
            const size_t row = nn4mc_window_row(window, step, sequence);
            float *const next = y ? y + row * n : last + sequence * n;
            nn4mc_gru_step(gru, x + row * gru->inputs, state, next, gates);
            state = next;
        }
        if (y && last) {
            nn4mc_copy(state, last + sequence * n, n);
        }
    }
}
