#include "nn4mc_intervals.h"

static void open_block(nn4mc_intervals_t *intervals)
{
    intervals->count = 0u;
    intervals->open.squares = 0u;
    intervals->open.sum = 0u;
    intervals->open.shortest = UINT32_MAX;
    intervals->open.longest = 0u;
}

void nn4mc_intervals_reset(nn4mc_intervals_t *intervals)
{
    open_block(intervals);
    intervals->closed.squares = 0u;
    intervals->closed.sum = 0u;
    intervals->closed.shortest = 0u;
    intervals->closed.longest = 0u;
}

void nn4mc_intervals_add(nn4mc_intervals_t *intervals, uint32_t interval_us)
{
    nn4mc_block_t *const open = &intervals->open;
    const uint32_t interval = interval_us < NN4MC_INTERVALS_LONGEST_US ? interval_us : NN4MC_INTERVALS_LONGEST_US;
    open->squares += (uint64_t)interval * interval;
    open->sum += interval;
    open->shortest = interval < open->shortest ? interval : open->shortest;
    open->longest = interval > open->longest ? interval : open->longest;
    intervals->count += 1u;
    if (intervals->count == NN4MC_INTERVALS_BLOCK) {
        /* Field by field: a structure may be copied by memcpy, which there is none of. */
        intervals->closed.squares = open->squares;
        intervals->closed.sum = open->sum;
        intervals->closed.shortest = open->shortest;
        intervals->closed.longest = open->longest;
        open_block(intervals);
    }
}

float nn4mc_intervals_mean(const nn4mc_intervals_t *intervals)
{
    return (float)intervals->closed.sum / (float)NN4MC_INTERVALS_BLOCK;
}

/* n sum x^2 - (sum x)^2 = n^2 variance, in integers: nothing cancels. Halves, since 64 bits to float is libgcc's. */
float nn4mc_intervals_variance(const nn4mc_intervals_t *intervals)
{
    const float squared = (float)(NN4MC_INTERVALS_BLOCK * NN4MC_INTERVALS_BLOCK);
    const uint64_t sum = intervals->closed.sum;
    const uint64_t spread = NN4MC_INTERVALS_BLOCK * intervals->closed.squares - sum * sum;
    return ((float)(uint32_t)(spread >> 32) * 4294967296.0f + (float)(uint32_t)spread) / squared;
}
