#include "nn4mc_nmpc.h"

#include "nn4mc_bits.h"
#include "nn4mc_copy.h"
#include "nn4mc_words.h"

#define MOST NN4MC_MOST_VARIABLES
/* A smaller gain than this share of the cost is rounding. */
#define ROUNDING 2e-7f
#define LEAST_DIAGONAL 2e-6f
#define LEAST_PIVOT 1e-6f
/* With a barrier, a step goes at most this share of the way to the end of its box. */
#define BOUNDARY_FRACTION 0.95f

/* Shares of the second-derivative part that are tried; Gauss-Newton takes the last. */
static const float shares[] = {1.0f, 0.5f, 0.1f, 0.0f};
#define SHARES (sizeof shares / sizeof shares[0])

static float between(float value, float low, float high)
{
    const float raised = value < low ? low : value;
    return raised > high ? high : raised;
}

static float magnitude(float x)
{
    return x < 0.0f ? -x : x;
}

static size_t variables(const nn4mc_nmpc_t *problem)
{
    return problem->moves * problem->m;
}

/* The rows from N1 on, which come first. */
static size_t counted_rows(const nn4mc_nmpc_t *problem)
{
    return (problem->horizon - problem->first_step + 1) * problem->p;
}

void nn4mc_nmpc_inside(const nn4mc_nmpc_t *problem, float moves[])
{
    const float *before = problem->last;
    for (size_t j = 0; j < problem->moves; ++j) {
        float *const move = moves + j * problem->m;
        for (size_t i = 0; i < problem->m; ++i) {
            const float allowed = between(move[i], problem->low[i], problem->high[i]);
            move[i] = between(allowed, before[i] - problem->rate, before[i] + problem->rate);
        }
        before = move;
    }
}

nn4mc_span_t nn4mc_nmpc_span(const nn4mc_nmpc_t *problem, size_t step, nn4mc_order_t order)
{
    const size_t moves = step < problem->moves ? step : problem->moves;
    const uint32_t directions = order == NN4MC_VALUE ? 0u : (uint32_t)(moves * problem->m);
    nn4mc_span_t span;
    span.directions = directions;
    span.pairs = order == NN4MC_SECOND ? directions * (directions + 1u) / 2u : 0u;
    span.second = (uint32_t)(1u + variables(problem));
    return span;
}

NN4MC_KEEP_LOOP void nn4mc_nmpc_hold(const nn4mc_nmpc_t *problem, const float moves[], float held[])
{
    float *to = held + problem->horizon * problem->m;
    for (size_t k = 0; k < problem->horizon; ++k) {
        const size_t j = k < problem->moves ? k : problem->moves - 1;
        to -= problem->m;
        nn4mc_copy(moves + j * problem->m, to, problem->m);
    }
}

uint32_t nn4mc_nmpc_saturated(const nn4mc_nmpc_t *problem, const float command[])
{
    uint32_t count = 0;
    for (size_t i = 0; i < problem->m; ++i) {
        const float down = problem->last[i] - problem->rate;
        const float up = problem->last[i] + problem->rate;
        count += command[i] <= problem->low[i] || command[i] >= problem->high[i] || command[i] <= down ||
                 command[i] >= up;
    }
    return count;
}

NN4MC_KEEP_LOOP void nn4mc_push(float history[], size_t blocks, size_t words, const float newest[])
{
    for (size_t i = blocks * words; i-- > words;) {
        history[i] = history[i - words];
    }
    for (size_t i = 0; i < words && blocks != 0; ++i) {
        history[i] = newest[i];
    }
}

static float barrier_cost(const nn4mc_barrier_t *barrier, size_t i, float u)
{
    const float half = 0.5f * barrier->r[i];
    return barrier->s / (u - barrier->b[i] + half) + barrier->s / (barrier->b[i] + half - u) -
           4.0f * barrier->s / barrier->r[i];
}

