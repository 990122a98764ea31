/* A quadratic problem over one move: a box, so that the working set is a list of variables that are free. */
#include "nn4mc_quadratic.h"

#define N NN4MC_MOST_VARIABLES
/* A multiplier this small, relative to the gradient, is rounding. */
#define STILL 4e-6f

static float magnitude(float x)
{
    return x < 0.0f ? -x : x;
}

/* The step of the free variables to the minimum over them; 0 where a pivot is too small. */
static int free_step(const nn4mc_quadratic_t *problem, const uint8_t list[], size_t count, const float slope[],
                     int forced, float factor[], float step[])
{
    float *to = factor;
    for (size_t i = 0; i < count; ++i) {
        const float *const row = problem->hessian + list[i] * problem->n;
        step[i] = -slope[list[i]];
        for (size_t j = 0; j <= i; ++j) {
            *to++ = row[list[j]];
        }
    }
    if (!nn4mc_factorise(factor, count, problem->least_pivot, forced)) {
        return 0;
    }
    nn4mc_substitute(factor, count, step);
    return 1;
}

/* Along a step to its end or to the first bound, whose variable leaves the list; 1 if it did. */
static int go(const nn4mc_quadratic_t *problem, uint8_t list[], size_t *count, const float step[], float d[])
{
    float length = 1.0f;
    size_t block = N;
    for (size_t i = 0; i < *count; ++i) {
        const size_t v = list[i];
        const float room = (step[i] < 0.0f ? problem->low[v] : problem->high[v]) - d[v];
        if (step[i] != 0.0f && magnitude(room) < length * magnitude(step[i])) {
            length = room * step[i] > 0.0f ? room / step[i] : 0.0f;
            block = i;
        }
    }
    for (size_t i = 0; i < *count; ++i) {
        d[list[i]] += length * step[i];
    }
    if (block == N) {
        return 0;
    }
    d[list[block]] = step[block] < 0.0f ? problem->low[list[block]] : problem->high[list[block]];
    --*count;
    for (size_t i = block; i < *count; ++i) {
        list[i] = list[i + 1];
    }
    return 1;
}

static void slope_at(const nn4mc_quadratic_t *problem, const float d[], float slope[])
{
    const float *row = problem->hessian;
    for (size_t v = 0; v < problem->n; ++v) {
        float sum = problem->gradient[v];
        for (size_t w = 0; w < problem->n; ++w) {
            sum += *row++ * d[w];
        }
        slope[v] = sum;
    }
}

/* Frees the variable at a bound that pulls away from it most; 0 where none does. */
static int release(const nn4mc_quadratic_t *problem, const float d[], const float slope[], float tolerance,
                   uint8_t list[], size_t *count)
{
    float worst = tolerance;
    size_t best = N;
    size_t i = 0;
    for (size_t v = 0; v < problem->n; ++v) {
        float pull;
        if (i < *count && list[i] == v) {
            ++i;
            continue;
        }
        pull = d[v] <= problem->low[v] ? -slope[v] : slope[v];
        if (pull > worst && problem->low[v] < problem->high[v]) {
            worst = pull;
            best = v;
        }
    }
    if (best == N) {
        return 0;
    }
    for (i = (*count)++; i > 0 && list[i - 1] > best; --i) {
        list[i] = list[i - 1];
    }
    list[i] = (uint8_t)best;
    return 1;
}

int nn4mc_box_solve(const nn4mc_quadratic_t *problem, int forced, float factor[], float d[], float *gain)
{
    uint8_t list[N]; /* the free variables, in order */
    size_t count = 0;
    float slope[N];
    float step[N];
    float scale = 0.0f;
    for (size_t v = 0; v < problem->n; ++v) {
        const float g = problem->gradient[v];
        const int stays = (problem->low[v] >= 0.0f && g > 0.0f) || (problem->high[v] <= 0.0f && g < 0.0f);
        scale = magnitude(g) > scale ? magnitude(g) : scale;
        slope[v] = g;
        d[v] = 0.0f;
        if (!stays) {
            list[count++] = (uint8_t)v;
        }
    }
    for (size_t round = 0; round < 3 * problem->n + 4; ++round) {
        int blocked;
        if (!free_step(problem, list, count, slope, forced, factor, step)) {
            return 0;
        }
        blocked = go(problem, list, &count, step, d);
        slope_at(problem, d, slope);
        if (!blocked && (count == problem->n || !release(problem, d, slope, STILL * scale, list, &count))) {
            break;
        }
    }
    *gain = 0.0f;
    for (size_t v = 0; v < problem->n; ++v) { /* slope = g + H d */
        *gain -= 0.5f * d[v] * (problem->gradient[v] + slope[v]);
    }
    return 1;
}
