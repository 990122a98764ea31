#include "nn4mc_quantized_binary.h"

/* Bits that inputs gain before they meet: the rounding of their factors stays below a step of the output. */
#define SPARE_BITS 20

static int32_t term(int32_t value, const nn4mc_quantized_term_t *part)
{
    return nn4mc_scale((value - part->zero) * (1 << SPARE_BITS), part->factor);
}

static int8_t sum_of(const nn4mc_quantized_sum_t *sum, int32_t a, int32_t b)
{
    return nn4mc_to_range(term(a, &sum->first) + term(b, &sum->second), sum->factor, &sum->range);
}

static int8_t product_of(const nn4mc_quantized_product_t *product, int32_t a, int32_t b)
{
    const int32_t exact = (a - product->first_zero) * (b - product->second_zero);
    return nn4mc_to_range(exact, product->factor, &product->range);
}

/* The last axis is walked by steps; only the places where it starts are worked out from an index. */
void nn4mc_add_int8(const nn4mc_axis_t axes[], size_t rank, const nn4mc_quantized_sum_t *sum, const int8_t a[],
                    const int8_t b[], int8_t y[])
{
    const nn4mc_axis_t run = axes[rank - 1];
    const size_t runs = nn4mc_places(axes, rank - 1);
    for (size_t i = 0; i < runs; ++i) {
        nn4mc_place_t at = nn4mc_place_of(axes, rank - 1, i);
        for (size_t j = 0; j < run.size; ++j) {
            *y++ = sum_of(sum, a[at.first], b[at.second]);
            at.first += run.first;
            at.second += run.second;
        }
    }
}

void nn4mc_mul_int8(const nn4mc_axis_t axes[], size_t rank, const nn4mc_quantized_product_t *product,
                    const int8_t a[], const int8_t b[], int8_t y[])
{
    const nn4mc_axis_t run = axes[rank - 1];
    const size_t runs = nn4mc_places(axes, rank - 1);
    for (size_t i = 0; i < runs; ++i) {
        nn4mc_place_t at = nn4mc_place_of(axes, rank - 1, i);
        for (size_t j = 0; j < run.size; ++j) {
            *y++ = product_of(product, a[at.first], b[at.second]);
            at.first += run.first;
            at.second += run.second;
        }
    }
}
