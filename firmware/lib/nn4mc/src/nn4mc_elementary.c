#include "nn4mc_elementary.h"

#include "nn4mc_bits.h"
#include "nn4mc_config.h"

/* Adding 1.5 * 2^23 rounds a float below 2^22 to an integer, which is then the low bits of the sum. */
#define ROUNDER 12582912.0f
#define ONE_OVER_LN2 1.44269504f

/* ln 2 in two parts; the first has so few bits that k * LN2_HIGH is exact. */
#define LN2_HIGH 0.693359375f
#define LN2_LOW (-2.12194440e-4f)

/* exp(104) is beyond the largest float, exp(-104) below half the smallest; exp(-87) - 1 rounds to -1. */
#define EXP_LIMIT 104.0f
#define EXPM1_LIMIT 87.0f

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
    const uint32_t limit = choose(mask_of_sign(bits), nn4mc_bits(EXPM1_LIMIT), nn4mc_bits(EXP_LIMIT));
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

/*
 * tanh, sigmoid and relu by array. nn4mc_elementary_m4f.S does the same operations in the same order on a Cortex-M4F.
 * The coefficients are from scripts/fit_elementary.py.
 */
#if !defined(NN4MC_CORTEX_M4F)

/*
 * |x| in units of 2^-fraction, rounded down, at most 2^31; 0 for NaN. What Arm's conversion to fixed point makes of it,
 * but for one unit at the upper end.
 */
static uint32_t fixed_magnitude(float x, uint32_t fraction)
{
    const uint32_t magnitude = nn4mc_bits(x) & ~NN4MC_SIGN_BIT;
    const uint32_t is_number = ~mask_of_sign(NN4MC_INFINITY_BITS - magnitude);
    const float clamped = nn4mc_float(nn4mc_smaller(magnitude & is_number, (158u - fraction) << 23));
    return (uint32_t)(clamped * nn4mc_float((127u + fraction) << 23));
}

#if NN4MC_ACTIVATION_ERROR == 0
/* 2 / ln 2 and 1 / ln 2 */
#define TANH_SCALE 2.88539004f
#define SIGMOID_SCALE 1.44269502f

/* The upper word of a product: a in units of 2^-m by b in units of 2^-n, in units of 2^(32 - m - n). */
static uint32_t upper_product(uint32_t a, uint32_t b)
{
    const int64_t product = (int64_t)(int32_t)a * (int32_t)b;
    return (uint32_t)((uint64_t)product >> 32);
}

/* 2^-t in units of 2^-31, at most 1 - 2^-31, for t in units of 2^-26: t = k + f, |f| <= 1/2 in units of 2^-32. */
static uint32_t power_of_half(uint32_t t)
{
    const uint32_t f = t << 6;
    const uint32_t k = (t + 0x02000000u) >> 26;
    uint32_t sum = 0xffd488bdu;
    sum = upper_product(sum, f) + 0x013cea88u;
    sum = upper_product(sum, f) + 0xf8e522b4u;
    sum = upper_product(sum, f) + 0x1ebf9bb9u;
    sum = upper_product(sum, f) + 0xa746f5b8u;
    sum = upper_product(sum, f) + 0x7fffffffu;
    /* k may be 32 */
    return sum >> (k >> 1) >> (k - (k >> 1));
}

/*
 * 1 / (1 + 2^-|t|) in units of 2^-30, by integers alone: they keep more digits than float32, so that only the last
 * rounding counts. A parabola r is right to s = 1 - (1 + e) r, |s| < 0.0121, and r (1 + s + s^2 + s^3) to s^4.
 */
static uint32_t logistic(float t)
{
    const uint32_t e = power_of_half(fixed_magnitude(t, 26u));
    const uint32_t r = upper_product(upper_product(0x4e800000u, e) + 0x9a181062u, e) + 0x3f53f7cfu;
    /* Units of 2^-32, where 1 is 0. */
    const uint32_t s = ~(((r >> 1) + upper_product(e, r)) << 3);
    return upper_product(r, upper_product(upper_product(s, s) + s, s) + s) + r;
}

/* 2 / (1 + exp(-2 |x|)) - 1, with the sign of x; exactly 0 at 0. */
static float tanh_one(float x)
{
    const uint32_t negative = mask_of_sign(nn4mc_bits(x));
    const uint32_t magnitude = logistic(x * TANH_SCALE) - 0x20000000u;
    return (float)(int32_t)((magnitude ^ negative) - negative) * 1.86264515e-9f;
}

/* 1 / (1 + exp(-|x|)), and what that leaves of 1 for x < 0. */
static float sigmoid_one(float x)
{
    const uint32_t negative = mask_of_sign(nn4mc_bits(x));
    return (float)((logistic(x * SIGMOID_SCALE) << 2) ^ negative) * 2.32830644e-10f;
}

