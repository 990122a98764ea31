#include "nn4mc_gate.h"

#include "nn4mc_activations.h"
#include "nn4mc_bits.h"

NN4MC_KEEP_LOOP void nn4mc_gate_identity(const float x[], float y[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] = x[i];
    }
}

void nn4mc_gate_hard_sigmoid(const float x[], float y[], size_t count)
{
    nn4mc_hard_sigmoid_array(x, y, count, 0.2f, 0.5f);
}
