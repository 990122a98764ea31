/*
 * Direct 2D convolution, channels last, without a buffer: strides, dilation, padding with zeros, groups, depthwise.
 * Every output adds in one order: bias, then the kernel's rows, its columns and the channels; padding is skipped.
 */
#ifndef NN4MC_CONV_H
#define NN4MC_CONV_H

#include <stddef.h>

#include "nn4mc_bits.h"
#include "nn4mc_sliding.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct nn4mc_conv {
    const float *weights; /* [outputs][rows.kernel][columns.kernel][channels / groups] */
    const float *bias;    /* [outputs] */
    nn4mc_sliding_t rows;
    nn4mc_sliding_t columns;
    size_t batch;
    size_t channels;
    size_t outputs; /* output channels */
    size_t groups;  /* output channel o sees input channels of group o / (outputs / groups) */
} nn4mc_conv_t;

/* y[batch][rows.outputs][columns.outputs][outputs] from x[batch][rows.length][columns.length][channels]. */
void nn4mc_conv_grouped(const nn4mc_conv_t *conv, const float *NN4MC_RESTRICT x, float *NN4MC_RESTRICT y);

/* The same for one input channel a group (channels = groups), where it is faster. */
void nn4mc_conv_depthwise(const nn4mc_conv_t *conv, const float *NN4MC_RESTRICT x, float *NN4MC_RESTRICT y);

#ifdef __cplusplus
}
#endif

#endif
