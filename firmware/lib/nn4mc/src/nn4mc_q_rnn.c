#include "nn4mc_q_rnn.h"

#include "nn4mc_integer_steps.h"
#include "nn4mc_copy.h"

static void step(const nn4mc_q_rnn_t *rnn, const float x[], const float h[], float next[], nn4mc_int16_t steps[],
                 float gates[])
{
    const size_t n = rnn->hidden;
    nn4mc_int32_t *const sums = (nn4mc_int32_t *)(gates + (n + 3) / 4 * 4);

    nn4mc_to_steps(x, steps, rnn->inputs, rnn->x_per_unit, rnn->x_limit);
    nn4mc_multiply_integers(&rnn->weights, steps, (nn4mc_int32_t *)gates);
    nn4mc_sums_to_float((nn4mc_int32_t *)gates, rnn->weight_scales, gates, n);
    nn4mc_to_steps(h, steps, n, rnn->h_per_unit, rnn->h_limit);
    nn4mc_multiply_integers(&rnn->recurrent, steps, sums);
    nn4mc_add_sums(sums, rnn->recurrent_scales, gates, n);
    rnn->activation(gates, next, n);
}

void nn4mc_q_rnn_window(const nn4mc_q_rnn_t *rnn, const nn4mc_window_t *window, const float x[], const float h[],
                        float y[], float last[], nn4mc_int16_t steps[], float gates[])
{
    const size_t n = rnn->hidden;
    for (size_t sequence = 0; sequence < window->batch; ++sequence) {
        const float *state = h + sequence * n;
        for (size_t i = 0; i < window->time; ++i) {
            const size_t row = nn4mc_window_row(window, i, sequence);
            float *const next = y ? y + row * n : last + sequence * n;
            step(rnn, x + row * rnn->inputs, state, next, steps, gates);
            state = next;
        }
        if (y && last) {
            nn4mc_copy(state, last + sequence * n, n);
        }
    }
}
