/*
 * Predictive control by damped Newton-Raphson or Gauss-Newton within hard limits. nn4mc/control has the equations:
 *
 *   J = sum_(k=N1..N2) e_k' Q e_k + sum_(j=1..Nu) du_j' L du_j + barrier,    e_k = wanted_k - y_k
 *
 * Moves are feasible at every iteration, the cost never rises, and work is bounded: 1 + iterations + 2 retries
 * predictions at most, and for each iteration a quadratic problem of bounded rounds.
 */
#ifndef NN4MC_NMPC_H
#define NN4MC_NMPC_H

#include <stddef.h>
#include <stdint.h>

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

/* Sums over s/(u - b + r/2) + s/(b + r/2 - u) - 4 s/r: the paper's barrier around a box of range r and centre b. */
typedef struct nn4mc_barrier {
    float s;
    const float *r; /* [m] */
    const float *b; /* [m] */
} nn4mc_barrier_t;

/* How much of a prediction is wanted. */
typedef enum nn4mc_order {
    NN4MC_VALUE = 0,
    NN4MC_FIRST = 1,
    NN4MC_SECOND = 2,
} nn4mc_order_t;

/* A problem and the memory to solve it in; n = Nu m, rows = N2 p. Rows are ordered with the last step first. */
typedef struct nn4mc_nmpc nn4mc_nmpc_t;
struct nn4mc_nmpc {
    size_t m;
    size_t moves; /* Nu */
    size_t p;
    size_t horizon;    /* N2 */
    size_t first_step; /* N1 */
    const float *q;    /* [p] */
    const float *l;    /* [m] */
    const float *wanted; /* [rows] */
    const float *low;    /* [m] */
    const float *high;   /* [m] */
    const float *last;   /* [m], the command in force */
    float rate;          /* largest change a step */
    float damping;       /* of the largest diagonal element, added to all of them */
    float tolerance;     /* in units of the commands */
    uint32_t iterations; /* at least 1 */
    uint32_t retries;    /* shorter steps tried, of all iterations together */
    int newton;          /* second derivatives from the second iteration on */
    const nn4mc_barrier_t *barrier; /* or NULL */
    void (*predict)(const nn4mc_nmpc_t *problem, const float moves[], nn4mc_order_t order); /* fills y */
    void (*keep)(void *owner); /* the last prediction is that of the best moves */
    void (*predicted_part)(const nn4mc_nmpc_t *problem, float gradient[], float hessian[]); /* one of the two below */
    nn4mc_quadratic_solver_t *solve_local; /* for one move or for several */
    void *owner;
    nn4mc_jet_t y;     /* jets of [rows] along n directions */
    float *best;       /* [n]: the start, then the solution */
    float *trial;      /* [n] */
    float *weighted;   /* [rows] */
    nn4mc_columns_kernel_t *kernel; /* of height n / blocks, or NULL where H is small */
    size_t blocks;
    float *scaled;     /* [n rows] */
    float *error;      /* [rows] */
    float *hessian;    /* [n n] */
    float *curvature;  /* [n n], or NULL without `newton` */
    float *factor;     /* [n (n + 1) / 2] */
};

typedef struct nn4mc_solution {
    float cost;
    float residual; /* the largest change that the last iteration asked for */
    uint32_t iterations;
    nn4mc_reason_t reason;
} nn4mc_solution_t;

/* 2 S'Q S and -2 S'Q e of the prediction in y: element by element, or by the kernel of the products, with its overhead. */
void nn4mc_nmpc_small(const nn4mc_nmpc_t *problem, float gradient[], float hessian[]);
void nn4mc_nmpc_large(const nn4mc_nmpc_t *problem, float gradient[], float hessian[]);

nn4mc_solution_t nn4mc_nmpc_solve(const nn4mc_nmpc_t *problem);

/* moves[n] brought into the box and then within the rate of one another, one after the other from `last` on. */
void nn4mc_nmpc_inside(const nn4mc_nmpc_t *problem, float moves[]);

/* The columns of a jet along n directions that are in use at step `step` of the horizon. */
nn4mc_span_t nn4mc_nmpc_span(const nn4mc_nmpc_t *problem, size_t step, nn4mc_order_t order);

/* The moves in force at each step, held after the last: held[N2 m], last step first. */
void nn4mc_nmpc_hold(const nn4mc_nmpc_t *problem, const float moves[], float held[]);

/* How many of m words are at an end of what they may be now. */
uint32_t nn4mc_nmpc_saturated(const nn4mc_nmpc_t *problem, const float command[]);

/* history[blocks][words], newest first: the oldest block goes, `newest` comes. */
void nn4mc_push(float history[], size_t blocks, size_t words, const float newest[]);

#ifdef __cplusplus
}
#endif

#endif
