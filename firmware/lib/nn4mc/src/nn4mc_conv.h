/*
 * Direct 2D convolution, channels last, without a buffer: strides, dilation, padding with zeros, groups, depthwise.
 * Every output adds in one order: bias, then the kernel's rows, its columns and the channels; padding is skipped.
 */
#ifndef NN4MC_CONV_H
#define NN4MC_CONV_H

#include <stddef.h>
#include <stdint.h>

#include "nn4mc_bits.h"
#include "nn4mc_sliding.h"
#include "nn4mc_sweep.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Output channels from `first` on, of input channels from `x` on; `positions` of the sweep is not looked at. */
typedef struct nn4mc_channel_part {
    nn4mc_sweep_kernel_t *kernel;
    uint32_t x;
    uint32_t first;
    nn4mc_sweep_t sweep; /* its columns are the kernel's rows, columns and channels */
} nn4mc_channel_part_t;

typedef struct nn4mc_conv {
    const nn4mc_channel_part_t *parts;
    size_t part_count;
    nn4mc_sliding_t rows;
    nn4mc_sliding_t columns;
    size_t batch;
    size_t channels;
    size_t outputs;  /* output channels */
    size_t depth;    /* columns of the sweep a tap: input channels a group */
    int touching;    /* 1: all taps of a row of the kernel are one stretch, 0: each is one */
} nn4mc_conv_t;

/*
 * y[batch][rows.outputs][columns.outputs][outputs] from x[batch][rows.length][columns.length][channels].
 * stretches is working memory: one a row of the kernel if `touching`, else one a tap.
 */
void nn4mc_conv(const nn4mc_conv_t *conv, const float *NN4MC_RESTRICT x, nn4mc_stretch_t stretches[],
                float *NN4MC_RESTRICT y);

#ifdef __cplusplus
}
#endif

#endif
