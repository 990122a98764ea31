/*
 * PID loops over a static allocation of their outputs to the commands, with a filtered derivative and back-calculation
 * as anti-windup. The equations are in nn4mc/control/pid.py.
 */
#ifndef NN4MC_PID_H
#define NN4MC_PID_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What does not change: n loops, m commands. */
typedef struct nn4mc_pid_config {
    size_t loops;
    size_t commands;
    float period;                /* s */
    const float *allocation;     /* [m][n], command per unit of output */
    const float *inverse;        /* [n][m], its pseudo-inverse */
    const float *trim;           /* [m] */
    const float *error_limit;    /* [n], above 0 */
    const float *integral_limit; /* [n], above 0 */
} nn4mc_pid_config_t;

/* The caller's settings, at least 0 each; `tracking_rate` is at most 1 / period. */
typedef struct nn4mc_pid_settings {
    const float *gains; /* [n][3]: proportional, integral, derivative */
    float filter;       /* s */
    float derivative_weight;
    float tracking_rate; /* 1/s */
} nn4mc_pid_settings_t;

typedef struct nn4mc_pid_loop {
    float error;
    float integral;
    float filtered;
} nn4mc_pid_loop_t;

/* As before the first step. */
void nn4mc_pid_reset(nn4mc_pid_loop_t loops[], size_t count);

/*
 * wish[m] from finite measured[n] and wanted[n]; advances the derivative's filter, not the integral. With `fresh` the
 * filter starts here, so that a derivative over a gap in the measurements is 0. `scratch` has n words.
 */
void nn4mc_pid_wish(const nn4mc_pid_config_t *config, const nn4mc_pid_settings_t *settings, nn4mc_pid_loop_t loops[],
                    const float measured[], const float wanted[], int fresh, float scratch[], float wish[]);

/* Advances the integral, with what became of the wish, which is overwritten. */
void nn4mc_pid_integrate(const nn4mc_pid_config_t *config, const nn4mc_pid_settings_t *settings,
                         nn4mc_pid_loop_t loops[], const float command[], float wish[]);

#ifdef __cplusplus
}
#endif

#endif
