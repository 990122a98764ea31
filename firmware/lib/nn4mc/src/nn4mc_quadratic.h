/*
 * Convex quadratic problems over moves: boxes, and a largest change from each move to the next. A primal active set.
 *
 *   minimise g'd + d'H d / 2    with low <= d <= high    and gap_low <= d[v] - d[v - m] <= gap_high    for v >= m
 *
 * The variables are moves of m commands, move by move. d = 0 is feasible, and so is every iterate: stopping early is
 * safe. nn4mc/control/quadratic.py explains the working set.
 */
#ifndef NN4MC_QUADRATIC_H
#define NN4MC_QUADRATIC_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NN4MC_MOST_VARIABLES 12

typedef struct nn4mc_quadratic {
    size_t n;              /* variables, at most NN4MC_MOST_VARIABLES */
    size_t m;              /* of them in a move */
    const float *hessian;  /* [n n], symmetric */
    const float *gradient; /* [n] */
    const float *low;      /* [n], at most 0 */
    const float *high;     /* [n], at least 0 */
    const float *gap_low;  /* [n], of which the first m are not read */
    const float *gap_high; /* [n] */
    float least_pivot;
} nn4mc_quadratic_t;

/*
 * d[n], never worse than 0, and by how much it lowers the function. 0 where a reduced matrix has a pivot below
 * least_pivot, else 1; with `forced` such a pivot becomes least_pivot. factor[n (n + 1) / 2] is working memory.
 */
typedef int nn4mc_quadratic_solver_t(const nn4mc_quadratic_t *problem, int forced, float factor[], float d[],
                                     float *gain);

/* For any number of moves; nn4mc_box.h has one for a single move, where there are no gaps and less to do. */
nn4mc_quadratic_solver_t nn4mc_quadratic_solve;

/* What both use. L D L' of the lower triangle, row by row, in place: L below the diagonal, 1/D on it. */
int nn4mc_factorise(float matrix[], size_t count, float least, int forced);
void nn4mc_substitute(const float matrix[], size_t count, float x[]);

#ifdef __cplusplus
}
#endif

#endif