/* J of moves whose prediction is in y; leaves e and Q e in `error` and `weighted`. */
static float cost_of(const nn4mc_nmpc_t *problem, const float moves[])
{
    const float *before = problem->last;
    float total = 0.0f;
    for (size_t row = 0; row < counted_rows(problem); row += problem->p) {
        for (size_t i = 0; i < problem->p; ++i) {
            const float error = problem->wanted[row + i] - problem->y.at[row + i];
            problem->error[row + i] = error;
            problem->weighted[row + i] = problem->q[i] * error;
            total += problem->weighted[row + i] * error;
        }
    }
    for (size_t j = 0; j < problem->moves; ++j) {
        const float *const move = moves + j * problem->m;
        for (size_t i = 0; i < problem->m; ++i) {
            const float change = move[i] - before[i];
            total += problem->l[i] * change * change;
            if (problem->barrier) {
                total += barrier_cost(problem->barrier, i, move[i]);
            }
        }
        before = move;
    }
    return total;
}

static float dot(const float a[], const float b[], size_t count)
{
    float sum = 0.0f;
    for (size_t i = 0; i < count; ++i) {
        sum += a[i] * b[i];
    }
    return sum;
}

/* 2 S'Q S and -2 S'Q e of the prediction in y, element by element. */
void nn4mc_nmpc_small(const nn4mc_nmpc_t *problem, float gradient[], float hessian[])
{
    const size_t n = variables(problem);
    const size_t rows = counted_rows(problem);
    const size_t step = problem->y.step;
    const float *const slopes = problem->y.at + step;
    for (size_t c = 0; c < n; ++c) {
        const float *const slope = slopes + c * step;
        gradient[c] = -2.0f * dot(problem->weighted, slope, rows);
        for (size_t row = 0; row < rows; row += problem->p) {
            for (size_t i = 0; i < problem->p; ++i) {
                problem->scaled[row + i] = 2.0f * problem->q[i] * slope[row + i];
            }
        }
        for (size_t d = 0; d <= c; ++d) {
            const float sum = dot(problem->scaled, slopes + d * step, rows);
            hessian[c * n + d] = sum;
            hessian[d * n + c] = sum;
        }
    }
}

/*
 * 2 S'Q S and -2 S'Q e of the prediction in y. 2 Q S is laid out as a matrix of n rows, so that the kernel of the
 * network's products multiplies it with all columns of S, and with e.
 */
void nn4mc_nmpc_large(const nn4mc_nmpc_t *problem, float gradient[], float hessian[])
{
    const size_t n = variables(problem);
    const size_t height = problem->blocks == 1 ? n : n / 2; /* one block or two */
    const size_t rows = counted_rows(problem);
    const float *slope = problem->y.at + problem->y.step;
    nn4mc_block_rows_t rows_of;
    nn4mc_walk_t walk = {0u, (uint32_t)rows, (uint32_t)n, problem->y.step, (uint32_t)n};
    for (size_t c = 0; c < n; ++c, slope += problem->y.step) {
        float *to = problem->scaled + (c < height ? c : (rows - 1) * height + c);
        for (size_t row = 0; row < rows; row += problem->p) {
            for (size_t i = 0; i < problem->p; ++i, to += height) {
                *to = 2.0f * problem->q[i] * slope[row + i];
            }
        }
    }
    rows_of.kernel = problem->kernel;
    rows_of.weights = problem->scaled;
    rows_of.blocks = (uint32_t)problem->blocks;
    rows_of.block_step = (uint32_t)(height * rows);
    rows_of.first = 0;
    nn4mc_words_clear(hessian, n * n);
    problem->kernel(&rows_of, problem->y.at + problem->y.step, hessian, &walk);
    walk.positions = 1;
    nn4mc_words_clear(gradient, n);
    problem->kernel(&rows_of, problem->error, gradient, &walk);
    for (size_t v = 0; v < n; ++v) {
        gradient[v] = -gradient[v];
    }
}

