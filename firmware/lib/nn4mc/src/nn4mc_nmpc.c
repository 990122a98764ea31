#include "nn4mc_nmpc.h"

#include "nn4mc_bits.h"

NN4MC_KEEP_LOOP void nn4mc_push(float history[], size_t blocks, size_t words, const float newest[])
{
    for (size_t i = blocks * words; i-- > words;) {
        history[i] = history[i - words];
    }
    for (size_t i = 0; i < words && blocks != 0; ++i) {
        history[i] = newest[i];
    }
}

float nn4mc_barrier_cost(float s, float r, float b, float u)
{
    const float half = 0.5f * r;
    return s / (u - b + half) + s / (b + half - u) - 4.0f * s / r;
}

void nn4mc_barrier_slopes(float s, float r, float b, float u, float *gradient, float *diagonal)
{
    const float half = 0.5f * r;
    const float above = 1.0f / (u - b + half);
    const float below = 1.0f / (b + half - u);
    *gradient += s * (below * below - above * above);
    *diagonal += 2.0f * s * (below * below * below + above * above * above);
}
