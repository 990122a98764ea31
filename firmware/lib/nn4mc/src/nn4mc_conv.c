#include "nn4mc_conv.h"

#include "nn4mc_config.h"
#include "nn4mc_product.h"

/* The part of the kernel and of an image that meet at one position. */
typedef struct patch {
    size_t rows; /* taps */
    size_t columns;
    size_t tap; /* the first one, in the kernel */
    size_t x;   /* the element it meets, in the image */
    size_t row_step; /* elements of the image from tap to tap */
    size_t column_step;
} patch_t;

static patch_t patch_at(const nn4mc_conv_t *conv, const nn4mc_taps_t *rows, size_t column)
{
    const nn4mc_taps_t columns = nn4mc_taps_at(&conv->columns, column);
    patch_t patch;
    patch.rows = columns.count ? rows->count : 0;
    patch.columns = columns.count;
    patch.tap = rows->first * conv->columns.kernel + columns.first;
    patch.x = (rows->start * conv->columns.length + columns.start) * conv->channels;
    patch.row_step = conv->rows.dilation * conv->columns.length * conv->channels;
    patch.column_step = conv->columns.dilation * conv->channels;
    return patch;
}

#if NN4MC_BLOCK_ROWS == 4
/* Four output channels side by side: one load of x serves four products, and no sum waits for the one before it. */
static void accumulate_four(const float *NN4MC_RESTRICT w, size_t stride, const float *NN4MC_RESTRICT x,
                            float *NN4MC_RESTRICT y, size_t count)
{
    const float *const w1 = w + stride;
    const float *const w2 = w1 + stride;
    const float *const w3 = w2 + stride;
    float y0 = y[0];
    float y1 = y[1];
    float y2 = y[2];
    float y3 = y[3];
    for (size_t i = 0; i < count; ++i) {
        const float value = x[i];
        y0 += w[i] * value;
        y1 += w1[i] * value;
        y2 += w2[i] * value;
        y3 += w3[i] * value;
    }
    y[0] = y0;
    y[1] = y1;
    y[2] = y2;
    y[3] = y3;
}
#endif

/* y[outputs] += w[outputs][count] x[count], the rows of w `stride` apart. */
static void accumulate(const float *NN4MC_RESTRICT w, size_t stride, const float *NN4MC_RESTRICT x,
                       float *NN4MC_RESTRICT y, size_t outputs, size_t count)
{
    size_t output = 0;
#if NN4MC_BLOCK_ROWS == 4
    for (; output + 4 <= outputs; output += 4) {
        accumulate_four(w + output * stride, stride, x, y + output, count);
    }
#endif
    for (; output < outputs; ++output) {
        const float *const weights = w + output * stride;
        float sum = y[output];
        for (size_t i = 0; i < count; ++i) {
            sum += weights[i] * x[i];
        }
        y[output] = sum;
    }
}

/* y[outputs of a group] += w x over a patch; where columns touch in x as they do in w, a row is one run. */
static void accumulate_patch(const nn4mc_conv_t *conv, const patch_t *patch, const float *w, const float *x, float *y)
{
    const size_t depth = conv->channels / conv->groups;
    const size_t stride = conv->rows.kernel * conv->columns.kernel * depth;
    const int touching = patch->column_step == depth;
    const size_t runs = touching ? 1 : patch->columns;
    const size_t count = touching ? patch->columns * depth : depth;
    for (size_t row = 0; row < patch->rows; ++row) {
        const float *const w_row = w + (patch->tap + row * conv->columns.kernel) * depth;
        const float *const x_row = x + patch->x + row * patch->row_step;
        for (size_t run = 0; run < runs; ++run) {
            accumulate(w_row + run * depth, stride, x_row + run * patch->column_step, y,
                       conv->outputs / conv->groups, count);
        }
    }
}

