#include "nn4mc_conv.h"

/* Where the kernel's taps meet the image: of its rows, of its columns at one position. */
typedef struct patch {
    nn4mc_taps_t rows;
    nn4mc_taps_t columns;
} patch_t;

/* Columns of the sweep before the tap (row, column) of the kernel. */
static size_t column_of(const nn4mc_conv_t *conv, size_t row, size_t column)
{
    return (row * conv->columns.kernel + column) * conv->depth;
}

/* Writes what a patch meets, in the order of the sweep's columns; returns how many stretches, at least one. */
static size_t find_stretches(const nn4mc_conv_t *conv, const patch_t *patch, const float *x, nn4mc_stretch_t stretches[])
{
    const size_t taps = conv->touching ? patch->columns.count : 1; /* a stretch */
    const size_t rows = patch->columns.count ? patch->rows.count : 0;
    size_t count = 0;
    size_t met = 0;
    for (size_t i = 0; i < rows; ++i) {
        const size_t image_row = patch->rows.start + i * conv->rows.dilation;
        for (size_t j = 0; j < patch->columns.count; j += taps) {
            const size_t image_column = patch->columns.start + j * conv->columns.dilation;
            const size_t column = column_of(conv, patch->rows.first + i, patch->columns.first + j);
            stretches[count].x = x + (image_row * conv->columns.length + image_column) * conv->channels;
            stretches[count].columns = (uint32_t)(taps * conv->depth);
            stretches[count].skip = (uint32_t)(column - met);
            met = column + taps * conv->depth;
            ++count;
        }
    }
    if (count == 0) {
        stretches[0].x = x;
        stretches[0].columns = 0;
        stretches[0].skip = 0;
        count = 1;
    }
    return count;
}

/* All output channels at `positions` neighbouring positions that meet the same taps. */
static void apply(const nn4mc_conv_t *conv, nn4mc_stretch_t stretches[], size_t count, size_t positions, float y[])
{
    ptrdiff_t x = 0;
    for (size_t i = 0; i < conv->part_count; ++i) {
        const nn4mc_channel_part_t *const part = conv->parts + i;
        nn4mc_sweep_t sweep = part->sweep;
        sweep.positions = (uint32_t)positions;
        for (size_t j = 0; j < count; ++j) {
            stretches[j].x += (ptrdiff_t)part->x - x;
        }
        x = (ptrdiff_t)part->x;
        part->kernel(&sweep, stretches, count, y + part->first);
    }
}

/* How many positions from this one on have no column of the kernel in the padding; 1 if it has itself. */
static size_t alike(const nn4mc_sliding_t *columns, size_t position, size_t met)
{
    const size_t reach = (columns->kernel - 1) * columns->dilation;
    const size_t end = columns->before + columns->length;
    if (met < columns->kernel) {
        return 1;
    }
    return (end - reach - 1 - position * columns->stride) / columns->stride + 1;
}

void nn4mc_conv(const nn4mc_conv_t *conv, const float *NN4MC_RESTRICT x, nn4mc_stretch_t stretches[], float *NN4MC_RESTRICT y)
{
    const size_t image = conv->rows.length * conv->columns.length * conv->channels;
    for (size_t sample = 0; sample < conv->batch; ++sample) {
        for (size_t row = 0; row < conv->rows.outputs; ++row) {
            patch_t patch;
            size_t positions = 1;
            patch.rows = nn4mc_taps_at(&conv->rows, row);
            for (size_t column = 0; column < conv->columns.outputs; column += positions) {
                const size_t left = conv->columns.outputs - column;
                size_t count;
                patch.columns = nn4mc_taps_at(&conv->columns, column);
                positions = alike(&conv->columns, column, patch.columns.count);
                positions = positions < left ? positions : left;
                count = find_stretches(conv, &patch, x + sample * image, stretches);
                apply(conv, stretches, count, positions, y);
                y += positions * conv->outputs;
            }
        }
    }
}
