/* The times between calls, in blocks of a hundred: constant memory and work, exact sums. */
#ifndef NN4MC_INTERVALS_H
#define NN4MC_INTERVALS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NN4MC_INTERVALS_BLOCK 100u
/* Longer intervals count as this one, so that no sum overflows. */
#define NN4MC_INTERVALS_LONGEST_US 0x1FFFFFFu

/* Sums over the intervals of a block, in us and us^2. */
typedef struct nn4mc_block {
    uint64_t squares;
    uint32_t sum;
    uint32_t shortest;
    uint32_t longest;
} nn4mc_block_t;

typedef struct nn4mc_intervals {
    nn4mc_block_t open;   /* of `count` intervals, fewer than a block */
    nn4mc_block_t closed; /* the last hundred before it; all 0 while there are none */
    uint32_t count;
} nn4mc_intervals_t;

void nn4mc_intervals_reset(nn4mc_intervals_t *intervals);
void nn4mc_intervals_add(nn4mc_intervals_t *intervals, uint32_t interval_us);

/* Mean in us and variance in us^2 of the closed block; 0 before there is one. */
float nn4mc_intervals_mean(const nn4mc_intervals_t *intervals);
float nn4mc_intervals_variance(const nn4mc_intervals_t *intervals);

#ifdef __cplusplus
}
#endif

#endif
