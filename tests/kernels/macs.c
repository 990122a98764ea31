/* Multiply-accumulates one by one: as the kernels make them, and libm's on this machine. */
#include <stdint.h>

#include "nn4mc_mac.h"

void run_macs(const float triples[], uint32_t count, float out[]);

void run_macs(const float triples[], uint32_t count, float out[])
{
    for (uint32_t i = 0; i < count; ++i) {
        const float *const at = triples + 3u * i;
        out[i] = nn4mc_mac(at[2], at[0], at[1]);
    }
}

#ifndef __arm__
#include <math.h>

void run_fmaf(const float triples[], uint32_t count, float out[]);

void run_fmaf(const float triples[], uint32_t count, float out[])
{
    for (uint32_t i = 0; i < count; ++i) {
        const float *const at = triples + 3u * i;
        out[i] = fmaf(at[0], at[1], at[2]);
    }
}
#endif
