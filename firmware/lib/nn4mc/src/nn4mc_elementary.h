/*
 * tanh, sigmoid and exp in float32 with + - * / and bit operations only: no libm, no branch, no fused
 * multiply-add, so that host, emulator and silicon agree to the last bit and every input costs the same.
 *
 *   function   error over all floats        tested in tests/contract/test_elementary.py
 *   tanh       absolute <= 1e-7, relative <= 2e-7, odd, |y| <= 1
 *   sigmoid    absolute <= 1e-7, relative <= 2e-7 for x > -86, 0 < y <= 1
 *   exp        relative <= 1e-7 where the result is normal; Inf and 0 where float32 overflows and underflows
 *
 * NaN counts as +Inf, whatever its sign bit: x86 and Arm give the NaN they make another sign.
 */
#ifndef NN4MC_ELEMENTARY_H
#define NN4MC_ELEMENTARY_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

float nn4mc_tanh(float x);
float nn4mc_sigmoid(float x);
float nn4mc_exp(float x);

/* y[i] = f(x[i]) for i < count; x and y may be the same array. */
void nn4mc_tanh_array(const float x[], float y[], size_t count);
void nn4mc_sigmoid_array(const float x[], float y[], size_t count);

/* max(x, 0), and +0 for -0; NaN stays NaN. */
void nn4mc_relu_array(const float x[], float y[], size_t count);

#ifdef __cplusplus
}
#endif

#endif
