/*
 * Runs integer kernels over the input: for each case its kernel (0: 8x8, 1: 8x16, 2: 16x16), blocks, fours, shift, the
 * packed words, then x in steps; writes the sums. A kernel of 3 widens `blocks` int8 of zero point `fours` instead.
 */
#include "bench.h"
#include "nn4mc_integer_rows.h"
#include "nn4mc_integer_steps.h"

static nn4mc_integer_kernel_t *const kernels[] = {nn4mc_integer_8x8, nn4mc_integer_8x16, nn4mc_integer_16x16};

int main(void)
{
    static int32_t sums[256];
    static int16_t steps[256];
    const uint32_t *words = bench_input;
    while (words < bench_input_end) {
        const uint32_t kernel = words[0];
        const uint32_t blocks = words[1];
        const uint32_t fours = words[2];
        const uint32_t shift = words[3];
        words += 4;
        if (kernel == 3) {
            nn4mc_widen_int8((const int8_t *)(const void *)words + shift, steps, blocks, (int32_t)fours);
            bench_write(steps, (blocks + 3) / 4 * 4 * sizeof steps[0]);
            words += (blocks + shift + 3) / 4;
            continue;
        }
        const uint32_t rows = kernel == 2 ? 2 : 4;
        const uint32_t packed = blocks * rows * (1 + (kernel == 2 ? 2 : 1) * fours);
        const int32_t *const weights = (const int32_t *)(const void *)words;
        const int16_t *const x = (const int16_t *)(const void *)(words + packed);
        kernels[kernel](weights, x, sums, blocks, fours, shift);
        bench_write(sums, rows * blocks * sizeof sums[0]);
        words += packed + 2 * fours;
    }
    return words == bench_input_end ? 0 : 1;
}
