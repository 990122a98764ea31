#include "nn4mc_gru.h"

#include "nn4mc_product.h"

void nn4mc_gru_step(const nn4mc_gru_t *gru, const float x[], const float h[], float next[],
                    float *NN4MC_RESTRICT gates)
{
    const size_t n = gru->hidden;
    const float *const recurrent_n = gru->recurrent + 2 * n * n;
    float *const r = gates;
    float *const z = gates + n;
    float *const candidate = gates + 2 * n;
    float *const hidden_part = gates + 3 * n;

    nn4mc_copy(gru->bias, gates, 4 * n);
    nn4mc_accumulate(gru->weights, x, gates, 3 * n, gru->inputs);
    nn4mc_accumulate(gru->recurrent, h, gates, 2 * n, n);
    gru->gate_activation(gates, gates, 2 * n);

    if (gru->reset_after) {
        nn4mc_accumulate(recurrent_n, h, hidden_part, n, n);
        for (size_t i = 0; i < n; ++i) {
            candidate[i] += hidden_part[i] * r[i];
        }
    } else {
        for (size_t i = 0; i < n; ++i) {
            r[i] *= h[i];
        }
        nn4mc_accumulate(recurrent_n, r, hidden_part, n, n);
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
