#include "nn4mc_quantized_product.h"

static nn4mc_factor_t factor_of(const nn4mc_outputs_t *outputs, size_t row)
{
    const nn4mc_factor_t factor = {outputs->multipliers[row], outputs->shifts[row]};
    return factor;
}

/* Within the range; `scaled` is at most 2^30. */
static int32_t placed(const nn4mc_outputs_t *outputs, int32_t scaled)
{
    return nn4mc_clamp(scaled + outputs->range.zero, outputs->range.minimum, outputs->range.maximum);
}

void nn4mc_finish_int8(const nn4mc_outputs_t *outputs, const nn4mc_int32_t sums[], void *y, size_t rows)
{
    int8_t *const to = (int8_t *)y;
    const int8_t *const table = outputs->table;
    for (size_t row = 0; row < rows; ++row) {
        const int32_t value = placed(outputs, nn4mc_scale_once(sums[row], factor_of(outputs, row)));
        to[row] = table ? table[value + 128] : (int8_t)value;
    }
}

void nn4mc_finish_int8_twice(const nn4mc_outputs_t *outputs, const nn4mc_int32_t sums[], void *y, size_t rows)
{
    int8_t *const to = (int8_t *)y;
    for (size_t row = 0; row < rows; ++row) {
        to[row] = nn4mc_to_range(sums[row], factor_of(outputs, row), &outputs->range);
    }
}

void nn4mc_finish_int16(const nn4mc_outputs_t *outputs, const nn4mc_int32_t sums[], void *y, size_t rows)
{
    nn4mc_int16_t *const to = (nn4mc_int16_t *)y;
    for (size_t row = 0; row < rows; ++row) {
        to[row] = (int16_t)placed(outputs, nn4mc_scale_once(sums[row], factor_of(outputs, row)));
    }
}

void nn4mc_finish_float(const nn4mc_outputs_t *outputs, const nn4mc_int32_t sums[], void *y, size_t rows)
{
    float *const to = (float *)y;
    for (size_t row = 0; row < rows; ++row) {
        to[row] = (float)sums[row] * outputs->scales[row];
    }
}

void nn4mc_load_int8(const void *x, nn4mc_int16_t steps[], size_t count, int32_t zero)
{
    const int8_t *const from = (const int8_t *)x;
    for (size_t i = 0; i < count; ++i) {
        steps[i] = (int16_t)(from[i] - zero);
    }
}

void nn4mc_load_int16(const void *x, nn4mc_int16_t steps[], size_t count, int32_t zero)
{
    const nn4mc_int16_t *const from = (const nn4mc_int16_t *)x;
    for (size_t i = 0; i < count; ++i) {
        steps[i] = (int16_t)(from[i] - zero);
    }
}

int32_t nn4mc_dot_int8(const void *weights, size_t row, const nn4mc_int16_t steps[], size_t columns, uint32_t shift)
{
    const int8_t *const w = (const int8_t *)weights + row * columns;
    int32_t sum = 0;
    (void)shift;
    for (size_t i = 0; i < columns; ++i) {
        sum += w[i] * steps[i];
    }
    return sum;
}

int32_t nn4mc_dot_int16(const void *weights, size_t row, const nn4mc_int16_t steps[], size_t columns, uint32_t shift)
{
    const int16_t *const w = (const int16_t *)weights + row * columns;
    int64_t sum = ((int64_t)1 << shift) >> 1;
    for (size_t i = 0; i < columns; ++i) {
        sum += w[i] * steps[i];
    }
    return (int32_t)(sum >> shift);
}

static void zero_steps(nn4mc_int16_t steps[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        steps[i] = 0;
    }
}

/* steps[high][wide][depth] of the window at one place, channels `first` on; zeros outside the image. */
static void gather(const nn4mc_quantized_conv_t *conv, const void *x, size_t place, size_t first, size_t depth,
                   nn4mc_int16_t steps[])
{
    const nn4mc_quantized_window_t *const window = &conv->window;
    const size_t down = place / window->out_width;
    const size_t across = place % window->out_width;
    const unsigned char *const bytes = (const unsigned char *)x;
    for (size_t row = 0; row < window->high; ++row) {
        /* below 0 wraps to a huge number, so one comparison sees both edges */
        const size_t i = down * window->strides[0] + row * window->dilations[0] - window->top;
        for (size_t column = 0; column < window->wide; ++column, steps += depth) {
            const size_t j = across * window->strides[1] + column * window->dilations[1] - window->left;
            if (i < window->height && j < window->width) {
                const size_t at = (i * window->width + j) * window->channels + first;
                conv->load(bytes + at * conv->x_bytes, steps, depth, conv->input_zero);
            } else {
                zero_steps(steps, depth);
            }
        }
    }
}

void nn4mc_conv_integer(const nn4mc_quantized_conv_t *conv, const nn4mc_integer_product_t *product, const void *x,
                        void *y, nn4mc_int16_t steps[], nn4mc_int32_t sums[])
{
    const nn4mc_quantized_window_t *const window = &conv->window;
    unsigned char *to = (unsigned char *)y;
    zero_steps(steps, (size_t)4 * product->fours);
    for (size_t place = 0; place < window->out_height * window->out_width; ++place) {
        gather(conv, x, place, 0, window->channels, steps);
        nn4mc_multiply(product, steps, sums);
        conv->finish(&conv->outputs, sums, to, window->out_channels);
        to += conv->y_bytes * window->out_channels;
    }
}

void nn4mc_conv_integer_groups(const nn4mc_quantized_conv_t *conv, const nn4mc_quantized_groups_t *groups,
                               const void *x, void *y, nn4mc_int16_t steps[], nn4mc_int32_t sums[])
{
    const nn4mc_quantized_window_t *const window = &conv->window;
    const size_t depth = window->channels / window->groups;
    const size_t channels = window->out_channels / window->groups;
    unsigned char *to = (unsigned char *)y;
    for (size_t place = 0; place < window->out_height * window->out_width; ++place) {
        for (size_t channel = 0; channel < window->out_channels; ++channel) {
            if (channel % channels == 0) {
                gather(conv, x, place, channel / channels * depth, depth, steps);
            }
            sums[channel] = groups->bias[channel] + groups->dot(groups->weights, channel, steps,
                                                               window->high * window->wide * depth, groups->shift);
        }
        conv->finish(&conv->outputs, sums, to, window->out_channels);
        to += conv->y_bytes * window->out_channels;
    }
}
