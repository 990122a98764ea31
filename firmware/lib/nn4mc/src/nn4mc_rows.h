/*
 * Matrix-vector products over packed weights, the one kernel under dense, convolution and recurrent layers.
 *
 * A block is R rows of a matrix, 1 <= R <= 16, packed by columns: R biases, then R weights for each column. Every row
 * adds in one order, its bias first and then its columns from left to right, so that each kernel gives the same bits:
 * the portable one in nn4mc_rows.c and the one of the Cortex-M4F in nn4mc_rows_m4f.S.
 */
#ifndef NN4MC_ROWS_H
#define NN4MC_ROWS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Neighbouring columns met by neighbouring elements of x; `skip` columns of the weights before them meet nothing. */
typedef struct nn4mc_run {
    const float *x;
    uint32_t columns;
    uint32_t skip;
} nn4mc_run_t;

/*
 * What a kernel walks over: blocks of rows, and for each block the positions at which it is applied. The steps are in
 * floats from one block or position to the next. The assembly knows the order of these fields.
 */
typedef struct nn4mc_rows {
    const float *weights;
    uint32_t blocks;
    uint32_t block_step; /* R (1 + columns) */
    uint32_t positions;
    uint32_t x_step;
    uint32_t y_step;
    uint32_t column_step; /* from x of a column to that of the next, in nn4mc_channels.h; 1 here */
} nn4mc_rows_t;

/* y[block R + row + position y_step] for all blocks and positions; `runs` cover the columns in order. */
typedef void nn4mc_rows_kernel_t(const nn4mc_rows_t *rows, const nn4mc_run_t runs[], size_t run_count, float y[]);

nn4mc_rows_kernel_t nn4mc_rows_1, nn4mc_rows_2, nn4mc_rows_3, nn4mc_rows_4, nn4mc_rows_5, nn4mc_rows_6, nn4mc_rows_7,
    nn4mc_rows_8, nn4mc_rows_9, nn4mc_rows_10, nn4mc_rows_11, nn4mc_rows_12, nn4mc_rows_13, nn4mc_rows_14,
    nn4mc_rows_15, nn4mc_rows_16;

/* Rows of one height, which make y from `first` on of x from `x` on. */
typedef struct nn4mc_part {
    nn4mc_rows_kernel_t *kernel;
    uint32_t x;
    uint32_t first;
    nn4mc_rows_t rows;
} nn4mc_part_t;

/* A whole matrix: at most two parts a group. */
typedef struct nn4mc_product {
    const nn4mc_part_t *parts;
    size_t count;
} nn4mc_product_t;

/* y = bias + matrix times what `runs` meet, for parts that all begin at x 0. */
static inline void nn4mc_multiply(const nn4mc_product_t *product, const nn4mc_run_t runs[], size_t run_count,
                                  float y[])
{
    for (size_t i = 0; i < product->count; ++i) {
        const nn4mc_part_t *const part = product->parts + i;
        part->kernel(&part->rows, runs, run_count, y + part->first);
    }
}

#ifdef __cplusplus
}
#endif

#endif
