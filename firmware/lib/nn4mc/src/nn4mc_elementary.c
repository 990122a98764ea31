#include "nn4mc_elementary.h"

#include "nn4mc_bits.h"

/* Adding 1.5 * 2^23 rounds a float below 2^22 to an integer, which is then the low bits of the sum. */
#define ROUNDER 12582912.0f
#define ONE_OVER_LN2 1.44269504f

/* ln 2 in two parts; the first has so few bits that k * LN2_HIGH is exact. */
#define LN2_HIGH 0.693359375f
#define LN2_LOW (-2.12194440e-4f)

/* tanh(9.02) rounds to 1; exp(104) is beyond the largest float, exp(-104) below half the smallest. */
#define TANH_LIMIT 9.02f
#define EXP_LIMIT 104.0f
#define SIGMOID_LIMIT 87.0f

/* x = k ln 2 + r with |r| <= ln 2 / 2: what exp(x) = 2^k exp(r) is made of. */
typedef struct reduced {
    int32_t k;
    float r;
} reduced_t;

static reduced_t reduce(float x)
{
    const float rounded = x * ONE_OVER_LN2 + ROUNDER;
    const float k = rounded - ROUNDER;
    reduced_t out;
    out.k = (int32_t)(nn4mc_bits(rounded) - nn4mc_bits(ROUNDER));
    out.r = (x - k * LN2_HIGH) - k * LN2_LOW;
    return out;
}

/* exp(r) - 1 for |r| <= ln 2 / 2. Minimax in relative error (1.3e-8), the first two coefficients fixed. */
static float expm1_reduced(float r)
{
    const float r2 = r * r;
    float sum = 1.39465531e-3f;
    sum = sum * r + 8.36664402e-3f;
    sum = sum * r + 4.16662806e-2f;
    sum = sum * r + 1.66665425e-1f;
    sum = sum * r + 0.5f;
    return r + r2 * sum;
}

/* 2^k for -126 <= k <= 127. */
static float power_of_two(int32_t k)
{
    return nn4mc_float((uint32_t)(k + 127) << 23);
}

/* The sign bit of x, cleared for NaN. */
static uint32_t sign_of(uint32_t bits)
{
    const uint32_t magnitude = bits & ~NN4MC_SIGN_BIT;
    const uint32_t is_nan = (NN4MC_INFINITY_BITS - magnitude) & NN4MC_SIGN_BIT;
    return bits & NN4MC_SIGN_BIT & ~is_nan;
}

static uint32_t clamped_magnitude(uint32_t bits, float limit)
{
    return nn4mc_smaller(bits & ~NN4MC_SIGN_BIT, nn4mc_bits(limit));
}

/* tanh(x) = e / (e + 2) with e = exp(2 |x|) - 1: exact in slope at 0, and insensitive to e where it is large. */
float nn4mc_tanh(float x)
{
    const uint32_t bits = nn4mc_bits(x);
    const float magnitude = nn4mc_float(clamped_magnitude(bits, TANH_LIMIT));
    const reduced_t part = reduce(magnitude + magnitude);
    const float scale = power_of_two(part.k);
    const float e = expm1_reduced(part.r) * scale + (scale - 1.0f);
    return nn4mc_float(nn4mc_bits(e / (e + 2.0f)) | sign_of(bits));
}

/* With e = exp(-|x|): 1 / (1 + e) for x >= 0, e / (1 + e) below; no cancellation on either side. */
float nn4mc_sigmoid(float x)
{
    const uint32_t bits = nn4mc_bits(x);
    const reduced_t part = reduce(-nn4mc_float(clamped_magnitude(bits, SIGMOID_LIMIT)));
    const float e = power_of_two(part.k) * (1.0f + expm1_reduced(part.r));
    const uint32_t is_negative = 0u - (sign_of(bits) >> 31);
    const uint32_t one = nn4mc_bits(1.0f);
    const float top = nn4mc_float(one ^ ((one ^ nn4mc_bits(e)) & is_negative));
    return top / (1.0f + e);
}

/* 2^k in two factors, so that a result below the normal range is rounded once and one above becomes Inf. */
float nn4mc_exp(float x)
{
    const uint32_t bits = nn4mc_bits(x);
    const reduced_t part = reduce(nn4mc_float(clamped_magnitude(bits, EXP_LIMIT) | sign_of(bits)));
    const int32_t half = part.k / 2;
    return (1.0f + expm1_reduced(part.r)) * power_of_two(half) * power_of_two(part.k - half);
}

void nn4mc_tanh_array(const float x[], float y[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] = nn4mc_tanh(x[i]);
    }
}

void nn4mc_sigmoid_array(const float x[], float y[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] = nn4mc_sigmoid(x[i]);
    }
}

/* A negative value is masked to +0; NaN stays NaN, whatever its sign bit. */
void nn4mc_relu_array(const float x[], float y[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        const uint32_t bits = nn4mc_bits(x[i]);
        y[i] = nn4mc_float(bits & ((sign_of(bits) >> 31) - 1u));
    }
}
