/*
 * Fixed-point scaling of int32 sums to int8, bit for bit that of TensorFlow Lite's reference kernels (gemmlowp's
 * doubling high product, then a rounding shift). 64-bit products are one instruction on a Cortex-M4.
 */
#ifndef NN4MC_FIXED_POINT_H
#define NN4MC_FIXED_POINT_H

#include <stddef.h>
#include <stdint.h>

#if (-1 >> 1) != -1
#error "nn4mc needs right shifts that keep the sign"
#endif

/* A real factor: multiplier * 2^(shift - 31), -31 <= shift <= 30, |multiplier| from 2^30 below 2^31 or 0. */
typedef struct nn4mc_factor {
    int32_t multiplier;
    int32_t shift;
} nn4mc_factor_t;

/* Where results go: zero is the int8 that stands for real 0; minimum and maximum hold a fused activation. */
typedef struct nn4mc_int8_range {
    int32_t zero;
    int32_t minimum;
    int32_t maximum;
} nn4mc_int8_range_t;

/* a where `condition`, which is 0 or 1, holds, else b, without a branch. */
static inline int32_t nn4mc_choose(int condition, int32_t a, int32_t b)
{
    return b ^ ((a ^ b) & -condition);
}

static inline int32_t nn4mc_clamp(int32_t value, int32_t minimum, int32_t maximum)
{
    const int32_t above = nn4mc_choose(value < minimum, minimum, value);
    return nn4mc_choose(above > maximum, maximum, above);
}

/* Within int8: one instruction where there is one for it. */
static inline int32_t nn4mc_clamp_int8(int32_t value)
{
#if defined(__ARM_FEATURE_SAT) && defined(__GNUC__)
    int32_t within;
    __asm__("ssat %0, #8, %1" : "=r"(within) : "r"(value));
    return within;
#else
    return nn4mc_clamp(value, -128, 127);
#endif
}

/* The int32 nearest to a sum of 64 bits. */
static inline int32_t nn4mc_saturate(int64_t value)
{
    const int32_t upper = (int32_t)(value >> 32);
    const int32_t lower = (int32_t)(uint32_t)((uint64_t)value & UINT32_MAX);
    return nn4mc_choose(upper != lower >> 31, INT32_MAX ^ (upper >> 31), lower);
}

/* 2 a b / 2^32, rounded to nearest with halves up, which is what gemmlowp's does; b is never the smallest int32. */
static inline int32_t nn4mc_doubling_high_product(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b + ((int64_t)1 << 30)) >> 31);
}

/* x / 2^exponent, rounded to nearest with halves away from zero; 0 <= exponent <= 31. */
static inline int32_t nn4mc_divide_by_power(int32_t x, int32_t exponent)
{
    const int32_t mask = (int32_t)((UINT32_C(1) << exponent) - 1u);
    const int32_t remainder = x & mask;
    const int32_t threshold = (mask >> 1) + (int32_t)((uint32_t)x >> 31);
    return (x >> exponent) + (remainder > threshold);
}

/* x * factor; a left shift beyond int32 saturates. */
static inline int32_t nn4mc_scale(int32_t x, nn4mc_factor_t factor)
{
    if (factor.shift > 0) {
        const int32_t shifted = nn4mc_saturate((int64_t)x * ((int64_t)1 << factor.shift));
        return nn4mc_doubling_high_product(shifted, factor.multiplier);
    }
    return nn4mc_divide_by_power(nn4mc_doubling_high_product(x, factor.multiplier), -factor.shift);
}

/* x * factor, rounded once to nearest with halves up, within int32. */
static inline int32_t nn4mc_scale_once(int32_t x, nn4mc_factor_t factor)
{
    const int32_t bits = 31 - factor.shift;
    const int64_t scaled = ((int64_t)x * factor.multiplier + ((int64_t)1 << (bits - 1))) >> bits;
    return nn4mc_saturate(scaled);
}

/* The same for a shift of -2 or less: a factor below 1/4 needs only the upper word, in which the rounding bit lies. */
static inline int32_t nn4mc_scale_low(int32_t x, int32_t multiplier, int32_t shift)
{
    const int32_t upper = (int32_t)(((int64_t)x * multiplier) >> 32);
    return ((upper >> (-2 - shift)) + 1) >> 1;
}

/* The int8 of a range that is nearest to `scaled` steps from its zero. */
static inline int8_t nn4mc_within(int32_t scaled, const nn4mc_int8_range_t *range)
{
    const int32_t close = nn4mc_clamp(scaled, -65536, 65536); /* far outside int8, and no overflow with the zero */
    return (int8_t)nn4mc_clamp(close + range->zero, range->minimum, range->maximum);
}

/* The int8 that stands for x * factor. */
static inline int8_t nn4mc_to_range(int32_t x, nn4mc_factor_t factor, const nn4mc_int8_range_t *range)
{
    return nn4mc_within(nn4mc_scale(x, factor), range);
}

#endif
