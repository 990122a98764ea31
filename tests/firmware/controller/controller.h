/* A controller small enough to be computed by hand: the firmware's tests run it in place of a generated one. */
#ifndef CONTROLLER_H
#define CONTROLLER_H

#include "nn4mc_controller.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { SENSORS = 3, REFERENCES = 2, COMMANDS = 2, VARIABLES = 2 };

typedef struct controller_state {
    float values[VARIABLES];      /* gain, leak */
    float integral;               /* of the first tracking error */
    float last_command[COMMANDS]; /* the last good one */
    uint32_t bad_steps;           /* in a row */
    nn4mc_mode_t mode;
} controller_state_t;

extern const nn4mc_controller_t controller;

#ifdef __cplusplus
}
#endif

#endif
