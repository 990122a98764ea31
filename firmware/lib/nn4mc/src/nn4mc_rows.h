/*
 * Matrix-vector products over packed weights: the kernel of dense and recurrent layers.
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

/* Neighbouring columns, met by neighbouring elements of x; there is at least one. */
typedef struct nn4mc_run {
    const float *x;
    uint32_t columns;
} nn4mc_run_t;

/* Blocks one behind the other, and how many. The assembly knows the order of the fields of both. */
typedef struct nn4mc_rows {
    const float *weights;
    uint32_t blocks;
} nn4mc_rows_t;

/* y[block R + row] for all blocks; `runs` cover the columns in order. */
typedef void nn4mc_rows_kernel_t(const nn4mc_rows_t *rows, const nn4mc_run_t runs[], size_t run_count, float y[]);

nn4mc_rows_kernel_t nn4mc_rows_1, nn4mc_rows_2, nn4mc_rows_3, nn4mc_rows_4, nn4mc_rows_5, nn4mc_rows_6, nn4mc_rows_7,
    nn4mc_rows_8, nn4mc_rows_9, nn4mc_rows_10, nn4mc_rows_11, nn4mc_rows_12, nn4mc_rows_13, nn4mc_rows_14,
    nn4mc_rows_15, nn4mc_rows_16;

/* Rows of one height, which make y from `first` on. */
typedef struct nn4mc_part {
    nn4mc_rows_kernel_t *kernel;
    uint32_t first;
    nn4mc_rows_t rows;
} nn4mc_part_t;

/* A whole matrix: one part at least. */
typedef struct nn4mc_product {
    const nn4mc_part_t *parts;
    size_t count;
} nn4mc_product_t;

/* y = bias + matrix times what `runs` meet. */
static inline void nn4mc_multiply(const nn4mc_product_t *product, const nn4mc_run_t runs[], size_t run_count,
                                  float y[])
{
    const nn4mc_part_t *part = product->parts;
    const nn4mc_part_t *const end = part + product->count;
    do {
        part->kernel(&part->rows, runs, run_count, y + part->first);
        ++part;
    } while (part != end);
}

#ifdef __cplusplus
}
#endif

#endif
