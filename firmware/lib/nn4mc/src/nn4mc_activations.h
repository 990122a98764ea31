/*
 * Activations, element by element: y[i] = f(x[i]) for i < count; x and y may be the same array.
 * None calls libm, and NaN stays NaN whatever its sign bit.
 *
 *   function     error over all finite floats, absolute or relative    tested in tests/contract/test_activation_bounds.py
 *   silu, mish   3e-7, and relative 4e-7 for x > -87; no overflow
 *   softplus     relative 3e-7 where the result is normal; no overflow
 *   gelu (both)  3e-7
 *   elu, selu    relative 3e-7, near 0 too
 *   the others   what IEEE arithmetic gives in the order they are written
 */
#ifndef NN4MC_ACTIVATIONS_H
#define NN4MC_ACTIVATIONS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* min(max(x, 0), 6) */
void nn4mc_relu6_array(const float x[], float y[], size_t count);

/* x / (1 + exp(-x)) */
void nn4mc_silu_array(const float x[], float y[], size_t count);

/* log(1 + exp(x)) */
void nn4mc_softplus_array(const float x[], float y[], size_t count);

/* x / (1 + |x|) */
void nn4mc_softsign_array(const float x[], float y[], size_t count);

/* x tanh(softplus(x)) */
void nn4mc_mish_array(const float x[], float y[], size_t count);

/* scale x above 0, scale alpha (exp(x) - 1) below; the constants of Klambauer et al. 2017 */
void nn4mc_selu_array(const float x[], float y[], size_t count);

void nn4mc_neg_array(const float x[], float y[], size_t count);
void nn4mc_abs_array(const float x[], float y[], size_t count);
void nn4mc_reciprocal_array(const float x[], float y[], size_t count);

/* x (1 + erf(x / sqrt 2)) / 2, and its approximation x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 */
void nn4mc_gelu_array(const float x[], float y[], size_t count);
void nn4mc_gelu_tanh_array(const float x[], float y[], size_t count);

/* min(max(x + 3, 0), 6) / 6, and x times that */
void nn4mc_hard_sigmoid6_array(const float x[], float y[], size_t count);
void nn4mc_hard_swish_array(const float x[], float y[], size_t count);

/* x above 0, alpha x below */
void nn4mc_leaky_relu_array(const float x[], float y[], size_t count, float alpha);

/* x above 0, alpha (exp(x) - 1) below; celu: alpha (exp(x / alpha) - 1) */
void nn4mc_elu_array(const float x[], float y[], size_t count, float alpha);
void nn4mc_celu_array(const float x[], float y[], size_t count, float alpha);

/* alpha x + beta between 0 and 1 */
void nn4mc_hard_sigmoid_array(const float x[], float y[], size_t count, float alpha, float beta);

/* min(max(x, low), high); a bound may be infinite */
void nn4mc_clip_array(const float x[], float y[], size_t count, float low, float high);

/* x above the threshold, else 0, between low and high; minus slope (threshold - x) below the threshold */
void nn4mc_relu_general_array(const float x[], float y[], size_t count, float slope, float threshold, float low,
                              float high);

#ifdef __cplusplus
}
#endif

#endif
