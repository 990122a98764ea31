#include "nn4mc_quantized_product.h"

static int32_t dot(const int8_t w[], const int8_t x[], int32_t input_zero, size_t count)
{
    int32_t sum = 0;
    for (size_t i = 0; i < count; ++i) {
        sum += w[i] * (x[i] - input_zero);
    }
    return sum;
}

static nn4mc_factor_t factor_of(const nn4mc_quantized_weights_t *layer, size_t channel)
{
    const nn4mc_factor_t factor = {layer->multipliers[channel], layer->shifts[channel]};
    return factor;
}

/* Of TensorFlow Lite's kernels the dense one alone rounds once. */
void nn4mc_dense_int8(const nn4mc_quantized_weights_t *layer, const int8_t x[], int8_t y[], size_t rows,
                      size_t columns)
{
    for (size_t row = 0; row < rows; ++row) {
        const int32_t sum = layer->bias[row] + dot(layer->weights + row * columns, x, layer->input_zero, columns);
        y[row] = nn4mc_within(nn4mc_scale_once(sum, factor_of(layer, row)), &layer->range);
    }
}

/* The sum of one output channel at one place; taps outside the image add nothing. */
static int32_t conv_at(const nn4mc_quantized_weights_t *layer, const nn4mc_quantized_window_t *window,
                       const int8_t x[], size_t down, size_t across, size_t channel)
{
    const size_t depth = window->channels / window->groups;
    const size_t first = channel / (window->out_channels / window->groups) * depth;
    const int8_t *weights = layer->weights + channel * window->high * window->wide * depth;
    int32_t sum = layer->bias[channel];
    for (size_t row = 0; row < window->high; ++row) {
        /* below 0 wraps to a huge number, so one comparison sees both edges */
        const size_t i = down * window->strides[0] + row * window->dilations[0] - window->top;
        for (size_t column = 0; column < window->wide; ++column) {
            const size_t j = across * window->strides[1] + column * window->dilations[1] - window->left;
            if (i < window->height && j < window->width) {
                const int8_t *const pixel = x + (i * window->width + j) * window->channels + first;
                sum += dot(weights, pixel, layer->input_zero, depth);
            }
            weights += depth;
        }
    }
    return sum;
}

void nn4mc_conv_int8(const nn4mc_quantized_weights_t *layer, const nn4mc_quantized_window_t *window, const int8_t x[],
                     int8_t y[])
{
    for (size_t down = 0; down < window->out_height; ++down) {
        for (size_t across = 0; across < window->out_width; ++across) {
            for (size_t channel = 0; channel < window->out_channels; ++channel) {
                const int32_t sum = conv_at(layer, window, x, down, across, channel);
                *y++ = nn4mc_to_range(sum, factor_of(layer, channel), &layer->range);
            }
        }
    }
}
