/*
 * A matrix times several columns at once, added to what is there: a loaded weight serves a value and its derivatives.
 *
 * A block is R rows of a matrix, 1 <= R <= 8, packed by columns: R weights for each column, without a bias. Two
 * positions are taken at a time, the last of an odd number alone. Every row adds its columns from left to right to what
 * y held, so that each kernel gives the same bits: the portable one and that of the Cortex-M4F.
 */
#ifndef NN4MC_COLUMNS_H
#define NN4MC_COLUMNS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Steps are in floats from one to the next. The assembly knows the order of the fields. */
typedef struct nn4mc_columns {
    const float *weights;
    uint32_t blocks;     /* at least 1 */
    uint32_t block_step; /* R times all columns there are */
    uint32_t columns;    /* those to take, at least 1 */
    uint32_t positions;  /* at least 1 */
    uint32_t x_step;
    uint32_t y_step;
} nn4mc_columns_t;

/* y[block R + row + position y_step] += the sum over columns of the weight times x[column + position x_step]. */
typedef void nn4mc_columns_kernel_t(const nn4mc_columns_t *columns, const float x[], float y[]);

nn4mc_columns_kernel_t nn4mc_columns_1, nn4mc_columns_2, nn4mc_columns_3, nn4mc_columns_4, nn4mc_columns_5,
    nn4mc_columns_6, nn4mc_columns_7, nn4mc_columns_8;

/* y[i + position step] *= factors[i] for i < n and all positions. */
void nn4mc_columns_scale(const float factors[], float y[], size_t n, size_t positions, size_t step);

#ifdef __cplusplus
}
#endif

#endif
