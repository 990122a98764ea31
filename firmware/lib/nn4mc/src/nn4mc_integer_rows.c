/* The portable kernels of nn4mc_integer_rows.h; nn4mc_integer_rows_dsp.S stands in for them on cores with SMLAD. */
#include "nn4mc_integer_rows.h"

#include "nn4mc_config.h"

#if !defined(__ARM_FEATURE_DSP) || defined(NN4MC_PORTABLE)

/* The low byte of a half word, as a signed number. */
static int32_t low_byte(int32_t half)
{
    return ((half & 0xff) ^ 0x80) - 0x80;
}

/* Half 0 or 1 of a word, as a signed number. */
static int32_t half_of(int32_t word, int upper)
{
    const uint32_t bits = (uint32_t)word >> (upper ? 16 : 0) & 0xffffu;
    return (int32_t)(bits ^ 0x8000u) - 0x8000;
}

/* Rows r and r + 1 meet columns c and c + 1; `joint` is 1 where a half is one number of two bytes. */
static void meet(int32_t word, const nn4mc_int16_t x[2], nn4mc_int32_t sums[2], int joint)
{
    for (int column = 0; column < 2; ++column) {
        const int32_t half = half_of(word, column);
        const int32_t low = low_byte(half);
        const int32_t high = joint ? (half - low) / 256 : half_of(word, column) >> 8;
        sums[0] += low * x[column];
        sums[1] += high * x[column];
    }
}

static void rows_of_four(const int32_t *w, const nn4mc_int16_t x[], nn4mc_int32_t sums[], uint32_t blocks,
                         uint32_t fours, int joint)
{
    for (; blocks > 0; --blocks, sums += 4) {
        for (int pair = 0; pair < 4; pair += 2, w += 2) {
            sums[pair] = w[0];
            sums[pair + 1] = joint ? (int32_t)((uint32_t)w[1] - (uint32_t)w[0]) / 256 : w[1];
        }
        for (uint32_t i = 0; i < fours; ++i, w += 4) {
            for (int pair = 0; pair < 2; ++pair) {
                meet(w[pair], x + 4 * i, sums + 2 * pair, joint);
                meet(w[2 + pair], x + 4 * i + 2, sums + 2 * pair, joint);
            }
        }
    }
}

void nn4mc_integer_8x8(const int32_t packed[], const nn4mc_int16_t x[], nn4mc_int32_t sums[], uint32_t blocks,
                       uint32_t fours, uint32_t shift)
{
    (void)shift;
    rows_of_four(packed, x, sums, blocks, fours, 1);
}

void nn4mc_integer_8x16(const int32_t packed[], const nn4mc_int16_t x[], nn4mc_int32_t sums[], uint32_t blocks,
                       uint32_t fours, uint32_t shift)
{
    (void)shift;
    rows_of_four(packed, x, sums, blocks, fours, 0);
}

/* One row of a block of two, whose words lie two apart. */
static int64_t row_of_two(const int32_t w[], const nn4mc_int16_t x[], uint32_t fours)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < 2 * fours; ++i) {
        sum += half_of(w[2 * i], 0) * x[2 * i];
        sum += half_of(w[2 * i], 1) * x[2 * i + 1];
    }
    return sum;
}

void nn4mc_integer_16x16(const int32_t packed[], const nn4mc_int16_t x[], nn4mc_int32_t sums[], uint32_t blocks,
                       uint32_t fours, uint32_t shift)
{
    const int64_t half = ((int64_t)1 << shift) >> 1;
    const int32_t *w = packed;
    for (; blocks > 0; --blocks, w += 4 * fours + 2) {
        for (int row = 0; row < 2; ++row) {
            *sums++ = (int32_t)((row_of_two(w + row, x, fours) + half) >> shift) + w[4 * fours + (uint32_t)row];
        }
    }
}

#endif
