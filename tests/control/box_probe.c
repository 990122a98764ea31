/* Quadratic problems over one move, for ctypes. */
#include "nn4mc_box.h"

int solve_box(const nn4mc_quadratic_t *problem, int forced, float factor[], float d[], float *gain);
int solve_few(const nn4mc_quadratic_t *problem, int forced, float factor[], float d[], float *gain);

int solve_box(const nn4mc_quadratic_t *problem, int forced, float factor[], float d[], float *gain)
{
    return nn4mc_box_solve(problem, forced, factor, d, gain);
}

int solve_few(const nn4mc_quadratic_t *problem, int forced, float factor[], float d[], float *gain)
{
    (void)factor;
    return nn4mc_box_solve_few(problem, forced, d, gain);
}
