/* Tables of axes, worked out by the compiler of networks, by which the kernels walk two arrays at once. */
#ifndef NN4MC_AXES_H
#define NN4MC_AXES_H

#include <stddef.h>

/* An axis: its size, and the elements that one step along it moves in each array (0: it stands still). */
typedef struct nn4mc_axis {
    size_t size;
    ptrdiff_t first;
    ptrdiff_t second;
} nn4mc_axis_t;

/* A place in both arrays, in elements. */
typedef struct nn4mc_place {
    ptrdiff_t first;
    ptrdiff_t second;
} nn4mc_place_t;

/* The number of places along `rank` axes. */
static inline size_t nn4mc_places(const nn4mc_axis_t axes[], size_t rank)
{
    size_t count = 1;
    for (size_t axis = 0; axis < rank; ++axis) {
        count *= axes[axis].size;
    }
    return count;
}

/* The place number `index` in C order: the last axis runs fastest. */
static inline nn4mc_place_t nn4mc_place_of(const nn4mc_axis_t axes[], size_t rank, size_t index)
{
    nn4mc_place_t place = {0, 0};
    for (size_t axis = rank; axis-- > 0;) {
        const ptrdiff_t step = (ptrdiff_t)(index % axes[axis].size);
        index /= axes[axis].size;
        place.first += step * axes[axis].first;
        place.second += step * axes[axis].second;
    }
    return place;
}

#endif
