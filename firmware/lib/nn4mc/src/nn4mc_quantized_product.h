/*
 * Dense layers and convolutions in integers: x as int16 steps, sums in int32, then to int8, int16 or float32.
 * The compiler of the network has proved that no sum can leave int32.
 */
#ifndef NN4MC_QUANTIZED_PRODUCT_H
#define NN4MC_QUANTIZED_PRODUCT_H

#include <stddef.h>
#include <stdint.h>

#include "nn4mc_fixed_point.h"
#include "nn4mc_integer_rows.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What becomes of the sums of one place; each array has one entry an output channel. */
typedef struct nn4mc_outputs {
    const int32_t *multipliers; /* to int8 and int16 */
    const int32_t *shifts;
    int32_t shift;
    nn4mc_int8_range_t range;
    const int8_t *table; /* of 256 int8; its index is from -128 on */
    const float *scales; /* to float32 */
} nn4mc_outputs_t;

/*
 * y[rows] = sums[rows] scaled. Of TensorFlow Lite's kernels the dense one alone rounds once; `twice` is what its
 * convolutions do. `low` is for factors below 1/4, all shifts being -2 or less; `even` for such factors that share the shift
 * -2 - outputs.shift. `table` looks int8 up, whose range is full. y is of the type in the name.
 */
typedef void nn4mc_finish_t(const nn4mc_outputs_t *outputs, const nn4mc_int32_t sums[], void *y, size_t rows);

nn4mc_finish_t nn4mc_finish_int8, nn4mc_finish_int8_low, nn4mc_finish_int8_even, nn4mc_finish_int8_twice,
    nn4mc_finish_table, nn4mc_finish_table_even, nn4mc_finish_int16, nn4mc_finish_int16_even, nn4mc_finish_float;

/* The window of a convolution over an image [height][width][channels]; weights [out][high][wide][channels / groups]. */
typedef struct nn4mc_quantized_window {
    size_t height, width, channels;
    size_t out_height, out_width, out_channels;
    size_t high, wide, groups;
    size_t strides[2];
    size_t dilations[2];
    size_t top, left;
} nn4mc_quantized_window_t;

/* steps[count] = x[count] - zero, for a type of x. */
typedef void nn4mc_load_t(const void *x, nn4mc_int16_t steps[], size_t count, int32_t zero);

nn4mc_load_t nn4mc_load_int8, nn4mc_load_int16;

/* The sum of weights[row][columns] steps[columns] / 2^shift, for a type of weights. */
typedef int32_t nn4mc_dot_t(const void *weights, size_t row, const nn4mc_int16_t steps[], size_t columns,
                            uint32_t shift);

nn4mc_dot_t nn4mc_dot_int8, nn4mc_dot_int16;

typedef struct nn4mc_quantized_conv {
    nn4mc_quantized_window_t window;
    nn4mc_load_t *load;
    size_t x_bytes; /* of an element of x */
    int32_t input_zero;
    int in_place; /* every window is a stretch of x that its kernel can read where it is */
    nn4mc_finish_t *finish;
    size_t y_bytes; /* of an element of y */
    nn4mc_outputs_t outputs;
} nn4mc_quantized_conv_t;

/*
 * y[out_height][out_width][out_channels] of one group; padding stands for real 0; y does not overlap x. steps and sums
 * are working memory: of a window, rounded up to a multiple of four, and of the product.
 */
void nn4mc_conv_integer(const nn4mc_quantized_conv_t *conv, const nn4mc_integer_product_t *product, const void *x,
                        void *y, nn4mc_int16_t steps[], nn4mc_int32_t sums[]);

/* The same in groups, depthwise among them: weights as they are, sums[out_channels]. */
typedef struct nn4mc_quantized_groups {
    const void *weights;
    const int32_t *bias;
    nn4mc_dot_t *dot;
    uint32_t shift;
} nn4mc_quantized_groups_t;

void nn4mc_conv_integer_groups(const nn4mc_quantized_conv_t *conv, const nn4mc_quantized_groups_t *groups,
                               const void *x, void *y, nn4mc_int16_t steps[], nn4mc_int32_t sums[]);

#ifdef __cplusplus
}
#endif

#endif
