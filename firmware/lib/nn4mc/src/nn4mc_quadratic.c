#include "nn4mc_quadratic.h"

#include "nn4mc_copy.h"

#define N NN4MC_MOST_VARIABLES
#define FREE 0
#define LOW (-1)
#define HIGH 1
#define FIXED 0xffu
/* A multiplier this small, relative to the gradient, is rounding. */
#define STILL 4e-6f

/* The working set: which variables are at their box, and which at their largest change from the move before. */
typedef struct working {
    int8_t box[N];
    int8_t tie[N];
} working_t;

static float magnitude(float x)
{
    return x < 0.0f ? -x : x;
}

/* slope = g + H d */
static void slope_at(const nn4mc_quadratic_t *problem, const float d[], float slope[])
{
    const float *row = problem->hessian;
    for (size_t v = 0; v < problem->n; ++v, row += problem->n) {
        float sum = problem->gradient[v];
        for (size_t w = 0; w < problem->n; ++w) {
            sum += row[w] * d[w];
        }
        slope[v] = sum;
    }
}

/* The free segment that each variable moves with, or FIXED; returns how many there are. */
static size_t find_segments(const nn4mc_quadratic_t *problem, const working_t *set, uint8_t segment[])
{
    uint8_t chain[N];
    uint8_t fixed[N];
    uint8_t free_number[N];
    size_t chains = 0;
    size_t count = 0;
    for (size_t v = 0; v < problem->n; ++v) {
        if (v >= problem->m && set->tie[v] != FREE) {
            chain[v] = chain[v - problem->m];
        } else {
            fixed[chains] = 0;
            chain[v] = (uint8_t)chains++;
        }
        fixed[chain[v]] = (uint8_t)(fixed[chain[v]] | (set->box[v] != FREE));
    }
    for (size_t c = 0; c < chains; ++c) {
        free_number[c] = fixed[c] ? FIXED : (uint8_t)count++;
    }
    for (size_t v = 0; v < problem->n; ++v) {
        segment[v] = free_number[chain[v]];
    }
    return count;
}

/* The lower triangle, row by row, of the sums of H over segments; the same sums of -slope. */
static void reduce(const nn4mc_quadratic_t *problem, const uint8_t segment[], size_t count, const float slope[],
                   float matrix[], float right[])
{
    const float *row = problem->hessian;
    nn4mc_zero(matrix, count * (count + 1) / 2);
    nn4mc_zero(right, count);
    for (size_t v = 0; v < problem->n; ++v, row += problem->n) {
        const size_t i = segment[v];
        if (i == FIXED) {
            continue;
        }
        right[i] -= slope[v];
        for (size_t w = 0; w < problem->n; ++w) {
            const size_t j = segment[w];
            if (j <= i) {
                matrix[i * (i + 1) / 2 + j] += row[w];
            }
        }
    }
}

/* Shortens `length` to where `moved` meets a bound; 1 if it does. */
static int meets(float moved, float at, float low, float high, float *length)
{
    const float room = (moved < 0.0f ? low : high) - at;
    if (moved == 0.0f || magnitude(room) >= *length * magnitude(moved)) {
        return 0;
    }
    *length = room * moved > 0.0f ? room / moved : 0.0f;
    return 1;
}

/* Along a step to its end or to the first bound in the way, which joins the working set; 1 if there was one. */
static int go(const nn4mc_quadratic_t *problem, const float step[], float d[], working_t *set)
{
    float length = 1.0f;
    int8_t *signs = 0;
    size_t place = 0;
    const size_t m = problem->m;
    for (size_t v = 0; v < problem->n; ++v) {
        if (set->box[v] == FREE && meets(step[v], d[v], problem->low[v], problem->high[v], &length)) {
            signs = set->box;
            place = v;
        }
        if (v >= m && set->tie[v] == FREE &&
            meets(step[v] - step[v - m], d[v] - d[v - m], problem->gap_low[v], problem->gap_high[v], &length)) {
            signs = set->tie;
            place = v;
        }
    }
    for (size_t v = 0; v < problem->n; ++v) {
        d[v] += length * step[v];
    }
    if (signs == 0) {
        return 0;
    }
    if (signs == set->box) {
        signs[place] = step[place] < 0.0f ? LOW : HIGH;
        d[place] = step[place] < 0.0f ? problem->low[place] : problem->high[place];
    } else {
        signs[place] = step[place] - step[place - m] < 0.0f ? LOW : HIGH;
    }
    return 1;
}

