#include "nn4mc_reduce.h"

#include "nn4mc_bits.h"

/* y starts with one value everywhere; then each p of x meets the q of y that it belongs to. */
#define REDUCTION(name, expression)                                                                         \
    static void name(const nn4mc_axis_t axes[], size_t rank, const float x[], float y[])                    \
    {                                                                                                       \
        const nn4mc_axis_t run = axes[rank - 1];                                                            \
        const size_t runs = nn4mc_places(axes, rank - 1);                                                   \
        for (size_t i = 0; i < runs; ++i) {                                                                 \
            nn4mc_place_t at = nn4mc_place_of(axes, rank - 1, i);                                              \
            for (size_t j = 0; j < run.size; ++j) {                                                         \
                const float p = x[at.first];                                                                \
                const float q = y[at.second];                                                               \
                y[at.second] = expression;                                                                  \
                at.first += run.first;                                                                      \
                at.second += run.second;                                                                    \
            }                                                                                               \
        }                                                                                                   \
    }

REDUCTION(take_sum, q + p)
REDUCTION(take_max, nn4mc_larger(p, q))
REDUCTION(take_min, nn4mc_lesser(p, q))

static NN4MC_KEEP_LOOP void start(float y[], size_t count, float value)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] = value;
    }
}

void nn4mc_reduce_sum(const nn4mc_axis_t axes[], size_t rank, const float x[], float y[], size_t count)
{
    start(y, count, 0.0f);
    take_sum(axes, rank, x, y);
}

void nn4mc_reduce_mean(const nn4mc_axis_t axes[], size_t rank, const float x[], float y[], size_t count, float terms)
{
    nn4mc_reduce_sum(axes, rank, x, y, count);
    for (size_t i = 0; i < count; ++i) {
        y[i] /= terms;
    }
}

void nn4mc_reduce_max(const nn4mc_axis_t axes[], size_t rank, const float x[], float y[], size_t count)
{
    start(y, count, nn4mc_float(NN4MC_SIGN_BIT | NN4MC_INFINITY_BITS));
    take_max(axes, rank, x, y);
}

void nn4mc_reduce_min(const nn4mc_axis_t axes[], size_t rank, const float x[], float y[], size_t count)
{
    start(y, count, nn4mc_float(NN4MC_INFINITY_BITS));
    take_min(axes, rank, x, y);
}
