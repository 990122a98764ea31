#include "nn4mc_activations.h"

#include "nn4mc_bits.h"
#include "nn4mc_elementary.h"

#define ONE_SIXTH 0.166666672f
#define SQRT_HALF 0.707106769f
#define SELU_SCALE 1.05070102f
#define SELU_SCALE_ALPHA 1.75809932f

/* sqrt(8 / pi): (1 + tanh u) / 2 is sigmoid(2 u), which does not cancel where u is negative */
#define GELU_TANH_SCALE 1.59576917f
#define GELU_TANH_CUBIC 0.044715f

static float magnitude(float x)
{
    return nn4mc_float(nn4mc_bits(x) & ~NN4MC_SIGN_BIT);
}

/* x sigmoid(s). Unlike nn4mc_sigmoid this goes to 0 on the left, so that a product with a large x does too. */
static float gated(float x, float s)
{
    const float e = nn4mc_exp(-magnitude(s));
    const float top = nn4mc_select(s < 0.0f, e, 1.0f);
    return x * (top / (1.0f + e));
}

static float softplus(float x)
{
    const float positive = nn4mc_select(x < 0.0f, 0.0f, x);
    return positive + nn4mc_log1p(nn4mc_exp(-magnitude(x)));
}

/*
 * tanh(softplus(x)) = n / (n + 2) with n = e^x (e^x + 2). Multiplied by e^-2x on the right, so that nothing overflows;
 * e = exp(-|x|) on either side.
 */
static float mish(float x)
{
    const float e = nn4mc_exp(-magnitude(x));
    const float left = e * (e + 2.0f);
    const float right = 1.0f + 2.0f * e;
    const float top = nn4mc_select(x < 0.0f, left, right);
    const float rest = nn4mc_select(x < 0.0f, 2.0f, 2.0f * e * e);
    return x * (top / (top + rest));
}

/* scale x above 0, slope (exp(x / width) - 1) below */
static float elu(float x, float scale, float slope, float width)
{
    const float below = slope * nn4mc_expm1(nn4mc_select(x > 0.0f, 0.0f, x / width));
    return nn4mc_select(x > 0.0f, scale * x, below);
}

static float hard_sigmoid6(float x)
{
    return nn4mc_between(x + 3.0f, 0.0f, 6.0f) * ONE_SIXTH;
}

void nn4mc_relu6_array(const float x[], float y[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] = nn4mc_between(x[i], 0.0f, 6.0f);
    }
}

void nn4mc_silu_array(const float x[], float y[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] = gated(x[i], x[i]);
    }
}

void nn4mc_softplus_array(const float x[], float y[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] = softplus(x[i]);
    }
}

void nn4mc_softsign_array(const float x[], float y[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] = x[i] / (1.0f + magnitude(x[i]));
    }
}

void nn4mc_mish_array(const float x[], float y[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] = mish(x[i]);
    }
}

void nn4mc_selu_array(const float x[], float y[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] = elu(x[i], SELU_SCALE, SELU_SCALE_ALPHA, 1.0f);
    }
}

/* A NaN keeps its sign, so that only NaN with the sign of Arm's own are about. */
void nn4mc_neg_array(const float x[], float y[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        const uint32_t bits = nn4mc_bits(x[i]);
        const uint32_t is_nan = (NN4MC_INFINITY_BITS - (bits & ~NN4MC_SIGN_BIT)) & NN4MC_SIGN_BIT;
        y[i] = nn4mc_float(bits ^ (NN4MC_SIGN_BIT & ~is_nan));
    }
}

void nn4mc_abs_array(const float x[], float y[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] = magnitude(x[i]);
    }
}

void nn4mc_reciprocal_array(const float x[], float y[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] = 1.0f / x[i];
    }
}

void nn4mc_gelu_array(const float x[], float y[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] = 0.5f * x[i] * (1.0f + nn4mc_erf(x[i] * SQRT_HALF));
    }
}

void nn4mc_gelu_tanh_array(const float x[], float y[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] = gated(x[i], GELU_TANH_SCALE * (x[i] + GELU_TANH_CUBIC * (x[i] * x[i] * x[i])));
    }
}

void nn4mc_hard_sigmoid6_array(const float x[], float y[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] = hard_sigmoid6(x[i]);
    }
}

void nn4mc_hard_swish_array(const float x[], float y[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] = x[i] * hard_sigmoid6(x[i]);
    }
}

void nn4mc_leaky_relu_array(const float x[], float y[], size_t count, float alpha)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] = nn4mc_select(x[i] > 0.0f, x[i], alpha * x[i]);
    }
}

void nn4mc_elu_array(const float x[], float y[], size_t count, float alpha)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] = elu(x[i], 1.0f, alpha, 1.0f);
    }
}

void nn4mc_celu_array(const float x[], float y[], size_t count, float alpha)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] = elu(x[i], 1.0f, alpha, alpha);
    }
}

void nn4mc_hard_sigmoid_array(const float x[], float y[], size_t count, float alpha, float beta)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] = nn4mc_between(alpha * x[i] + beta, 0.0f, 1.0f);
    }
}

void nn4mc_clip_array(const float x[], float y[], size_t count, float low, float high)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] = nn4mc_between(x[i], low, high);
    }
}

void nn4mc_relu_general_array(const float x[], float y[], size_t count, float slope, float threshold, float low,
                              float high)
{
    for (size_t i = 0; i < count; ++i) {
        const float passed = nn4mc_select(x[i] <= threshold, 0.0f, x[i]);
        const float missing = threshold - x[i];
        y[i] = nn4mc_between(passed, low, high) - slope * nn4mc_select(missing < 0.0f, 0.0f, missing);
    }
}
