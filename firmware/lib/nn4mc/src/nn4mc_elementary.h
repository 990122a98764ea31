/*
 * Elementary functions in float32 with + - * / and operations on bits and integers only: no libm, no branch, no fused
 * multiply-add, so that host, emulator and silicon agree to the last bit and every input costs the same.
 *
 *   function   error over all floats        tested in tests/contract/test_elementary.py, test_activation_bounds.py
 *   tanh       absolute <= 1.2e-7, and <= 1e-8 for |x| <= 0.01; odd, |y| <= 1, +0 at either 0
 *   sigmoid    absolute <= 8e-8, relative <= 4e-7 for y >= 0.1, 0 < y <= 1
 *   exp        relative <= 1e-7 where the result is normal; Inf and 0 where float32 overflows and underflows
 *   expm1      relative <= 2e-7, y >= -1; Inf where float32 overflows
 *   log        relative <= 2e-7; -Inf at 0, NaN below
 *   log1p      relative <= 2e-7 for 0 <= x <= 1, its whole domain here
 *   sqrt       correctly rounded; -0 at -0, NaN below
 *   erf        absolute <= 1.2e-7, relative <= 2e-7, odd, |y| <= 1
 *
 * NN4MC_ACTIVATION_ERROR 1 and 2 make tanh and sigmoid cheaper: absolute <= 4e-5 and <= 1e-3, 0 <= sigmoid <= 1. Then
 * elements 0 and 1, 2 and 3, ... of an array share a division, and a last one without a partner has itself for one: the
 * last bits of a result depend on its neighbour (tests/contract/test_activation_error.py).
 *
 * NaN counts as 0 in tanh and sigmoid and as +Inf in exp; in the others it stays NaN. That is so whatever its sign bit,
 * since x86 and Arm give the NaN they make another sign; only relu on a Cortex-M4F relies on Arm's, which is 0.
 */
#ifndef NN4MC_ELEMENTARY_H
#define NN4MC_ELEMENTARY_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* As the arrays of one element. */
float nn4mc_tanh(float x);
float nn4mc_sigmoid(float x);

float nn4mc_exp(float x);
float nn4mc_expm1(float x);
float nn4mc_log(float x);
float nn4mc_log1p(float x);
float nn4mc_sqrt(float x);
float nn4mc_erf(float x);

/* y[i] = f(x[i]) for i < count; x and y may be the same array. */
void nn4mc_tanh_array(const float x[], float y[], size_t count);
void nn4mc_sigmoid_array(const float x[], float y[], size_t count);
void nn4mc_exp_array(const float x[], float y[], size_t count);
void nn4mc_log_array(const float x[], float y[], size_t count);
void nn4mc_sqrt_array(const float x[], float y[], size_t count);
void nn4mc_erf_array(const float x[], float y[], size_t count);

/* max(x, 0), and +0 for -0; NaN stays NaN. */
void nn4mc_relu_array(const float x[], float y[], size_t count);

#ifdef __cplusplus
}
#endif

#endif
