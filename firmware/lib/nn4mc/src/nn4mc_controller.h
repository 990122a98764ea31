/*
 * One interface for every kind of controller: policy, NMPC, PID.
 *
 * A controller is a const table of functions over a state that the caller owns. For any input bits, NaN and Inf
 * included, step() writes a command that is finite and within its limits; a bad step holds the last good command
 * and, after a stated number of them, ramps to the safe one.
 */
#ifndef NN4MC_CONTROLLER_H
#define NN4MC_CONTROLLER_H

#include <stddef.h>
#include <stdint.h>

#include "nn4mc_status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum nn4mc_mode {
    NN4MC_TRACKING = 0, /* the command is this step's own */
    NN4MC_HOLDING = 1,  /* the last good command again */
    NN4MC_SAFE = 2,     /* on the way to the safe command, or there */
} nn4mc_mode_t;

typedef struct nn4mc_variable {
    const char *name;
    const char *unit;
    float minimum;
    float maximum;
    float initial;
} nn4mc_variable_t;

/* One call of a controller that keeps time. */
typedef struct nn4mc_call {
    uint32_t time_us;         /* when the sensors were read; any free-running clock, which may wrap or be set back */
    uint32_t reference_stamp; /* another number with every new reference: its time, a counter */
    const float *sensors;     /* [sensor_len] */
    const float *reference;   /* [reference_len] */
} nn4mc_call_t;

/* How a controller that keeps time was called since its reset; intervals are of the last full hundred calls. */
typedef struct nn4mc_timing {
    uint32_t calls;
    uint32_t native_steps; /* calls that advanced the policy's state */
    uint32_t missed;       /* native steps that were due while no call came */
    uint32_t restarts;     /* times the policy started afresh after a gap */
    uint32_t steps_back;   /* times the clock was set back */
    float mean_us;         /* less the intended interval: the bias */
    float variance_us2;    /* its root is the jitter */
    uint32_t shortest_us;
    uint32_t longest_us;
} nn4mc_timing_t;

typedef struct nn4mc_controller {
    const char *kind;     /* "policy", "nmpc", "pid" */
    const char *model_id; /* 16 hex digits */
    size_t state_size;    /* bytes of the state the caller provides */
    uint8_t sensor_len;
    uint8_t reference_len;
    uint8_t command_len;
    uint8_t variable_len;
    const nn4mc_variable_t *variables;
    const float *safe_command;                /* [command_len] */
    float selftest_limit;                     /* a larger selftest() error: the firmware refuses to step */
    void (*init)(void *state);                /* variables to their initial values, then reset */
    void (*reset)(void *state);               /* as before the first step; variables keep their values */
    nn4mc_status_t (*step)(void *state, const float sensors[], const float reference[], float command[]);
    nn4mc_mode_t (*mode)(const void *state);  /* of the last command */
    float *(*values)(void *state);            /* [variable_len], the variables in force */
    float (*selftest)(void *state);           /* largest error over the golden vectors; resets the state */
    /* Of a controller that keeps time, at any rate of calls, in place of step(); NULL where each step is a period. */
    nn4mc_status_t (*step_at)(void *state, const nn4mc_call_t *call, float command[]);
    void (*timing)(const void *state, nn4mc_timing_t *timing);
} nn4mc_controller_t;

#ifdef __cplusplus
}
#endif

#endif
