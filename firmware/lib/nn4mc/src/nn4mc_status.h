/* What a generated network or controller answers: 0 is success, positive a warning, negative an error. */
#ifndef NN4MC_STATUS_H
#define NN4MC_STATUS_H

typedef enum nn4mc_status {
    NN4MC_OK = 0,
    NN4MC_STALE_REFERENCE = 1,  /* the reference is too old: the command is for rest at its place */
    NN4MC_ERROR_INPUT = -1,     /* an input of the network is NaN or Inf: nothing was computed */
    NN4MC_ERROR_OUTPUT = -2,    /* an output of the network overflowed: it was written as 0 */
    NN4MC_ERROR_SENSORS = -3,   /* a sensor is NaN, Inf or implausible: the command is held */
    NN4MC_ERROR_REFERENCE = -4, /* a reference is NaN, Inf or lost: the command is held */
} nn4mc_status_t;

#endif
