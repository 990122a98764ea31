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

/* Below ERF_SMALL a polynomial in x^2 is exact in slope; above, erfc is an exponential. erf(4) rounds to 1. */
#define ERF_SMALL 0.95f
#define ERF_LIMIT 4.0f

#define SMALLEST_NORMAL_BITS 0x00800000u
#define ONE_BITS 0x3f800000u
#define SQRT_HALF_BITS 0x3f3504f3u
#define NAN_BITS 0x7fc00000u
#define JUST_BELOW_TWO_BITS 0x3fffffffu

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

/* All ones if the sign bit of a word is set, else 0. */
static uint32_t mask_of_sign(uint32_t word)
{
    return 0u - (word >> 31);
}

/* a where the mask is all ones, b where it is 0. */
static uint32_t choose(uint32_t mask, uint32_t a, uint32_t b)
{
    return b ^ ((a ^ b) & mask);
}

/* y, but NaN where the argument was NaN. */
static float keep_nan(uint32_t argument_bits, float y)
{
    const uint32_t magnitude = argument_bits & ~NN4MC_SIGN_BIT;
    const uint32_t is_nan = mask_of_sign(NN4MC_INFINITY_BITS - magnitude);
    return nn4mc_float(choose(is_nan, NAN_BITS, nn4mc_bits(y)));
}

/*
 * What log and sqrt make of an argument that is not a positive finite number: `at_zero` at either 0, NaN below,
 * +Inf at +Inf, NaN at NaN.
 */
