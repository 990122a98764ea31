#include "nn4mc_quantized_pool.h"

/* What one window saw of one channel. */
typedef struct seen {
    int32_t largest;
    int32_t sum;
    int32_t count;
} seen_t;

static seen_t look(const nn4mc_quantized_pool_t *pool, const int8_t x[], size_t down, size_t across, size_t channel)
{
    seen_t seen = {-128, 0, 0};
    for (size_t row = 0; row < pool->high; ++row) {
        /* below 0 wraps to a huge number, so one comparison sees both edges */
        const size_t i = down * pool->strides[0] + row - pool->top;
        for (size_t column = 0; column < pool->wide; ++column) {
            const size_t j = across * pool->strides[1] + column - pool->left;
            if (i < pool->height && j < pool->width) {
                const int32_t value = x[(i * pool->width + j) * pool->channels + channel];
                seen.largest = value > seen.largest ? value : seen.largest;
                seen.sum += value;
                ++seen.count;
            }
        }
    }
    return seen;
}

static int32_t average(seen_t seen)
{
    const int32_t half = seen.count / 2;
    return (seen.sum > 0 ? seen.sum + half : seen.sum - half) / seen.count;
}

void nn4mc_max_pool_int8(const nn4mc_quantized_pool_t *pool, const int8_t x[], int8_t y[])
{
    for (size_t down = 0; down < pool->out_height; ++down) {
        for (size_t across = 0; across < pool->out_width; ++across) {
            for (size_t channel = 0; channel < pool->channels; ++channel) {
                const int32_t largest = look(pool, x, down, across, channel).largest;
                *y++ = (int8_t)nn4mc_clamp(largest, pool->minimum, pool->maximum);
            }
        }
    }
}

void nn4mc_average_pool_int8(const nn4mc_quantized_pool_t *pool, const int8_t x[], int8_t y[])
{
    for (size_t down = 0; down < pool->out_height; ++down) {
        for (size_t across = 0; across < pool->out_width; ++across) {
            for (size_t channel = 0; channel < pool->channels; ++channel) {
                const int32_t value = average(look(pool, x, down, across, channel));
                *y++ = (int8_t)nn4mc_clamp(value, pool->minimum, pool->maximum);
            }
        }
    }
}

void nn4mc_mean_int8(const int8_t x[], int8_t y[], size_t outer, size_t reduced, size_t inner, int32_t input_zero,
                     nn4mc_factor_t factor, const nn4mc_int8_range_t *range)
{
    for (size_t block = 0; block < outer; ++block) {
        const int8_t *const from = x + block * reduced * inner;
        for (size_t i = 0; i < inner; ++i) {
            int32_t sum = 0;
            for (size_t k = 0; k < reduced; ++k) {
                sum += from[k * inner + i] - input_zero;
            }
            *y++ = nn4mc_to_range(sum, factor, range);
        }
    }
}