/* The most negative multiplier so far, and whose. */
typedef struct worst {
    float multiplier;
    int8_t *sign;
} worst_t;

static void judge(worst_t *worst, float multiplier, int8_t *sign)
{
    if (multiplier < worst->multiplier) {
        worst->multiplier = multiplier;
        worst->sign = sign;
    }
}

/* One segment: variables first, first + m, .. up to last. Its multipliers are sums of the slope along it. */
static void judge_segment(worst_t *worst, working_t *set, const float slope[], size_t first, size_t last, size_t m)
{
    size_t fixed = last + m; /* behind the segment: none */
    float total = 0.0f;
    float left = 0.0f;
    for (size_t v = first; v <= last; v += m) {
        total += slope[v];
        fixed = set->box[v] != FREE ? v : fixed;
    }
    if (fixed <= last) {
        judge(worst, set->box[fixed] == LOW ? total : -total, set->box + fixed);
    }
    for (size_t v = first; v < last; v += m) {
        left += slope[v];
        {
            const size_t next = v + m;
            const int left_is_free = fixed <= last && fixed >= next;
            const float pull = left_is_free ? left : left - total;
            judge(worst, set->tie[next] == HIGH ? pull : -pull, set->tie + next);
        }
    }
}

/* Takes the constraint with the most negative multiplier out of the working set; 0 when there is none. */
static int release(const nn4mc_quadratic_t *problem, const float slope[], working_t *set, float tolerance)
{
    worst_t worst;
    worst.multiplier = -tolerance;
    worst.sign = 0;
    for (size_t command = 0; command < problem->m; ++command) {
        size_t first = command;
        for (size_t v = command; v < problem->n; v += problem->m) {
            const size_t next = v + problem->m;
            if (next >= problem->n || set->tie[next] == FREE) {
                judge_segment(&worst, set, slope, first, v, problem->m);
                first = next;
            }
        }
    }
    if (worst.sign == 0) {
        return 0;
    }
    *worst.sign = FREE;
    return 1;
}

int nn4mc_quadratic_solve(const nn4mc_quadratic_t *problem, int forced, float factor[], float d[], float *gain)
{
    working_t set;
    uint8_t segment[N];
    float slope[N];
    float right[N];
    float step[N];
    float scale = 0.0f;
    for (size_t v = 0; v < problem->n; ++v) {
        const float g = problem->gradient[v];
        const int at_low = problem->low[v] >= 0.0f && g > 0.0f;
        const int at_high = problem->high[v] <= 0.0f && g < 0.0f;
        set.box[v] = at_low ? LOW : at_high ? HIGH : FREE;
        set.tie[v] = FREE;
        scale = magnitude(g) > scale ? magnitude(g) : scale;
        slope[v] = g;
        d[v] = 0.0f;
    }
    for (size_t round = 0; round < 3 * problem->n + 4; ++round) {
        const size_t count = find_segments(problem, &set, segment);
        reduce(problem, segment, count, slope, factor, right);
        if (!nn4mc_factorise(factor, count, problem->least_pivot, forced)) {
            return 0;
        }
        nn4mc_substitute(factor, count, right);
        for (size_t v = 0; v < problem->n; ++v) {
            step[v] = segment[v] == FIXED ? 0.0f : right[segment[v]];
        }
        {
            const int blocked = go(problem, step, d, &set);
            slope_at(problem, d, slope);
            if (!blocked && !release(problem, slope, &set, STILL * scale)) {
                break;
            }
        }
    }
    *gain = 0.0f;
    for (size_t v = 0; v < problem->n; ++v) { /* slope = g + H d */
        *gain -= 0.5f * d[v] * (problem->gradient[v] + slope[v]);
    }
    return 1;
}
