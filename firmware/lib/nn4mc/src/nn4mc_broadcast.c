#include "nn4mc_broadcast.h"

#include "nn4mc_bits.h"

/* One kernel for each operation rather than a call for each element: what differs is one expression of p and q. */
#define BINARY(name, expression)                                                                            \
    void name(const nn4mc_axis_t axes[], size_t rank, const float a[], const float b[], float y[])          \
    {                                                                                                       \
        const nn4mc_axis_t run = axes[rank - 1];                                                            \
        const size_t runs = nn4mc_places(axes, rank - 1);                                                   \
        for (size_t i = 0; i < runs; ++i) {                                                                 \
            nn4mc_place_t at = nn4mc_place_of(axes, rank - 1, i);                                              \
            for (size_t j = 0; j < run.size; ++j) {                                                         \
                const float p = a[at.first];                                                                \
                const float q = b[at.second];                                                               \
                *y++ = expression;                                                                          \
                at.first += run.first;                                                                      \
                at.second += run.second;                                                                    \
            }                                                                                               \
        }                                                                                                   \
    }

BINARY(nn4mc_add, p + q)
BINARY(nn4mc_sub, p - q)
BINARY(nn4mc_mul, p * q)
BINARY(nn4mc_div, p / q)
BINARY(nn4mc_maximum, nn4mc_larger(p, q))
BINARY(nn4mc_minimum, nn4mc_lesser(p, q))
BINARY(nn4mc_prelu, nn4mc_select(p > 0.0f, p, p * q))
