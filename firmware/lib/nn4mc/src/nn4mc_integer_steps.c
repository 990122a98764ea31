#include "nn4mc_integer_steps.h"

#include "nn4mc_bits.h"
#include "nn4mc_config.h"

/* Adding 1.5 * 2^23 rounds a float below 2^22 to an integer, which is then the low bits of the sum. */
#define ROUNDER 12582912.0f

static void pad(nn4mc_int16_t steps[], size_t count)
{
    for (; count % 4 != 0; ++count) {
        steps[count] = 0;
    }
}

void nn4mc_to_steps(const float x[], nn4mc_int16_t steps[], size_t count, float per_unit, float limit)
{
    for (size_t i = 0; i < count; ++i) {
        const float value = x[i] * per_unit;
        const float above = value > -limit ? value : -limit;
        const float within = above < limit ? above : limit;
        steps[i] = (int16_t)(nn4mc_bits(within + ROUNDER) & 0xffffu);
    }
    pad(steps, count);
}

#if !defined(__ARM_FEATURE_DSP) || defined(NN4MC_PORTABLE)
/* In nn4mc_integer_rows_dsp.S otherwise. */
void nn4mc_widen_int8(const int8_t x[], nn4mc_int16_t steps[], size_t count, int32_t zero)
{
    for (size_t i = 0; i < count; ++i) {
        steps[i] = (int16_t)(x[i] - zero);
    }
    pad(steps, count);
}
#endif

void nn4mc_widen_int16(const nn4mc_int16_t x[], nn4mc_int16_t steps[], size_t count, int32_t zero)
{
    for (size_t i = 0; i < count; ++i) {
        steps[i] = (int16_t)(x[i] - zero);
    }
    pad(steps, count);
}

void nn4mc_sums_to_float(const nn4mc_int32_t sums[], const float scales[], float y[], size_t rows)
{
    for (size_t i = 0; i < rows; ++i) {
        y[i] = (float)sums[i] * scales[i];
    }
}

void nn4mc_add_sums(const nn4mc_int32_t sums[], const float scales[], float y[], size_t rows)
{
    for (size_t i = 0; i < rows; ++i) {
        y[i] += (float)sums[i] * scales[i];
    }
}
