/* int8 element by element: to and from float32, to another scale, through a table; softmax. */
#ifndef NN4MC_QUANTIZED_H
#define NN4MC_QUANTIZED_H

#include <stddef.h>
#include <stdint.h>

#include "nn4mc_fixed_point.h"

#ifdef __cplusplus
extern "C" {
#endif

/* y[i] = clamp(round(x[i] / scale) + zero), halves away from zero; NaN counts as the smallest value. */
void nn4mc_quantize(const float x[], int8_t y[], size_t count, float scale, int32_t zero);

/* y[i] = scale (x[i] - zero). */
void nn4mc_dequantize(const int8_t x[], float y[], size_t count, float scale, int32_t zero);

/* y[i] = clamp((x[i] - input_zero) * factor + range.zero); x and y may be the same array. */
void nn4mc_requantize(const int8_t x[], int8_t y[], size_t count, int32_t input_zero, nn4mc_factor_t factor,
                      const nn4mc_int8_range_t *range);

/* y[i] = table[x[i] + 128]; x and y may be the same array. */
void nn4mc_look_up(const int8_t x[], int8_t y[], size_t count, const int8_t table[256]);

/*
 * y[rows][columns] = softmax of each row; powers[d] = exp(-d steps of the input), scale and zero are the output's.
 * x and y may be the same array.
 */
void nn4mc_softmax_int8(const int8_t x[], int8_t y[], size_t rows, size_t columns, const float powers[256],
                        float scale, int32_t zero);

#ifdef __cplusplus
}
#endif

#endif
