/* The portable loops of nn4mc_vector.h; nn4mc_vector_m4f.S stands in for them on a Cortex-M4F. */
#include "nn4mc_vector.h"

#include "nn4mc_config.h"

#ifndef NN4MC_CORTEX_M4F

void nn4mc_vector_product(const float a[], const float b[], float y[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] = a[i] * b[i];
    }
}

void nn4mc_vector_add_product(const float a[], const float b[], float y[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        y[i] += a[i] * b[i];
    }
}

void nn4mc_vector_blend(const float a[], const float b[], float y[], size_t count)
{
    const float *const z = a - count;
    for (size_t i = 0; i < count; ++i) {
        y[i] = (1.0f - z[i]) * a[i] + z[i] * b[i];
    }
}

void nn4mc_vector_cell(const float gates[], const float c[], float y[], size_t count)
{
    const float *const f = gates + count;
    const float *const g = gates + 3 * count;
    for (size_t i = 0; i < count; ++i) {
        y[i] = f[i] * c[i] + gates[i] * g[i];
    }
}

#endif
