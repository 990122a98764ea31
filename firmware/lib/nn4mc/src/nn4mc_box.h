/*
 * A quadratic problem over one move: a box, so that the working set is a list of variables that are free. It is inlined
 * where it is used, so that the compiler knows how many variables there are.
 */
#ifndef NN4MC_BOX_H
#define NN4MC_BOX_H

#include "nn4mc_quadratic.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A multiplier this small, relative to the gradient, is rounding. */
#define NN4MC_BOX_STILL 4e-6f

/* The variables that are free, in order. */
typedef struct nn4mc_free_list {
    size_t count;
    uint8_t at[NN4MC_MOST_VARIABLES];
} nn4mc_free_list_t;

/* The step of the free variables to the minimum over them; 0 where a pivot is too small. */
static inline int nn4mc_free_step(const nn4mc_quadratic_t *problem, const nn4mc_free_list_t *list, const float slope[],
                                  int forced, float factor[], float step[])
{
    float *to = factor;
    for (size_t i = 0; i < list->count; ++i) {
        const float *const row = problem->hessian + list->at[i] * problem->n;
        step[i] = -slope[list->at[i]];
        for (size_t j = 0; j <= i; ++j) {
            *to++ = row[list->at[j]];
        }
    }
    if (!nn4mc_factorise(factor, list->count, problem->least_pivot, forced)) {
        return 0;
    }
    nn4mc_substitute(factor, list->count, step);
    return 1;
}

/* To the end of a step, where the free variables' slope is 0; 0 where a bound is in the way, and nothing has moved. */
static inline int nn4mc_go(const nn4mc_quadratic_t *problem, const nn4mc_free_list_t *list, const float step[],
                           float d[], float slope[])
{
    for (size_t i = 0; i < list->count; ++i) {
        const size_t v = list->at[i];
        const float reached = d[v] + step[i];
        if (reached < problem->low[v] || reached > problem->high[v]) {
            return 0;
        }
    }
    for (size_t i = 0; i < list->count; ++i) {
        d[list->at[i]] += step[i];
        slope[list->at[i]] = 0.0f;
    }
    return 1;
}

/* To the first bound in the way, whose variable leaves the list. On the way the free variables' slope falls to 0. */
static inline void nn4mc_go_to_bound(const nn4mc_quadratic_t *problem, nn4mc_free_list_t *list, const float step[],
                                     float d[], float slope[])
{
    float length = 1.0f;
    size_t block = 0;
    size_t v;
    for (size_t i = 0; i < list->count; ++i) {
        const float reached = d[list->at[i]] + step[i];
        v = list->at[i];
        if (reached < problem->low[v] || reached > problem->high[v]) {
            const float room = (step[i] < 0.0f ? problem->low[v] : problem->high[v]) - d[v];
            const float share = room * step[i] > 0.0f ? room / step[i] : 0.0f;
            if (share <= length) {
                length = share;
                block = i;
            }
        }
    }
    for (size_t i = 0; i < list->count; ++i) {
        d[list->at[i]] += length * step[i];
        slope[list->at[i]] *= 1.0f - length;
    }
    v = list->at[block];
    d[v] = step[block] < 0.0f ? problem->low[v] : problem->high[v];
    --list->count;
    for (; block < list->count; ++block) {
        list->at[block] = list->at[block + 1];
    }
}

/* Row v of H times d. */
static inline float nn4mc_bent(const nn4mc_quadratic_t *problem, size_t v, const float d[])
{
    const float *const row = problem->hessian + v * problem->n;
    float sum = 0.0f;
    for (size_t w = 0; w < problem->n; ++w) {
        sum += row[w] * d[w];
    }
    return sum;
}

/* Finds the slope of all that are at a bound, and frees the one that pulls away from it most; 0 where none does. */
static inline int nn4mc_release(const nn4mc_quadratic_t *problem, const float d[], float slope[], float tolerance,
                                nn4mc_free_list_t *list)
{
    float worst = tolerance;
    size_t best = problem->n;
    size_t i = 0;
    for (size_t v = 0; v < problem->n; ++v) {
        float pull;
        if (i < list->count && list->at[i] == v) {
            ++i;
            continue;
        }
        slope[v] = problem->gradient[v] + nn4mc_bent(problem, v, d);
        pull = d[v] <= problem->low[v] ? -slope[v] : slope[v];
        if (pull > worst && problem->low[v] < problem->high[v]) {
            worst = pull;
            best = v;
        }
    }
    if (best == problem->n) {
        return 0;
    }
    for (i = list->count++; i > 0 && list->at[i - 1] > best; --i) {
        list->at[i] = list->at[i - 1];
    }
    list->at[i] = (uint8_t)best;
    return 1;
}

