/* Into int16 steps before an integer product, and out of its sums into float32. See nn4mc_integer_rows.h. */
#ifndef NN4MC_INTEGER_STEPS_H
#define NN4MC_INTEGER_STEPS_H

#include "nn4mc_integer_rows.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * steps[i] = x[i] * per_unit to the nearest integer within -limit..limit, halves to even, limit <= 32767; NaN counts as
 * the smallest value. All three write zeros behind the `count` values, up to a multiple of four.
 */
void nn4mc_to_steps(const float x[], nn4mc_int16_t steps[], size_t count, float per_unit, float limit);

/* steps[i] = x[i] - zero */
void nn4mc_widen_int8(const int8_t x[], nn4mc_int16_t steps[], size_t count, int32_t zero);
void nn4mc_widen_int16(const nn4mc_int16_t x[], nn4mc_int16_t steps[], size_t count, int32_t zero);

/* y[i] = sums[i] * scales[i], and y[i] += that */
void nn4mc_sums_to_float(const nn4mc_int32_t sums[], const float scales[], float y[], size_t rows);
void nn4mc_add_sums(const nn4mc_int32_t sums[], const float scales[], float y[], size_t rows);

#ifdef __cplusplus
}
#endif

#endif
