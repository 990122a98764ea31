#include "nn4mc_rnn.h"

#include "nn4mc_copy.h"

void nn4mc_rnn_step(const nn4mc_rnn_t *rnn, const float x[], const float h[], float next[],
                    float *NN4MC_RESTRICT sums)
{
    const size_t n = rnn->hidden;
    const nn4mc_run_t both[2] = {{x, (uint32_t)rnn->inputs, 0}, {h, (uint32_t)n, 0}};
    nn4mc_multiply(&rnn->product, both, 2, sums);
    rnn->activation(sums, next, n);
}

void nn4mc_rnn_window(const nn4mc_rnn_t *rnn, const nn4mc_window_t *window, const float x[], const float h[],
                      float y[], float last[], float *NN4MC_RESTRICT sums)
{
    const size_t n = rnn->hidden;
    for (size_t sequence = 0; sequence < window->batch; ++sequence) {
        const float *state = h + sequence * n;
        for (size_t step = 0; step < window->time; ++step) {
            const size_t row = nn4mc_window_row(window, step, sequence);
            float *const next = y ? y + row * n : last + sequence * n;
            nn4mc_rnn_step(rnn, x + row * rnn->inputs, state, next, sums);
            state = next;
        }
        if (y && last) {
            nn4mc_copy(state, last + sequence * n, n);
        }
    }
}