/* -(g'd + d'H d / 2), the slope being g + H d. */
static inline float nn4mc_box_gain(const nn4mc_quadratic_t *problem, const float d[], const float slope[])
{
    float sum = 0.0f;
    for (size_t v = 0; v < problem->n; ++v) {
        sum -= d[v] * (problem->gradient[v] + slope[v]);
    }
    return 0.5f * sum;
}

/* A nn4mc_quadratic_solver_t, for a single move. */
static inline int nn4mc_box_solve(const nn4mc_quadratic_t *problem, int forced, float factor[], float d[], float *gain)
{
    nn4mc_free_list_t list;
    float slope[NN4MC_MOST_VARIABLES];
    float step[NN4MC_MOST_VARIABLES];
    float scale = 0.0f;
    list.count = 0;
    for (size_t v = 0; v < problem->n; ++v) {
        const float g = problem->gradient[v];
        const float size = g < 0.0f ? -g : g;
        const float room = g > 0.0f ? -problem->low[v] : problem->high[v];
        scale = size > scale ? size : scale;
        slope[v] = g;
        d[v] = 0.0f;
        if (room > 0.0f || size <= 0.0f) { /* not at the bound that it is pulled to */
            list.at[list.count++] = (uint8_t)v;
        }
    }
    for (size_t round = 0; round < 3 * problem->n + 4; ++round) {
        if (!nn4mc_free_step(problem, &list, slope, forced, factor, step)) {
            return 0;
        }
        if (!nn4mc_go(problem, &list, step, d, slope)) {
            nn4mc_go_to_bound(problem, &list, step, d, slope);
        } else if (list.count == problem->n ||
                   !nn4mc_release(problem, d, slope, NN4MC_BOX_STILL * scale, &list)) {
            break;
        }
    }
    *gain = nn4mc_box_gain(problem, d, slope);
    return 1;
}

/* The minimum along variable v, within its bounds, with the other one of two at `other`. */
static inline float nn4mc_box_alone(const nn4mc_quadratic_t *problem, size_t v, float other, float pivot)
{
    const float cross = problem->n == 1 ? 0.0f : problem->hessian[1];
    const float d = -(problem->gradient[v] + cross * other) / pivot;
    const float raised = d < problem->low[v] ? problem->low[v] : d;
    return raised > problem->high[v] ? problem->high[v] : raised;
}

/*
 * The same for one variable or two, without a working set. Where the minimum of all lies beyond a bound of one variable,
 * that variable ends there: at any place of the other's bound it would be pulled off that. Where it lies beyond bounds of
 * both, one of the two ends at its bound: the first if it is pulled to it there, or else the second.
 */
static inline int nn4mc_box_solve_few(const nn4mc_quadratic_t *problem, int forced, float d[], float *gain)
{
    const float *const h = problem->hessian;
    const float *const g = problem->gradient;
    const float least = problem->least_pivot;
    const float first = h[0] > least ? h[0] : least;
    float ratio;
    float rest;
    float second;
    int beyond_first;
    int beyond_second;
    if (problem->n == 1) {
        d[0] = nn4mc_box_alone(problem, 0, 0.0f, first);
        *gain = -d[0] * (g[0] + 0.5f * h[0] * d[0]);
        return forced || h[0] > least;
    }
    ratio = h[1] / first;
    rest = h[3] - ratio * h[1];
    second = h[3] > least ? h[3] : least;
    if (!forced && !(h[0] > least && rest > least)) {
        return 0;
    }
    d[1] = (ratio * g[0] - g[1]) / (rest > least ? rest : least);
    d[0] = -(g[0] + h[1] * d[1]) / first;
    beyond_first = d[0] < problem->low[0] || d[0] > problem->high[0];
    beyond_second = d[1] < problem->low[1] || d[1] > problem->high[1];
    if (beyond_first) {
        const float bound = d[0] < problem->low[0] ? problem->low[0] : problem->high[0];
        const int is_low = d[0] < problem->low[0];
        const float there = nn4mc_box_alone(problem, 1, bound, second);
        const float slope = g[0] + h[0] * bound + h[1] * there;
        if (!beyond_second || (is_low ? slope >= 0.0f : slope <= 0.0f)) {
            d[0] = bound;
            d[1] = there;
            beyond_second = 0;
        }
    }
    if (beyond_second) {
        d[1] = d[1] < problem->low[1] ? problem->low[1] : problem->high[1];
        d[0] = nn4mc_box_alone(problem, 0, d[1], first);
    }
    *gain = -(d[0] * (g[0] + 0.5f * h[0] * d[0]) + d[1] * (g[1] + 0.5f * h[3] * d[1] + h[1] * d[0]));
    return 1;
}

#ifdef __cplusplus
}
#endif

#endif
