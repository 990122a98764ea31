#include "nn4mc_stuck.h"

#include "nn4mc_bits.h"

void nn4mc_stuck_reset(nn4mc_stuck_t stuck[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        stuck[i].bits = NN4MC_INFINITY_BITS; /* no good first word repeats this */
        stuck[i].repeats = 0u;
    }
}

int nn4mc_is_stuck(nn4mc_stuck_t stuck[], const float words[], size_t count, float steps)
{
    int found = 0;
    for (size_t i = 0; i < count; ++i) {
        const uint32_t bits = nn4mc_bits(words[i]);
        const uint32_t repeats = stuck[i].repeats < UINT32_MAX ? stuck[i].repeats + 1u : UINT32_MAX;
        stuck[i].repeats = bits == stuck[i].bits ? repeats : 0u;
        stuck[i].bits = bits;
        found |= (float)stuck[i].repeats >= steps;
    }
    return found && steps >= 1.0f;
}
