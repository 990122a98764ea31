/* int8 pooling and means; the sums are int32. */
#ifndef NN4MC_QUANTIZED_POOL_H
#define NN4MC_QUANTIZED_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "nn4mc_fixed_point.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A window over an image [height][width][channels]; top and left are the padding before it. */
typedef struct nn4mc_quantized_pool {
    size_t height, width, channels;
    size_t out_height, out_width;
    size_t high, wide;
    size_t strides[2];
    size_t top, left;
    int32_t minimum;
    int32_t maximum;
} nn4mc_quantized_pool_t;

/* y[out_height][out_width][channels] = the largest of each window. */
void nn4mc_max_pool_int8(const nn4mc_quantized_pool_t *pool, const int8_t x[], int8_t y[]);

/* The average of what each window covers of the image, halves away from zero. */
void nn4mc_average_pool_int8(const nn4mc_quantized_pool_t *pool, const int8_t x[], int8_t y[]);

/* y[outer][inner] = clamp(factor * (sum over reduced of x[outer][reduced][inner] - input_zero) + range.zero). */
void nn4mc_mean_int8(const int8_t x[], int8_t y[], size_t outer, size_t reduced, size_t inner, int32_t input_zero,
                     nn4mc_factor_t factor, const nn4mc_int8_range_t *range);

#ifdef __cplusplus
}
#endif

#endif
