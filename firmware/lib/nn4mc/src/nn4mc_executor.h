/*
 * Calls a policy that was trained at one rate at another, higher one.
 *
 * A native step advances the policy's state: the first call after a reset is one, then every `native_every`th call, or
 * the call when the policy's own period has passed. The calls between are intermediate: the network runs from the same
 * state, which stays as it was. The policy sees the mean of the previous actions since the last native step.
 *
 * Around one call:
 *     turn = nn4mc_executor_begin(...);  where it is NN4MC_AFRESH, clear the policy's state
 *     nothing more where sensors or reference are bad: a native step that was due stays so
 *     nn4mc_executor_mean(...);      the previous action to observe
 *     run the network on the state, or for NN4MC_INTERMEDIATE on a copy
 *     nn4mc_executor_advanced(...);  where the state did advance
 *
 * Times are microseconds of any free-running 32-bit clock: it may start anywhere, wrap, and be set back. Nothing here
 * depends on how long a call takes, and all of it is integers, but for the mean.
 */
#ifndef NN4MC_EXECUTOR_H
#define NN4MC_EXECUTOR_H

#include <stddef.h>
#include <stdint.h>

#include "nn4mc_controller.h"
#include "nn4mc_intervals.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A clock that stands still does not stop the policy: so many calls after a native step, the next one is due. */
#define NN4MC_EXECUTOR_MOST_CALLS 256u

typedef struct nn4mc_executor_settings {
    uint32_t period_us;          /* between native steps, at least 1 */
    uint32_t native_every;       /* calls; 0: by time */
    uint32_t keep_phase;         /* 1: native steps keep to a grid of time; 0: the period begins anew at each */
    uint32_t gap_us;             /* so long without a native step and the next one starts afresh; 0: never */
    uint32_t reference_limit_us; /* an older reference is stale; 0: never */
    uint32_t reference_lost_us;  /* an older reference is lost; 0: never */
} nn4mc_executor_settings_t;

typedef enum nn4mc_turn {
    NN4MC_INTERMEDIATE = 0,
    NN4MC_NATIVE = 1,
    NN4MC_AFRESH = 2, /* native, from the policy's initial state */
} nn4mc_turn_t;

typedef enum nn4mc_age {
    NN4MC_FRESH = 0,
    NN4MC_STALE = 1,
    NN4MC_LOST = 2,
} nn4mc_age_t;

typedef struct nn4mc_executor {
    uint32_t time_us;         /* of the last call */
    uint32_t interval_us;     /* between the last two calls; long while there were none */
    int32_t phase_us;         /* since a native step was last due */
    uint32_t idle_us;         /* since the last native step */
    uint32_t reference_stamp;
    uint32_t reference_us;    /* since that stamp was new */
    uint32_t calls;           /* since a native step was last due */
    uint32_t mean_of;         /* previous actions in the mean */
    uint32_t called;          /* 1: time_us and reference_stamp are a call's */
    uint32_t evaluated;       /* 1: a native step was made */
    uint32_t due;             /* 1: a native step is */
    uint32_t tick;            /* 1: it became due at this call */
    uint32_t regular;          /* 1: interval_us is the time to this call, as the clock has it, and no gap */
    uint32_t all_calls;
    uint32_t native_steps;
    uint32_t missed;          /* native steps that were due while no call came */
    uint32_t restarts;        /* times the gap was too long */
    uint32_t steps_back;      /* of the clock */
} nn4mc_executor_t;

/* As before the first call: clock, mean and counters. */
void nn4mc_executor_reset(nn4mc_executor_t *executor);

/* A call at `time_us`. `reference_stamp` is any number that is another one with every new reference. */
nn4mc_turn_t nn4mc_executor_begin(nn4mc_executor_t *executor, const nn4mc_executor_settings_t *settings,
                                  uint32_t time_us, uint32_t reference_stamp);

/* Takes `previous`, the action of the call before, into mean[count]: that of all since the last native step. */
void nn4mc_executor_mean(nn4mc_executor_t *executor, const float previous[], float mean[], size_t count);

/* A native step was made. */
void nn4mc_executor_advanced(nn4mc_executor_t *executor, const nn4mc_executor_settings_t *settings);

/* How old the reference of the last call is. */
nn4mc_age_t nn4mc_executor_reference(const nn4mc_executor_t *executor, const nn4mc_executor_settings_t *settings);

/* The part of a period, at most all of it, between the last two calls: limits given for a period, as of a rate, scale. */
float nn4mc_executor_share(const nn4mc_executor_t *executor, const nn4mc_executor_settings_t *settings);

/* Takes the time between the last two calls into `intervals`, unless the clock was set back or it is a gap. */
void nn4mc_executor_measure(const nn4mc_executor_t *executor, nn4mc_intervals_t *intervals);

/* Counters, and the last hundred intervals measured. */
void nn4mc_executor_timing(const nn4mc_executor_t *executor, const nn4mc_intervals_t *intervals, nn4mc_timing_t *timing);

/* A variable as a whole number; 0 for what is none, NaN included. */
static inline uint32_t nn4mc_executor_whole(float value)
{
    return value >= 1.0f && value <= 1.0e9f ? (uint32_t)value : 0u;
}

#ifdef __cplusplus
}
#endif

#endif
