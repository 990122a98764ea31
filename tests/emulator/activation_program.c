/*
 * tanh, sigmoid and relu of random words, and the finite checks: a hash of the bits of every BLOCK words. The calls of a
 * block have 0, 1, ... 9 elements, then the rest, so that all positions in a pair and all tails are seen.
 */
#include "bench.h"
#include "nn4mc_bits.h"
#include "nn4mc_elementary.h"

#define BLOCK 512u

typedef void (*array_t)(const float[], float[], size_t);

static uint32_t state;

/* Marsaglia 2003: xorshift */
static uint32_t random_word(void)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

/* Any word, or one with an exponent near 1, or an end of a range; NaN with Arm's sign. */
static uint32_t draw(void)
{
    static const uint32_t ends[] = {0u, 1u, 0x007fffffu, 0x00800000u, 0x3f800000u, 0x41100000u, 0x7f7fffffu, 0x7f800000u};
    const uint32_t kind = random_word() & 7u;
    uint32_t word = random_word();
    if (kind == 0u) {
        word = ends[word & 7u] | (word & 0x80000000u);
    } else if (kind < 6u) {
        word = (word & 0x807fffffu) | (120u + (word >> 23 & 15u)) << 23;
    }
    return (word & 0x7fffffffu) > 0x7f800000u ? word & 0x7fffffffu : word;
}

static uint32_t hash_of(const float values[], uint32_t hash)
{
    for (size_t i = 0; i < BLOCK; ++i) {
        hash = (hash ^ nn4mc_bits(values[i])) * 16777619u;
    }
    return hash;
}

static uint32_t one_block(array_t array, const float x[], int in_place)
{
    static float y[BLOCK];
    const float *from = x;
    size_t at = 0;
    if (in_place) {
        for (size_t i = 0; i < BLOCK; ++i) {
            y[i] = x[i];
        }
        from = y;
    }
    for (size_t count = 0; count < 10; ++count) {
        array(from + at, y + at, count);
        at += count;
    }
    array(from + at, y + at, BLOCK - at);
    return hash_of(y, 2166136261u);
}

static uint32_t checks(float x[])
{
    uint32_t found = 0;
    for (size_t at = 0; at < 64; ++at) {
        found = found * 31u + (uint32_t)nn4mc_all_finite(x + at, at % 11u);
        found = found * 31u + (uint32_t)nn4mc_zero_not_finite(x + 64 + at, at % 3u);
    }
    return hash_of(x, found);
}

int main(void)
{
    static float x[BLOCK];
    const uint32_t blocks = bench_input[0];
    state = 2463534242u;
    for (uint32_t block = 0; block < blocks; ++block) {
        uint32_t answer[4];
        for (size_t i = 0; i < BLOCK; ++i) {
            x[i] = nn4mc_float(draw());
        }
        answer[0] = one_block(nn4mc_tanh_array, x, block & 1);
        answer[1] = one_block(nn4mc_sigmoid_array, x, block & 1);
        answer[2] = one_block(nn4mc_relu_array, x, block & 1);
        answer[3] = checks(x);
        bench_write(answer, sizeof answer);
    }
    return 0;
}
