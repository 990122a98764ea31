#include "nn4mc_shape.h"

#include "nn4mc_bits.h"

/* The same loops for each type of element. */
#define COPY_STRIDED(name, type)                                                                            \
    NN4MC_KEEP_LOOP void name(const nn4mc_axis_t axes[], size_t rank, const type from[], type to[])         \
    {                                                                                                       \
        const nn4mc_axis_t run = axes[rank - 1];                                                            \
        const size_t runs = nn4mc_places(axes, rank - 1);                                                   \
        for (size_t i = 0; i < runs; ++i) {                                                                 \
            nn4mc_place_t at = nn4mc_place_of(axes, rank - 1, i);                                              \
            for (size_t j = 0; j < run.size; ++j) {                                                         \
                to[at.second] = from[at.first];                                                             \
                at.first += run.first;                                                                      \
                at.second += run.second;                                                                    \
            }                                                                                               \
        }                                                                                                   \
    }

#define GATHER(name, type)                                                                                  \
    NN4MC_KEEP_LOOP void name(const type from[], type to[], size_t blocks, size_t length, size_t run,       \
                              const size_t indices[], size_t count)                                         \
    {                                                                                                       \
        for (size_t block = 0; block < blocks; ++block) {                                                   \
            for (size_t k = 0; k < count; ++k) {                                                            \
                const type *const slice = from + (block * length + indices[k]) * run;                       \
                for (size_t i = 0; i < run; ++i) {                                                          \
                    *to++ = slice[i];                                                                       \
                }                                                                                           \
            }                                                                                               \
        }                                                                                                   \
    }

#define FILL(name, type)                                                                                    \
    NN4MC_KEEP_LOOP void name(type to[], size_t count, type value)                                          \
    {                                                                                                       \
        for (size_t i = 0; i < count; ++i) {                                                                \
            to[i] = value;                                                                                  \
        }                                                                                                   \
    }

COPY_STRIDED(nn4mc_copy_strided, float)
COPY_STRIDED(nn4mc_copy_strided_int8, int8_t)
GATHER(nn4mc_gather, float)
GATHER(nn4mc_gather_int8, int8_t)
FILL(nn4mc_fill, float)
FILL(nn4mc_fill_int8, int8_t)
