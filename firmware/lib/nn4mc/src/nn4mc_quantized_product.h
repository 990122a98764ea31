/*
 * int8 dense layers and convolutions: int32 sums of products, bias first, scaled to int8 by a factor of each output.
 * The importer has checked that no sum of a layer's own weights can leave int32.
 */
#ifndef NN4MC_QUANTIZED_PRODUCT_H
#define NN4MC_QUANTIZED_PRODUCT_H

#include <stddef.h>
#include <stdint.h>

#include "nn4mc_fixed_point.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What stands behind the weights of a layer; each array has one entry an output channel. */
typedef struct nn4mc_quantized_weights {
    const int8_t *weights;
    const int32_t *bias;
    const int32_t *multipliers;
    const int32_t *shifts;
    int32_t input_zero;
    nn4mc_int8_range_t range;
} nn4mc_quantized_weights_t;

/* y[rows] = weights[rows][columns] (x[columns] - input_zero) + bias, scaled; y does not overlap x. */
void nn4mc_dense_int8(const nn4mc_quantized_weights_t *layer, const int8_t x[], int8_t y[], size_t rows,
                      size_t columns);

/* The window of a convolution over an image [height][width][channels]; weights [out][high][wide][channels / groups]. */
typedef struct nn4mc_quantized_window {
    size_t height, width, channels;
    size_t out_height, out_width, out_channels;
    size_t high, wide, groups;
    size_t strides[2];
    size_t dilations[2];
    size_t top, left;
} nn4mc_quantized_window_t;

/* y[out_height][out_width][out_channels]; padding stands for real 0; y does not overlap x. */
void nn4mc_conv_int8(const nn4mc_quantized_weights_t *layer, const nn4mc_quantized_window_t *window, const int8_t x[],
                     int8_t y[]);

#ifdef __cplusplus
}
#endif

#endif
