/*
 * The kernel of depthwise convolutions: rows as in nn4mc_rows.h, at most 8 a block, but each with an input of its own.
 * Row r of block i meets x[r + i R + column column_step + position x_step].
 */
#ifndef NN4MC_CHANNELS_H
#define NN4MC_CHANNELS_H

#include "nn4mc_rows.h"

#ifdef __cplusplus
extern "C" {
#endif

nn4mc_rows_kernel_t nn4mc_channels_1, nn4mc_channels_2, nn4mc_channels_3, nn4mc_channels_4, nn4mc_channels_5,
    nn4mc_channels_6, nn4mc_channels_7, nn4mc_channels_8;

#ifdef __cplusplus
}
#endif

#endif
