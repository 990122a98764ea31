/*
 * Predictive control by damped Newton-Raphson or Gauss-Newton within hard limits. nn4mc/control has the equations:
 *
 *   J = sum_(k=N1..N2) e_k' Q e_k + sum_(j=1..Nu) du_j' L du_j + barrier,    e_k = wanted_k - y_k
 *
 * The solver itself is written out for each controller's sizes (controller.c). Moves are feasible at every iteration,
 * the cost never rises, and work is bounded: 1 + iterations + 2 retries predictions at most, and for each iteration a
 * quadratic problem of bounded rounds.
 */
#ifndef NN4MC_NMPC_H
#define NN4MC_NMPC_H

#include <stddef.h>
#include <stdint.h>

#include "nn4mc_box.h"
#include "nn4mc_jet.h"
#include "nn4mc_quadratic.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why the solver stopped. */
typedef enum nn4mc_reason {
    NN4MC_ITERATIONS = 0, /* all of them were made */
    NN4MC_CONVERGED = 1,  /* the next step would have been below the tolerance, or its gain below rounding */
    NN4MC_STALLED = 2,    /* no step along the direction lowered the cost */
    NN4MC_NOT_FINITE = 3, /* the prediction overflowed: there is no solution */
} nn4mc_reason_t;

/* How much of a prediction is wanted. */
typedef enum nn4mc_order {
    NN4MC_VALUE = 0,
    NN4MC_FIRST = 1,
    NN4MC_SECOND = 2,
} nn4mc_order_t;

/* s/(u - b + r/2) + s/(b + r/2 - u) - 4 s/r: the paper's barrier around a box of range r and centre b. */
float nn4mc_barrier_cost(float s, float r, float b, float u);

/* Adds its first derivative to *gradient and its second to *diagonal. */
void nn4mc_barrier_slopes(float s, float r, float b, float u, float *gradient, float *diagonal);

/* history[blocks][words], newest first: the oldest block goes, `newest` comes. */
void nn4mc_push(float history[], size_t blocks, size_t words, const float newest[]);

#ifdef __cplusplus
}
#endif

#endif
