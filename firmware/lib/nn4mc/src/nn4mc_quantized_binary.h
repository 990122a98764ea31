/*
 * int8 sums and products of inputs of different scales, stretched to each other's shape: `axes` are those of the
 * output, with the steps through a and b; y is filled in C order.
 */
#ifndef NN4MC_QUANTIZED_BINARY_H
#define NN4MC_QUANTIZED_BINARY_H

#include <stddef.h>
#include <stdint.h>

#include "nn4mc_axes.h"
#include "nn4mc_fixed_point.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An input: the int8 that stands for real 0, and the factor to the common scale. */
typedef struct nn4mc_quantized_term {
    int32_t zero;
    nn4mc_factor_t factor;
} nn4mc_quantized_term_t;

typedef struct nn4mc_quantized_sum {
    nn4mc_quantized_term_t first;
    nn4mc_quantized_term_t second;
    nn4mc_factor_t factor; /* from the common scale to the output's */
    nn4mc_int8_range_t range;
} nn4mc_quantized_sum_t;

typedef struct nn4mc_quantized_product {
    int32_t first_zero;
    int32_t second_zero;
    nn4mc_factor_t factor;
    nn4mc_int8_range_t range;
} nn4mc_quantized_product_t;

/* y = a + b; a negative multiplier of the second term makes it a - b. */
void nn4mc_add_int8(const nn4mc_axis_t axes[], size_t rank, const nn4mc_quantized_sum_t *sum, const int8_t a[],
                    const int8_t b[], int8_t y[]);

/* y = a b. */
void nn4mc_mul_int8(const nn4mc_axis_t axes[], size_t rank, const nn4mc_quantized_product_t *product,
                    const int8_t a[], const int8_t b[], int8_t y[]);

#ifdef __cplusplus
}
#endif

#endif