/* -2 sum (Q e) d2y/dU2 */
static void curvature_part(const nn4mc_nmpc_t *problem, float curvature[])
{
    const size_t n = variables(problem);
    const float *bend = problem->y.at + (1 + n) * problem->y.step;
    for (size_t b = 0; b < n; ++b) {
        for (size_t a = 0; a <= b; ++a, bend += problem->y.step) {
            const float sum = -2.0f * dot(problem->weighted, bend, counted_rows(problem));
            curvature[a * n + b] = sum;
            curvature[b * n + a] = sum;
        }
    }
}

static void barrier_part(const nn4mc_barrier_t *barrier, size_t i, float u, float *gradient, float *diagonal)
{
    const float half = 0.5f * barrier->r[i];
    const float above = 1.0f / (u - barrier->b[i] + half);
    const float below = 1.0f / (barrier->b[i] + half - u);
    *gradient += barrier->s * (below * below - above * above);
    *diagonal += 2.0f * barrier->s * (below * below * below + above * above * above);
}

/* 2 D'L D, 2 D'L D U and the barrier's derivatives. */
static void moves_part(const nn4mc_nmpc_t *problem, const float moves[], float gradient[], float hessian[])
{
    const size_t n = variables(problem);
    const size_t m = problem->m;
    const float *before = problem->last;
    size_t v = 0;
    for (size_t j = 0; j < problem->moves; ++j) {
        for (size_t i = 0; i < m; ++i, ++v) {
            const float weight = 2.0f * problem->l[i];
            const float pull = weight * (moves[v] - before[i]);
            gradient[v] += pull;
            hessian[v * n + v] += weight;
            if (j != 0) {
                gradient[v - m] -= pull;
                hessian[(v - m) * n + v - m] += weight;
                hessian[(v - m) * n + v] -= weight;
                hessian[v * n + v - m] -= weight;
            }
            if (problem->barrier) {
                barrier_part(problem->barrier, i, moves[v], gradient + v, hessian + v * n + v);
            }
        }
        before = moves + j * m;
    }
}

/* How far each move may go from where it is, alone and from the one before it. */
typedef struct room {
    float low[MOST];
    float high[MOST];
    float gap_low[MOST];
    float gap_high[MOST];
} room_t;

static void find_room(const nn4mc_nmpc_t *problem, const float moves[], room_t *room)
{
    const float share = problem->barrier ? BOUNDARY_FRACTION : 1.0f;
    float reach = 0.0f;
    for (size_t j = 0; j < problem->moves; ++j) {
        reach += problem->rate;
        for (size_t i = 0; i < problem->m; ++i) {
            const size_t v = j * problem->m + i;
            const float down = problem->last[i] - reach;
            const float up = problem->last[i] + reach;
            const float gap = j == 0 ? 0.0f : moves[v] - moves[v - problem->m];
            const float low = share * (between(problem->low[i], down, up) - moves[v]);
            const float high = share * (between(problem->high[i], down, up) - moves[v]);
            room->low[v] = low > 0.0f ? 0.0f : low;
            room->high[v] = high < 0.0f ? 0.0f : high;
            room->gap_low[v] = -problem->rate - gap;
            room->gap_high[v] = problem->rate - gap;
        }
    }
}

