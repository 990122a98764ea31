#include "nn4mc_copy.h"

NN4MC_KEEP_LOOP void nn4mc_copy(const float *NN4MC_RESTRICT from, float *NN4MC_RESTRICT to, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        to[i] = from[i];
    }
}

NN4MC_KEEP_LOOP void nn4mc_copy_int8(const int8_t *NN4MC_RESTRICT from, int8_t *NN4MC_RESTRICT to, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        to[i] = from[i];
    }
}

NN4MC_KEEP_LOOP void nn4mc_zero(float to[], size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        to[i] = 0.0f;
    }
}
