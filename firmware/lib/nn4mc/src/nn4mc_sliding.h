/* One axis of an array under a kernel that slides over it: which of the kernel's taps meet elements, not padding. */
#ifndef NN4MC_SLIDING_H
#define NN4MC_SLIDING_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* `kernel` taps, `dilation` apart, move by `stride` over `before` elements of padding and `length` of data. */
typedef struct nn4mc_sliding {
    size_t length;
    size_t outputs; /* positions of the kernel */
    size_t kernel;
    size_t stride;
    size_t dilation;
    size_t before;
} nn4mc_sliding_t;

/* Taps first, first + 1, ... meet the elements start, start + dilation, ...; all other taps are in the padding. */
typedef struct nn4mc_taps {
    size_t first;
    size_t count; /* if 0, the others mean nothing */
    size_t start;
} nn4mc_taps_t;

static inline nn4mc_taps_t nn4mc_taps_at(const nn4mc_sliding_t *axis, size_t position)
{
    const size_t at = position * axis->stride; /* of tap 0, counted from the start of the padding */
    const size_t end = axis->before + axis->length;
    const size_t outside = at < axis->before ? axis->before - at : 0;
    const size_t reach = at < end ? (end - at + axis->dilation - 1) / axis->dilation : 0;
    const size_t last = reach < axis->kernel ? reach : axis->kernel;
    nn4mc_taps_t taps;
    taps.first = (outside + axis->dilation - 1) / axis->dilation;
    taps.count = last > taps.first ? last - taps.first : 0;
    taps.start = at + taps.first * axis->dilation - axis->before;
    return taps;
}

#ifdef __cplusplus
}
#endif

#endif