/* All output channels at one position. */
static void groups_at(const nn4mc_conv_t *conv, const patch_t *patch, const float *x, float *y)
{
    const size_t depth = conv->channels / conv->groups;
    const size_t outputs = conv->outputs / conv->groups;
    const size_t weights = outputs * conv->rows.kernel * conv->columns.kernel * depth;
    for (size_t group = 0; group < conv->groups; ++group) {
        accumulate_patch(conv, patch, conv->weights + group * weights, x + group * depth, y + group * outputs);
    }
}

#if NN4MC_BLOCK_ROWS == 4
/* Four neighbouring output channels, each with its own weights w[4][taps] and its own input channel. */
static void depthwise_four(const nn4mc_conv_t *conv, const patch_t *patch, const float *w, const float *const x[4],
                           float *NN4MC_RESTRICT y)
{
    const size_t taps = conv->rows.kernel * conv->columns.kernel;
    float y0 = y[0];
    float y1 = y[1];
    float y2 = y[2];
    float y3 = y[3];
    for (size_t row = 0; row < patch->rows; ++row) {
        const float *weight = w + patch->tap + row * conv->columns.kernel;
        size_t at = patch->x + row * patch->row_step;
        for (size_t column = 0; column < patch->columns; ++column) {
            y0 += weight[0] * x[0][at];
            y1 += weight[taps] * x[1][at];
            y2 += weight[2 * taps] * x[2][at];
            y3 += weight[3 * taps] * x[3][at];
            ++weight;
            at += patch->column_step;
        }
    }
    y[0] = y0;
    y[1] = y1;
    y[2] = y2;
    y[3] = y3;
}
#endif

static float depthwise_one(const nn4mc_conv_t *conv, const patch_t *patch, const float *w, const float *x, float sum)
{
    for (size_t row = 0; row < patch->rows; ++row) {
        const float *const weights = w + patch->tap + row * conv->columns.kernel;
        const float *const x_row = x + patch->x + row * patch->row_step;
        for (size_t column = 0; column < patch->columns; ++column) {
            sum += weights[column] * x_row[column * patch->column_step];
        }
    }
    return sum;
}

/* All output channels at one position: output channel o sees input channel o / multiplier. */
static void channels_at(const nn4mc_conv_t *conv, const patch_t *patch, const float *x, float *y)
{
    const size_t taps = conv->rows.kernel * conv->columns.kernel;
    const size_t multiplier = conv->outputs / conv->channels;
    size_t output = 0;
#if NN4MC_BLOCK_ROWS == 4
    for (; output + 4 <= conv->outputs; output += 4) {
        const float *const channels[4] = {
            x + output / multiplier,
            x + (output + 1) / multiplier,
            x + (output + 2) / multiplier,
            x + (output + 3) / multiplier,
        };
        depthwise_four(conv, patch, conv->weights + output * taps, channels, y + output);
    }
#endif
    for (; output < conv->outputs; ++output) {
        y[output] = depthwise_one(conv, patch, conv->weights + output * taps, x + output / multiplier, y[output]);
    }
}

static void slide(const nn4mc_conv_t *conv, const float *x, float *y,
                  void (*at)(const nn4mc_conv_t *conv, const patch_t *patch, const float *x, float *y))
{
    const size_t image = conv->rows.length * conv->columns.length * conv->channels;
    for (size_t sample = 0; sample < conv->batch; ++sample) {
        for (size_t row = 0; row < conv->rows.outputs; ++row) {
            const nn4mc_taps_t rows = nn4mc_taps_at(&conv->rows, row);
            for (size_t column = 0; column < conv->columns.outputs; ++column) {
                const patch_t patch = patch_at(conv, &rows, column);
                nn4mc_copy(conv->bias, y, conv->outputs);
                at(conv, &patch, x + sample * image, y);
                y += conv->outputs;
            }
        }
    }
}

void nn4mc_conv_grouped(const nn4mc_conv_t *conv, const float *NN4MC_RESTRICT x, float *NN4MC_RESTRICT y)
{
    slide(conv, x, y, groups_at);
}

void nn4mc_conv_depthwise(const nn4mc_conv_t *conv, const float *NN4MC_RESTRICT x, float *NN4MC_RESTRICT y)
{
    slide(conv, x, y, channels_at);
}