/* The step that minimises the local model, with as much of the curvature as leaves it definite; what it gains there. */
static float find_step(const nn4mc_nmpc_t *problem, int exact, float step[])
{
    const size_t n = variables(problem);
    float gradient[MOST];
    room_t room;
    nn4mc_quadratic_t local;
    float largest = 0.0f;
    float gain = 0.0f;
    problem->predicted_part(problem, gradient, problem->hessian);
    moves_part(problem, problem->best, gradient, problem->hessian);
    find_room(problem, problem->best, &room);
    for (size_t v = 0; v < n; ++v) {
        const float diagonal = magnitude(problem->hessian[v * n + v]);
        largest = diagonal > largest ? diagonal : largest;
    }
    for (size_t v = 0; v < n; ++v) {
        problem->hessian[v * n + v] += (problem->damping + LEAST_DIAGONAL) * largest;
    }
    if (exact) {
        curvature_part(problem, problem->curvature);
    }
    local.n = n;
    local.m = problem->m;
    local.hessian = problem->hessian;
    local.gradient = gradient;
    local.low = room.low;
    local.high = room.high;
    local.gap_low = room.gap_low;
    local.gap_high = room.gap_high;
    local.least_pivot = LEAST_PIVOT * largest;
    for (size_t share = exact ? 0 : SHARES - 1; share < SHARES; ++share) {
        const float change = shares[share] - (share == 0 || !exact ? 0.0f : shares[share - 1]);
        for (size_t v = 0; v < n * n && exact; ++v) {
            problem->hessian[v] += change * problem->curvature[v];
        }
        if (problem->solve_local(&local, share == SHARES - 1, problem->factor, step, &gain)) {
            break;
        }
    }
    return gain;
}

/*
 * Quarters the step until the cost falls; 1 if it did, and then `best` and its cost are new. The whole step, which most
 * often does, is predicted to `order`, shorter ones without derivatives; `order` becomes what was done.
 */
static int search(const nn4mc_nmpc_t *problem, const float step[], uint32_t *retries, nn4mc_order_t *order, float *cost)
{
    const size_t n = variables(problem);
    float length = 1.0f;
    for (;;) {
        float now;
        for (size_t v = 0; v < n; ++v) {
            problem->trial[v] = problem->best[v] + length * step[v];
        }
        if (!nn4mc_all_finite(problem->trial, n)) {
            return 0;
        }
        nn4mc_nmpc_inside(problem, problem->trial);
        problem->predict(problem, problem->trial, *order);
        now = cost_of(problem, problem->trial);
        if (now < *cost) {
            nn4mc_copy(problem->trial, problem->best, n);
            problem->keep(problem->owner);
            *cost = now;
            return 1;
        }
        if (*retries == 0) {
            return 0;
        }
        --*retries;
        *order = NN4MC_VALUE;
        length *= 0.25f;
    }
}

nn4mc_solution_t nn4mc_nmpc_solve(const nn4mc_nmpc_t *problem)
{
    const size_t n = variables(problem);
    const nn4mc_order_t later = problem->newton ? NN4MC_SECOND : NN4MC_FIRST;
    uint32_t retries = problem->retries;
    nn4mc_order_t order = NN4MC_FIRST;
    float step[MOST];
    nn4mc_solution_t done;
    nn4mc_nmpc_inside(problem, problem->best);
    problem->predict(problem, problem->best, order);
    problem->keep(problem->owner);
    done.cost = cost_of(problem, problem->best);
    done.residual = 0.0f;
    done.iterations = 0;
    done.reason = NN4MC_ITERATIONS;
    if (!nn4mc_all_finite(&done.cost, 1)) {
        done.reason = NN4MC_NOT_FINITE;
        return done;
    }
    while (done.iterations < problem->iterations) {
        const nn4mc_order_t wanted = done.iterations == 0 ? NN4MC_FIRST : later;
        float gain;
        if (order < wanted) { /* a shorter step was taken, without derivatives */
            problem->predict(problem, problem->best, wanted);
        }
        gain = find_step(problem, wanted == NN4MC_SECOND, step);
        ++done.iterations;
        done.residual = 0.0f;
        for (size_t v = 0; v < n; ++v) {
            done.residual = magnitude(step[v]) > done.residual ? magnitude(step[v]) : done.residual;
        }
        if (done.residual <= problem->tolerance || gain <= ROUNDING * done.cost) {
            done.reason = NN4MC_CONVERGED;
            break;
        }
        order = done.iterations < problem->iterations ? later : NN4MC_VALUE;
        if (!search(problem, step, &retries, &order, &done.cost)) {
            done.reason = NN4MC_STALLED;
            break;
        }
    }
    if (!nn4mc_all_finite(&done.residual, 1)) {
        done.residual = 0.0f;
    }
    return done;
}
