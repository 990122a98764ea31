/*
 * The last word on every command: finite, within its limits and its rate, whatever the controller computed.
 * A bad step holds the last good command; after `hold_steps` of them in a row the command ramps to the safe one.
 */
#ifndef NN4MC_GUARD_H
#define NN4MC_GUARD_H

#include <stddef.h>
#include <stdint.h>

#include "nn4mc_controller.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct nn4mc_guard_limits {
    const float *minimum; /* [count] */
    const float *maximum; /* [count] */
    const float *safe;    /* [count], within the two */
    size_t count;
} nn4mc_guard_limits_t;

/* The caller's settings, at least 0 each; rates are a step's largest change of one word. */
typedef struct nn4mc_guard_settings {
    float rate;
    float safe_rate;
    float hold_steps;
} nn4mc_guard_settings_t;

typedef struct nn4mc_guard {
    uint32_t bad_steps; /* in a row */
    nn4mc_mode_t mode;
} nn4mc_guard_t;

/* As before the first step: `last`, the command to start from, becomes `start` within the limits. */
void nn4mc_guard_reset(nn4mc_guard_t *guard, const nn4mc_guard_limits_t *limits, float start, float last[]);

/* Takes finite wishes; `last` becomes the command, within `rate` of what it was. */
void nn4mc_guard_accept(nn4mc_guard_t *guard, const nn4mc_guard_limits_t *limits, float rate, const float wished[],
                        float last[]);

/* A step without a command of its own; `last` becomes the command. */
void nn4mc_guard_refuse(nn4mc_guard_t *guard, const nn4mc_guard_limits_t *limits,
                        const nn4mc_guard_settings_t *settings, float last[]);

#ifdef __cplusplus
}
#endif

#endif
