/* A quadratic problem over one move: a box, so that the working set is a list of variables that are free. */
#include "nn4mc_quadratic.h"

#define N NN4MC_MOST_VARIABLES
/* A multiplier this small, relative to the gradient, is rounding. */
#define STILL 4e-6f

/* The variables that are free, in order. */
typedef struct free_list {
    size_t count;
    uint8_t at[N];
} free_list_t;

/* The step of the free variables to the minimum over them; 0 where a pivot is too small. */
static int free_step(const nn4mc_quadratic_t *problem, const free_list_t *list, const float slope[], int forced,
                     float factor[], float step[])
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
static int go(const nn4mc_quadratic_t *problem, const free_list_t *list, const float step[], float d[], float slope[])
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
static void go_to_bound(const nn4mc_quadratic_t *problem, free_list_t *list, const float step[], float d[],
                        float slope[])
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

/* Finds the slope of all that are at a bound, and frees the one that pulls away from it most; 0 where none does. */
static int release(const nn4mc_quadratic_t *problem, const float d[], float slope[], float tolerance, free_list_t *list)
{
    float worst = tolerance;
    size_t best = N;
    size_t i = 0;
    for (size_t v = 0; v < problem->n; ++v) {
        const float *const row = problem->hessian + v * problem->n;
        float sum = problem->gradient[v];
        float pull;
        if (i < list->count && list->at[i] == v) {
            ++i;
            continue;
        }
        for (size_t w = 0; w < problem->n; ++w) {
            sum += row[w] * d[w];
        }
        slope[v] = sum;
        pull = d[v] <= problem->low[v] ? -sum : sum;
        if (pull > worst && problem->low[v] < problem->high[v]) {
            worst = pull;
            best = v;
        }
    }
    if (best == N) {
        return 0;
    }
    for (i = list->count++; i > 0 && list->at[i - 1] > best; --i) {
        list->at[i] = list->at[i - 1];
    }
    list->at[i] = (uint8_t)best;
    return 1;
}

int nn4mc_box_solve(const nn4mc_quadratic_t *problem, int forced, float factor[], float d[], float *gain)
{
    free_list_t list;
    float slope[N];
    float step[N];
    float scale = 0.0f;
    float sum = 0.0f;
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
        if (!free_step(problem, &list, slope, forced, factor, step)) {
            return 0;
        }
        if (!go(problem, &list, step, d, slope)) {
            go_to_bound(problem, &list, step, d, slope);
        } else if (list.count == problem->n || !release(problem, d, slope, STILL * scale, &list)) {
            break;
        }
    }
    for (size_t v = 0; v < problem->n; ++v) { /* slope = g + H d */
        sum -= d[v] * (problem->gradient[v] + slope[v]);
    }
    *gain = 0.5f * sum;
    return 1;
}
