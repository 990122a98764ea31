/* Activations that only recurrent layers use; as nn4mc_activation_t. */
#ifndef NN4MC_GATE_H
#define NN4MC_GATE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* y = x */
void nn4mc_gate_identity(const float x[], float y[], size_t count);

/* y = 0.2 x + 0.5, limited to 0..1: hard_sigmoid of Keras 2 and of ONNX. */
void nn4mc_gate_hard_sigmoid(const float x[], float y[], size_t count);

#ifdef __cplusplus
}
#endif

#endif
