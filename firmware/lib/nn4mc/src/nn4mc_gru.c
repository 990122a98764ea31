#include "nn4mc_gru.h"

#include "nn4mc_elementary.h"
#include "nn4mc_product.h"

void nn4mc_gru_step(const nn4mc_gru_t *gru, const float x[], const float h[], float next[],
                    float *NN4MC_RESTRICT gates)
{
    const size_t n = gru->hidden;
    const float *const recurrent_n = gru->recurrent + 2 * n * n;
    float *const r = gates;
    float *const z = gates + n;
    float *const input_part = gates + 2 * n;
    float *const hidden_part = gates + 3 * n;

    nn4mc_copy(gru->bias, gates, 4 * n);
    nn4mc_accumulate(gru->weights, x, gates, 3 * n, gru->inputs);
    nn4mc_accumulate(gru->recurrent, h, gates, 2 * n, n);
    nn4mc_sigmoid_array(gates, gates, 2 * n);

    if (gru->reset_after) {
        nn4mc_accumulate(recurrent_n, h, hidden_part, n, n);
        for (size_t i = 0; i < n; ++i) {
            hidden_part[i] *= r[i];
        }
    } else {
        for (size_t i = 0; i < n; ++i) {
            r[i] *= h[i];
        }
        nn4mc_accumulate(recurrent_n, r, hidden_part, n, n);
    }
    for (size_t i = 0; i < n; ++i) {
        const float candidate = nn4mc_tanh(input_part[i] + hidden_part[i]);
        next[i] = (1.0f - z[i]) * candidate + z[i] * h[i];
    }
}