void nn4mc_tanh_array(const float x[], float y[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] = tanh_one(x[i]);
    }
}

void nn4mc_sigmoid_array(const float x[], float y[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] = sigmoid_one(x[i]);
    }
}

#else
/* An approximation x p(x^2) / q(x^2) before its division. */
typedef struct quotient {
    float top;
    float bottom;
} quotient_t;

/* x between -2^(31 - fraction) and 2^(31 - fraction), cut to a multiple of 2^-fraction; NaN gives 0. */
static float clamped_value(float x, uint32_t fraction)
{
    const float magnitude = (float)fixed_magnitude(x, fraction) * nn4mc_float((127u - fraction) << 23);
    /* + 0 makes +0 of -0. */
    return nn4mc_float(nn4mc_bits(magnitude) | (nn4mc_bits(x) & NN4MC_SIGN_BIT)) + 0.0f;
}

#if NN4MC_ACTIVATION_ERROR == 1
static quotient_t tanh_quotient(float x)
{
    const float t = clamped_value(x * 1.42857146f, 28u);
    const float z = t * t;
    quotient_t out;
    out.bottom = ((0.0264486708f * z + 16.4321976f) * z + 845.799133f) * z + 3848.38672f;
    out.top = ((z + 152.141541f) * z + 2693.82129f) * t;
    return out;
}

static quotient_t sigmoid_quotient(float x)
{
    const float t = clamped_value(x * 0.776699007f, 28u);
    const float z = t * t;
    quotient_t out;
    out.bottom = (60.591854f * z + 5079.59814f) * z + 28248.1738f;
    out.top = ((z + 381.381866f) * z + 9090.35742f) * t;
    return out;
}
#elif NN4MC_ACTIVATION_ERROR == 2
static quotient_t tanh_quotient(float x)
{
    const float t = clamped_value(x, 29u);
    const float z = t * t;
    quotient_t out;
    out.bottom = (0.0780388489f * z + 5.06027412f) * z + 12.2978106f;
    out.top = (z + 12.2828321f) * t;
    return out;
}

static quotient_t sigmoid_quotient(float x)
{
    const float t = clamped_value(x, 28u);
    const float z = t * t;
    quotient_t out;
    out.bottom = (0.0780388489f * z + 20.2410965f) * z + 196.764969f;
    out.top = (z + 49.1313286f) * t;
    return out;
}
#else
#error "NN4MC_ACTIVATION_ERROR must be 0, 1 or 2"
#endif

/* One division for two quotients. */
static void divide_pair(quotient_t a, quotient_t b, float y[2])
{
    const float inverse = 1.0f / (a.bottom * b.bottom);
    y[0] = a.top * b.bottom * inverse;
    y[1] = b.top * a.bottom * inverse;
}

static void tanh_pair(const float x[2], float y[2])
{
    divide_pair(tanh_quotient(x[0]), tanh_quotient(x[1]), y);
}

/* sigmoid(x) - 1/2 is odd, as the quotient is. */
static void sigmoid_pair(const float x[2], float y[2])
{
    divide_pair(sigmoid_quotient(x[0]), sigmoid_quotient(x[1]), y);
    y[0] += 0.5f;
    y[1] += 0.5f;
}

typedef void (*pair_t)(const float x[2], float y[2]);

/* Elements 0 and 1, 2 and 3, ...; a last one without a partner is paired with itself. */
static inline void by_pairs(pair_t pair, const float x[], float y[], size_t count)
{
    size_t i = 0;
    for (; i + 2 <= count; i += 2) {
        pair(x + i, y + i);
    }
    if (i < count) {
        const float both[2] = {x[i], x[i]};
        float out[2];
        pair(both, out);
        y[i] = out[0];
    }
}

void nn4mc_tanh_array(const float x[], float y[], size_t count)
{
    by_pairs(tanh_pair, x, y, count);
}

void nn4mc_sigmoid_array(const float x[], float y[], size_t count)
{
    by_pairs(sigmoid_pair, x, y, count);
}
#endif

/* A negative value is masked to +0; NaN stays NaN, whatever its sign bit. */
void nn4mc_relu_array(const float x[], float y[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        const uint32_t bits = nn4mc_bits(x[i]);
        y[i] = nn4mc_float(bits & ((sign_of(bits) >> 31) - 1u));
    }
}
#endif

float nn4mc_tanh(float x)
{
    nn4mc_tanh_array(&x, &x, 1);
    return x;
}

float nn4mc_sigmoid(float x)
{
    nn4mc_sigmoid_array(&x, &x, 1);
    return x;
}
