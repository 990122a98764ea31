/* Floats seen as bits, and what the freestanding subset of C needs to work the same everywhere. */
#ifndef NN4MC_BITS_H
#define NN4MC_BITS_H

#include <float.h>
#include <stddef.h>
#include <stdint.h>

#include "nn4mc_config.h"

#if defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD != 0
#error "nn4mc needs float arithmetic without excess precision (on x86: -msse2 -mfpmath=sse)"
#endif
#if defined(__FAST_MATH__)
#error "nn4mc must not be built with -ffast-math: results would no longer agree between host and target"
#endif

#if defined(__cplusplus) || !defined(__STDC_VERSION__) || __STDC_VERSION__ < 199901L
#define NN4MC_RESTRICT
#else
#define NN4MC_RESTRICT restrict
#endif

/* A copying loop stays a loop: compilers like to turn it into a call of memcpy, which is libc's. */
#if defined(__clang__)
#define NN4MC_KEEP_LOOP __attribute__((no_builtin("memcpy", "memset")))
#elif defined(__GNUC__)
#define NN4MC_KEEP_LOOP __attribute__((optimize("no-tree-loop-distribute-patterns")))
#else
#define NN4MC_KEEP_LOOP
#endif

#if defined(__GNUC__)
#define NN4MC_INLINE __attribute__((always_inline)) inline
#define NN4MC_NOINLINE __attribute__((noinline))
#else
#define NN4MC_INLINE inline
#define NN4MC_NOINLINE
#endif

#define NN4MC_SIGN_BIT 0x80000000u
#define NN4MC_INFINITY_BITS 0x7f800000u

typedef union nn4mc_word {
    float value;
    uint32_t bits;
} nn4mc_word_t;

static inline uint32_t nn4mc_bits(float value)
{
    nn4mc_word_t word;
    word.value = value;
    return word.bits;
}

static inline float nn4mc_float(uint32_t bits)
{
    nn4mc_word_t word;
    word.bits = bits;
    return word.value;
}

/* a where `condition`, which is 0 or 1, holds, else b: of their bits, since of ?: a compiler may make a branch. */
static inline float nn4mc_select(int condition, float a, float b)
{
#ifdef NN4MC_CORTEX_M4F
    __asm__("cmp %[condition], #0\n"
            "    it ne\n"
            "    vmovne.f32 %[chosen], %[a]"
            : [chosen] "+t"(b)
            : [condition] "r"(condition), [a] "t"(a)
            : "cc");
    return b;
#else
    const uint32_t mask = 0u - (uint32_t)condition;
    return nn4mc_float(nn4mc_bits(b) ^ ((nn4mc_bits(a) ^ nn4mc_bits(b)) & mask));
#endif
}

/* x, but `low` below it and `high` above it. Every comparison with NaN is false, so NaN passes. */
static NN4MC_INLINE float nn4mc_between(float x, float low, float high)
{
#if defined(NN4MC_CORTEX_M4F) && !defined(__clang__)
    /* Conditional moves, which take a cycle whether they move or not; a compiler makes branches or masks. The flags of
     * FPSCR are vfpcc to gcc, a register of its own: without it a comparison before may be read behind. */
    __asm__("vcmp.f32 %0, %1\n"
            "    vmrs APSR_nzcv, FPSCR\n"
            "    it mi\n"
            "    vmovmi.f32 %0, %1\n"
            "    vcmp.f32 %0, %2\n"
            "    vmrs APSR_nzcv, FPSCR\n"
            "    it gt\n"
            "    vmovgt.f32 %0, %2"
            : "+&t"(x)
            : "t"(low), "t"(high)
            : "cc", "vfpcc");
    return x;
#else
    const float raised = nn4mc_select(x < low, low, x);
    return nn4mc_select(raised > high, high, raised);
#endif
}

/* 1 if x, which is not below 0, is within low..high; 0 for NaN. Floats of one sign are in the order of their bits. */
static inline int nn4mc_is_within(float x, float low, float high)
{
    return nn4mc_bits(x) - nn4mc_bits(low) <= nn4mc_bits(high) - nn4mc_bits(low);
}

/* The larger of two numbers. NaN wins, so that an overflow is not lost. */
static inline float nn4mc_larger(float a, float b)
{
    return nn4mc_select((a > b) | (a != a), a, b);
}

/* The smaller of two numbers of any sign, or NaN. */
static inline float nn4mc_lesser(float a, float b)
{
    return nn4mc_select((a < b) | (a != a), a, b);
}

/* The smaller of two numbers below 2^31, without a branch. */
static inline uint32_t nn4mc_smaller(uint32_t a, uint32_t b)
{
    const uint32_t a_is_smaller = 0u - ((a - b) >> 31);
    return b ^ ((a ^ b) & a_is_smaller);
}

/* The exponent bits are all ones in NaN and Inf alone, so adding one to them carries into the sign bit. */
static inline uint32_t nn4mc_not_finite(uint32_t bits)
{
    return ((bits & NN4MC_INFINITY_BITS) + 0x00800000u) & NN4MC_SIGN_BIT;
}

/* 1 if all values are finite, else 0; the work does not depend on the values. */
static inline int nn4mc_all_finite(const float values[], size_t count)
{
    uint32_t bad = 0u;
#if defined(NN4MC_CORTEX_M4F) && !defined(NN4MC_SMALL_CODE)
    /* 0 times a finite number is 0, times another NaN, and NaN stays. */
    __asm__ volatile("    vmov s0, %[bad]\n"
                     "    vmov s1, %[bad]\n"
                     "    subs %[count], #4\n"
                     "    blo 2f\n"
                     "1:  vldmia %[at]!, {s2-s5}\n"
                     "    vmul.f32 s0, s0, s2\n"
                     "    vmul.f32 s1, s1, s3\n"
                     "    vmul.f32 s0, s0, s4\n"
                     "    vmul.f32 s1, s1, s5\n"
                     "    subs %[count], #4\n"
                     "    bhs 1b\n"
                     "2:  adds %[count], #4\n"
                     "    beq 4f\n"
                     "3:  vldmia %[at]!, {s2}\n"
                     "    vmul.f32 s0, s0, s2\n"
                     "    subs %[count], #1\n"
                     "    bne 3b\n"
                     "4:  vadd.f32 s0, s0, s1\n"
                     "    vmov %[bad], s0\n"
                     : [bad] "+l"(bad), [at] "+l"(values), [count] "+l"(count)
                     :
                     : "s0", "s1", "s2", "s3", "s4", "s5", "cc", "memory");
    bad &= ~NN4MC_SIGN_BIT;
#else
    for (size_t i = 0; i < count; ++i) {
        bad |= nn4mc_not_finite(nn4mc_bits(values[i]));
    }
#endif
    return bad == 0u;
}

/* Writes 0 over every value that is NaN or Inf; 1 if there was one. */
static inline int nn4mc_zero_not_finite(float values[], size_t count)
{
    uint32_t bad = 0u;
    for (size_t i = 0; i < count; ++i) {
        const uint32_t bits = nn4mc_bits(values[i]);
        const uint32_t here = (bits & NN4MC_INFINITY_BITS) + 0x00800000u;
        values[i] = nn4mc_float(bits & ~(0u - (here >> 31)));
        bad |= here;
    }
    return (bad >> 31) != 0u;
}

#endif
