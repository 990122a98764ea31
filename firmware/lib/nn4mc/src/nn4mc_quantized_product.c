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
    for (size_t row = 0; row < rows; ++row) {
        to[row] = (int8_t)placed(outputs, nn4mc_scale_once(sums[row], factor_of(outputs, row)));
    }
}

void nn4mc_finish_int8_low(const nn4mc_outputs_t *outputs, const nn4mc_int32_t sums[], void *y, size_t rows)
{
    const nn4mc_outputs_t out = *outputs;
    int8_t *const to = (int8_t *)y;
    for (size_t row = 0; row < rows; ++row) {
        const int32_t scaled = nn4mc_scale_low(sums[row], out.multipliers[row], out.shifts[row]);
        to[row] = (int8_t)nn4mc_clamp(scaled + out.range.zero, out.range.minimum, out.range.maximum);
    }
}

void nn4mc_finish_table(const nn4mc_outputs_t *outputs, const nn4mc_int32_t sums[], void *y, size_t rows)
{
    int8_t *const to = (int8_t *)y;
    for (size_t row = 0; row < rows; ++row) {
        to[row] = outputs->table[placed(outputs, nn4mc_scale_once(sums[row], factor_of(outputs, row))) + 128];
    }
}

/* What the even ones keep in registers. */
static int32_t even(int32_t sum, int32_t multiplier, int32_t shift)
{
    return (int32_t)(((int64_t)sum * multiplier) >> 32) >> shift;
}

void nn4mc_finish_int8_even(const nn4mc_outputs_t *outputs, const nn4mc_int32_t sums[], void *y, size_t rows)
{
    const int32_t *const multipliers = outputs->multipliers;
    const int32_t shift = outputs->shift;
    const int32_t zero = outputs->range.zero;
    const int32_t minimum = outputs->range.minimum;
    const int32_t maximum = outputs->range.maximum;
    int8_t *const to = (int8_t *)y;
    for (size_t row = 0; row < rows; ++row) {
        const int32_t steps = ((even(sums[row], multipliers[row], shift) + 1) >> 1) + zero;
        to[row] = (int8_t)nn4mc_clamp(steps, minimum, maximum);
    }
}

