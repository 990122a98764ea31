/* The one multiply-accumulate of all products: two roundings, or one with NN4MC_MAC_FMA, the same on every machine. */
#ifndef NN4MC_MAC_H
#define NN4MC_MAC_H

#include "nn4mc_bits.h"
#include "nn4mc_config.h"

#ifndef NN4MC_MAC_FMA

static inline float nn4mc_mac(float sum, float a, float b)
{
    return sum + a * b;
}

#elif defined(__ARM_FEATURE_FMA)

static inline float nn4mc_mac(float sum, float a, float b)
{
    return __builtin_fmaf(a, b, sum);
}

#else

typedef union nn4mc_double_word {
    double value;
    uint64_t bits;
} nn4mc_double_word_t;

/*
 * A fused multiply-add without the instruction. The product of two floats is exact in double. Their sum with a third
 * is rounded to odd (Boldo and Melquiond 2008): where it is inexact its last bit is set, so that rounding it to float
 * afterwards cannot land on the wrong side. The error of the sum is Knuth's TwoSum.
 */
static inline float nn4mc_mac(float sum, float a, float b)
{
    const double product = (double)a * (double)b;
    const double c = (double)sum;
    nn4mc_double_word_t total;
    total.value = product + c;
    {
        const double part = total.value - product;
        const double error = (product - (total.value - part)) + (c - part);
        const int finite = (total.bits >> 52 & 0x7ffu) != 0x7ffu;
        if (finite && error != 0.0 && (total.bits & 1u) == 0u) {
            const int outwards = (error > 0.0) == (total.value > 0.0);
            total.bits = outwards ? total.bits + 1u : total.bits - 1u;
        }
    }
    return (float)total.value;
}

#endif

#endif
