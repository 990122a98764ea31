#include "nn4mc_slopes.h"

#include "nn4mc_elementary.h"

#define TWO_OVER_SQRT_PI 1.12837917f

static float erf_slope(float x)
{
    return TWO_OVER_SQRT_PI * nn4mc_exp(-(x * x));
}

/* 1 - exp(-y) = sigmoid(x) for y = softplus(x), exact where both are small. */
static float softplus_slope(float y)
{
    return -nn4mc_expm1(-y);
}

#define SLOPE(name, expression)                                                                                       \
    void nn4mc_##name(const float x[], const float y[], float slope[], size_t count)                                  \
    {                                                                                                                 \
        (void)x;                                                                                                      \
        (void)y;                                                                                                      \
        for (size_t i = 0; i < count; ++i) {                                                                          \
            slope[i] = (expression);                                                                                  \
        }                                                                                                             \
    }

SLOPE(tanh_first, 1.0f - y[i] * y[i])
SLOPE(tanh_second, -2.0f * y[i] * (1.0f - y[i] * y[i]))
SLOPE(sigmoid_first, y[i] * (1.0f - y[i]))
SLOPE(sigmoid_second, y[i] * (1.0f - y[i]) * (1.0f - 2.0f * y[i]))
SLOPE(relu_first, y[i] > 0.0f ? 1.0f : 0.0f)
SLOPE(relu_second, 0.0f)
SLOPE(exp_first, y[i])
SLOPE(exp_second, y[i])
SLOPE(log_first, 1.0f / x[i])
SLOPE(log_second, -1.0f / (x[i] * x[i]))
SLOPE(sqrt_first, 0.5f / y[i])
SLOPE(sqrt_second, -0.25f / (x[i] * y[i]))
SLOPE(reciprocal_first, -(y[i] * y[i]))
SLOPE(reciprocal_second, 2.0f * (y[i] * y[i] * y[i]))
SLOPE(erf_first, erf_slope(x[i]))
SLOPE(erf_second, -2.0f * x[i] * erf_slope(x[i]))
SLOPE(softplus_first, softplus_slope(y[i]))
SLOPE(softplus_second, softplus_slope(y[i]) * (1.0f - softplus_slope(y[i])))