void nn4mc_finish_table_even(const nn4mc_outputs_t *outputs, const nn4mc_int32_t sums[], void *y, size_t rows)
{
    const int32_t *const multipliers = outputs->multipliers;
    const int8_t *const middle = outputs->table + 128;
    const int32_t shift = outputs->shift;
    const int32_t zero = outputs->range.zero;
    int8_t *const to = (int8_t *)y;
    for (size_t row = 0; row < rows; ++row) {
        const int32_t steps = ((even(sums[row], multipliers[row], shift) + 1) >> 1) + zero;
        to[row] = middle[nn4mc_clamp_int8(steps)];
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

void nn4mc_finish_int16_even(const nn4mc_outputs_t *outputs, const nn4mc_int32_t sums[], void *y, size_t rows)
{
    const int32_t *const multipliers = outputs->multipliers;
    const int32_t shift = outputs->shift;
    const int32_t zero = outputs->range.zero;
    const int32_t minimum = outputs->range.minimum;
    const int32_t maximum = outputs->range.maximum;
    nn4mc_int16_t *const to = (nn4mc_int16_t *)y;
    for (size_t row = 0; row < rows; ++row) {
        const int32_t steps = ((even(sums[row], multipliers[row], shift) + 1) >> 1) + zero;
        to[row] = (int16_t)nn4mc_clamp(steps, minimum, maximum);
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

/* Which of `count` elements lie inside the image on one axis is known from the first and the last one's index. */
static int all_inside(size_t first, size_t count, size_t apart, size_t length)
{
    return first < length && first + (count - 1) * apart < length;
}

/* One row of the window, which starts at column `left` (below 0: a huge number) of the image's row at x. */
static void gather_row(const nn4mc_quantized_conv_t *conv, const unsigned char *x, size_t left, size_t depth,
                       nn4mc_int16_t steps[])
{
    const nn4mc_quantized_window_t *const window = &conv->window;
    const size_t apart = window->dilations[1];
    const size_t pixel = window->channels * conv->x_bytes;
    if (apart == 1 && depth == window->channels && all_inside(left, window->wide, 1, window->width)) {
        conv->load(x + left * pixel, steps, window->wide * depth, conv->input_zero);
        return;
    }
    for (size_t column = 0; column < window->wide; ++column, steps += depth) {
        const size_t j = left + column * apart;
        if (j < window->width) {
            conv->load(x + j * pixel, steps, depth, conv->input_zero);
        } else {
            zero_steps(steps, depth);
        }
    }
}

/* steps[high][wide][depth] of the window whose corner is at (top, left), x at its first channel; zeros outside. */
static void gather(const nn4mc_quantized_conv_t *conv, const unsigned char *x, size_t top, size_t left, size_t depth,
                   nn4mc_int16_t steps[])
{
    const nn4mc_quantized_window_t *const window = &conv->window;
    const size_t line = window->width * window->channels * conv->x_bytes;
    for (size_t row = 0; row < window->high; ++row, steps += window->wide * depth) {
        /* below 0 wraps to a huge number, so one comparison sees both edges */
        const size_t i = top + row * window->dilations[0];
        if (i < window->height) {
            gather_row(conv, x + i * line, left, depth, steps);
        } else {
            zero_steps(steps, window->wide * depth);
        }
    }
}

void nn4mc_conv_integer(const nn4mc_quantized_conv_t *conv, const nn4mc_integer_product_t *product, const void *x,
                        void *y, nn4mc_int16_t steps[], nn4mc_int32_t sums[])
{
    const nn4mc_quantized_window_t *const window = &conv->window;
    const nn4mc_int16_t *const in_steps = (const nn4mc_int16_t *)x;
    const size_t count = window->height * window->width * window->channels;
    unsigned char *to = (unsigned char *)y;
    zero_steps(steps, (size_t)4 * product->fours);
    for (size_t down = 0; down < window->out_height; ++down) {
        for (size_t across = 0; across < window->out_width; ++across) {
            const size_t top = down * window->strides[0] - window->top;
            const size_t left = across * window->strides[1] - window->left;
            const size_t at = (top * window->width + left) * window->channels;
            const int inside = all_inside(top, window->high, 1, window->height) &&
                               all_inside(left, window->wide, 1, window->width);
            /* The columns of padding behind a window meet what comes next, with weights of 0. */
            if (conv->in_place && inside && at + (size_t)4 * product->fours <= count) {
                nn4mc_multiply_integers(product, in_steps + at, sums);
            } else {
                gather(conv, (const unsigned char *)x, top, left, window->channels, steps);
                nn4mc_multiply_integers(product, steps, sums);
            }
            conv->finish(&conv->outputs, sums, to, window->out_channels);
            to += conv->y_bytes * window->out_channels;
        }
    }
}

/* The sums of all groups at one place. */
static void sum_groups(const nn4mc_quantized_conv_t *conv, const nn4mc_quantized_groups_t *groups,
                       const unsigned char *x, size_t top, size_t left, nn4mc_int16_t steps[], nn4mc_int32_t sums[])
{
    const nn4mc_quantized_window_t *const window = &conv->window;
    const size_t depth = window->channels / window->groups;
    const size_t rows = window->out_channels / window->groups;
    const size_t columns = window->high * window->wide * depth;
    for (size_t channel = 0; channel < window->out_channels; ++channel) {
        if (channel % rows == 0) {
            gather(conv, x + channel / rows * depth * conv->x_bytes, top, left, depth, steps);
        }
        sums[channel] = groups->bias[channel] + groups->dot(groups->weights, channel, steps, columns, groups->shift);
    }
}

void nn4mc_conv_integer_groups(const nn4mc_quantized_conv_t *conv, const nn4mc_quantized_groups_t *groups,
                               const void *x, void *y, nn4mc_int16_t steps[], nn4mc_int32_t sums[])
{
    const nn4mc_quantized_window_t *const window = &conv->window;
    unsigned char *to = (unsigned char *)y;
    for (size_t down = 0; down < window->out_height; ++down) {
        for (size_t across = 0; across < window->out_width; ++across) {
            sum_groups(conv, groups, (const unsigned char *)x, down * window->strides[0] - window->top,
                       across * window->strides[1] - window->left, steps, sums);
            conv->finish(&conv->outputs, sums, to, window->out_channels);
            to += conv->y_bytes * window->out_channels;
        }
    }
}
