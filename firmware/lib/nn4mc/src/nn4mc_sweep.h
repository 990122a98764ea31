/*
 * Products at many positions of an image: the kernels of convolutions and of dense layers along an axis. Blocks, their
 * packing and the order of additions are those of nn4mc_rows.h.
 *
 * nn4mc_pairs_R takes two positions at a time, so that a weight is loaded once for both. The last of an odd number of
 * positions is taken together with the one before it, or with itself where it is the only one.
 * nn4mc_channels_R is for depthwise convolutions: each row has an input of its own, row r of block i meets
 * x[r + i R + column column_step + position x_step].
 */
#ifndef NN4MC_SWEEP_H
#define NN4MC_SWEEP_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Neighbouring columns, met by neighbouring elements of x; `skip` columns before them meet nothing. */
typedef struct nn4mc_stretch {
    const float *x;
    uint32_t columns; /* may be 0 */
    uint32_t skip;
} nn4mc_stretch_t;

/* The steps are in floats from one to the next. The assembly knows the order of the fields of both structs. */
typedef struct nn4mc_sweep {
    const float *weights;
    uint32_t blocks;
    uint32_t block_step; /* R (1 + columns) */
    uint32_t positions;  /* at least 1 */
    uint32_t x_step;
    uint32_t y_step;
    uint32_t column_step; /* of x, for nn4mc_channels_R alone */
} nn4mc_sweep_t;

/* y[block R + row + position y_step] for all blocks and positions. */
typedef void nn4mc_sweep_kernel_t(const nn4mc_sweep_t *sweep, const nn4mc_stretch_t stretches[], size_t count,
                                  float y[]);

nn4mc_sweep_kernel_t nn4mc_pairs_1, nn4mc_pairs_2, nn4mc_pairs_3, nn4mc_pairs_4, nn4mc_pairs_5, nn4mc_pairs_6,
    nn4mc_pairs_7, nn4mc_pairs_8;
nn4mc_sweep_kernel_t nn4mc_channels_1, nn4mc_channels_2, nn4mc_channels_3, nn4mc_channels_4, nn4mc_channels_5,
    nn4mc_channels_6, nn4mc_channels_7, nn4mc_channels_8;

#ifdef __cplusplus
}
#endif

#endif
