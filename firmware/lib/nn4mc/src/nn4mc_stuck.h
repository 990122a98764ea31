/* A sensor that repeats its last word bit for bit, step after step, is likely dead: noise would move it. */
#ifndef NN4MC_STUCK_H
#define NN4MC_STUCK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct nn4mc_stuck {
    uint32_t bits;
    uint32_t repeats;
} nn4mc_stuck_t;

/* As before the first step. */
void nn4mc_stuck_reset(nn4mc_stuck_t stuck[], size_t count);

/* Takes a step's words; 1 if one of them has repeated `steps` times in a row or more. Below 1, `steps` means never. */
int nn4mc_is_stuck(nn4mc_stuck_t stuck[], const float words[], size_t count, float steps);

#ifdef __cplusplus
}
#endif

#endif