static float positive_only(uint32_t bits, uint32_t at_zero, float y)
{
    const uint32_t magnitude = bits & ~NN4MC_SIGN_BIT;
    const uint32_t is_zero = mask_of_sign(magnitude - 1u);
    uint32_t out = choose(mask_of_sign(nn4mc_not_finite(bits)), bits, nn4mc_bits(y));
    out = choose(mask_of_sign(bits), NAN_BITS, out);
    return nn4mc_float(choose(is_zero, at_zero, out));
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

/* exp(r) 2^k - 1 as (exp(r) - 1) 2^k + (2^k - 1): no cancellation near 0. 2^k in two factors, as in exp. */
float nn4mc_expm1(float x)
{
    const uint32_t bits = nn4mc_bits(x);
    const uint32_t limit = choose(mask_of_sign(bits), nn4mc_bits(SIGMOID_LIMIT), nn4mc_bits(EXP_LIMIT));
    const uint32_t magnitude = nn4mc_smaller(bits & ~NN4MC_SIGN_BIT, limit);
    const reduced_t part = reduce(nn4mc_float(magnitude | sign_of(bits)));
    const int32_t half = part.k / 2;
    const float scale = power_of_two(half);
    const float sum = expm1_reduced(part.r) * scale + (scale - power_of_two(half - part.k));
    return keep_nan(bits, sum * power_of_two(part.k - half));
}

/* log(1 + f) = 2 atanh(s) with s = f / (2 + f), |s| <= 1/3. Minimax in relative error (5e-9), the first term fixed. */
static float log1p_reduced(float f)
{
    const float s = f / (2.0f + f);
    const float z = s * s;
    float sum = 0.280244588f;
    sum = sum * z + 0.279991411f;
    sum = sum * z + 0.400216991f;
    sum = sum * z + 0.666664131f;
    return (s + s) + s * z * sum;
}

float nn4mc_log1p(float x)
{
    return keep_nan(nn4mc_bits(x), log1p_reduced(x));
}

/* log(2^k m) = k ln 2 + log(m) with m between sqrt(1/2) and sqrt(2); what is below the normal range is scaled first. */
float nn4mc_log(float x)
{
    const uint32_t given = nn4mc_bits(x);
    const uint32_t is_small = mask_of_sign((given & ~NN4MC_SIGN_BIT) - SMALLEST_NORMAL_BITS);
    const float scaled = x * nn4mc_float(choose(is_small, nn4mc_bits(8388608.0f), ONE_BITS));
    const uint32_t bits = nn4mc_bits(scaled);
    const uint32_t exponent = (bits + (ONE_BITS - SQRT_HALF_BITS)) >> 23;
    const float m = nn4mc_float(bits - ((exponent - 127u) << 23));
    const float k = (float)((int32_t)exponent - 127 - (int32_t)(is_small & 23u));
    const float y = k * LN2_HIGH + (log1p_reduced(m - 1.0f) + k * LN2_LOW);
    return positive_only(given, NN4MC_SIGN_BIT | NN4MC_INFINITY_BITS, y);
}

/*
 * sqrt(m) for 1 <= m < 4: three of Heron's steps from a guess within 4 %, then the exact remainder corrects once. The
 * largest m lies so close to a tie that the correction hits it; its root is below 2.
 */
static float sqrt_reduced(float m)
{
    float y = nn4mc_float((nn4mc_bits(m) >> 1) + 0x1fbd1df5u);
    y = 0.5f * (y + m / y);
    y = 0.5f * (y + m / y);
    y = 0.5f * (y + m / y);
    {
        /* Dekker 1971: y in two halves of twelve bits, whose products are exact. */
        const float high = nn4mc_float(nn4mc_bits(y) & 0xfffff000u);
        const float low = y - high;
        const float remainder = ((m - high * high) - (high + high) * low) - low * low;
        const uint32_t root = nn4mc_bits(y + remainder / (y + y));
        return nn4mc_float(nn4mc_smaller(root, JUST_BELOW_TWO_BITS));
    }
}

/* sqrt(4^h m) = 2^h sqrt(m); what is below the normal range is scaled by 2^24 first. */
float nn4mc_sqrt(float x)
{
    const uint32_t given = nn4mc_bits(x);
    const uint32_t is_small = mask_of_sign((given & ~NN4MC_SIGN_BIT) - SMALLEST_NORMAL_BITS);
    const uint32_t bits = nn4mc_bits(x * nn4mc_float(choose(is_small, nn4mc_bits(16777216.0f), ONE_BITS)));
    const uint32_t exponent = bits >> 23 & 0xffu;
    const uint32_t odd = (exponent + 1u) & 1u;
    const float m = nn4mc_float((bits & 0x007fffffu) | (127u + odd) << 23);
    const uint32_t h = ((exponent - odd + 127u) >> 1) - 127u - (is_small & 12u);
    return positive_only(given, given, nn4mc_float(nn4mc_bits(sqrt_reduced(m)) + (h << 23)));
}

/* x P(x^2) for small x; else 1 - exp(Q(|x|)), Q being minimax for log erfc with the weight erfc (1.4e-9). */
float nn4mc_erf(float x)
{
    const uint32_t bits = nn4mc_bits(x);
    const uint32_t magnitude = clamped_magnitude(bits, ERF_LIMIT);
    const uint32_t is_small = mask_of_sign(magnitude - nn4mc_bits(ERF_SMALL));
    const float a = nn4mc_float(magnitude);
    const float z = a * a;
    float small = -5.88677612e-4f;
    float tail = 1.92603945e-4f;
    small = small * z + 4.97311725e-3f;
    small = small * z - 2.67533348e-2f;
    small = small * z + 0.112814665f;
    small = small * z - 0.376124627f;
    small = small * z + 1.12837915f;
    tail = tail * a - 3.01050319e-3f;
    tail = tail * a + 2.20964502e-2f;
    tail = tail * a - 0.103660801f;
    tail = tail * a - 0.637490965f;
    tail = tail * a - 1.12749218f;
    tail = tail * a - 2.40110402e-4f;
    {
        const uint32_t y = choose(is_small, nn4mc_bits(a * small), nn4mc_bits(1.0f - nn4mc_exp(tail)));
        return keep_nan(bits, nn4mc_float(y | (bits & NN4MC_SIGN_BIT)));
    }
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

void nn4mc_exp_array(const float x[], float y[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] = nn4mc_exp(x[i]);
    }
}

void nn4mc_log_array(const float x[], float y[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] = nn4mc_log(x[i]);
    }
}

void nn4mc_sqrt_array(const float x[], float y[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] = nn4mc_sqrt(x[i]);
    }
}

void nn4mc_erf_array(const float x[], float y[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] = nn4mc_erf(x[i]);
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
