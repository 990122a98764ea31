/*
 * A matrix times several columns at once: a loaded weight serves a value and its derivatives.
 *
 * A block is R rows of a matrix, 1 <= R <= 8, packed by columns: R weights for each column, without a bias. Two
 * positions are taken at a time, the last of an odd number alone. Every row starts where it is told to and adds its
 * columns from left to right, so that each kernel gives the same bits: the portable one and that of the Cortex-M4F.
 */
#ifndef NN4MC_COLUMNS_H
#define NN4MC_COLUMNS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Columns of weights to take (may be none), and positions, at least one, with the floats from one to the next. Sums of
 * the first position start from `value`, those of the second from `rest`, and so on by steps of `rest_step` floats.
 * A step of 0 stands for sums from 0: then `rest` is nn4mc_columns_zeros. Both may be y itself.
 */
typedef struct nn4mc_walk {
    uint32_t from;
    uint32_t columns;
    uint32_t positions;
    uint32_t x_step;
    uint32_t y_step;
    const float *value;
    const float *rest;
    uint32_t rest_step;
} nn4mc_walk_t;

typedef struct nn4mc_block_rows nn4mc_block_rows_t;

/*
 * With row = first + block R + i < all rows, and position p:
 * y[row + p y_step] = start + sum over columns of weights[from + column] x[column + p x_step],
 * where start is value[row] for p = 0, rest[row + (p - 1) rest_step] for the others
 */
typedef void nn4mc_columns_kernel_t(const nn4mc_block_rows_t *rows, const float x[], float y[],
                                    const nn4mc_walk_t *walk);

#define NN4MC_COLUMNS_MOST_ROWS 8
extern const float nn4mc_columns_zeros[NN4MC_COLUMNS_MOST_ROWS];

/* Rows of one height R, from row `first` on. The assembly knows the order of the fields of both structs. */
struct nn4mc_block_rows {
    nn4mc_columns_kernel_t *kernel; /* the one of height R */
    const float *weights;
    uint32_t blocks;     /* at least 1 */
    uint32_t block_step; /* floats from block to block: R times all columns there are */
    uint32_t first;
};

nn4mc_columns_kernel_t nn4mc_columns_1, nn4mc_columns_2, nn4mc_columns_3, nn4mc_columns_4, nn4mc_columns_5,
    nn4mc_columns_6, nn4mc_columns_7, nn4mc_columns_8;

#ifdef __cplusplus
}
#endif

#endif
