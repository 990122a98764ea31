/* Steps a controller through random words and plausible stretches, and counts what it breaks of its promises. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "controller.h"

enum { RANDOM_BITS, PLAUSIBLE, ONE_BAD_WORD, EXTREME, STUCK, KINDS };
enum { WIDTH = CONTROLLER_SENSOR_LEN + CONTROLLER_REFERENCE_LEN };

typedef struct verdict {
    uint64_t not_finite;
    uint64_t outside;
    uint64_t over_rate;
    uint64_t left_range;
    uint64_t plan_outside;
    uint64_t plan_over_rate;
    uint64_t input_written;
    uint64_t state_not_finite;
    uint64_t tracked;
    uint64_t bridged;
    uint64_t statuses[5];
    uint64_t modes[3];
} verdict_t;

static uint32_t random_word(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 32);
}

static float from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void draw(uint64_t *seed, int kind, float row[])
{
    if (kind == STUCK) {
        return;
    }
    for (uint32_t i = 0; i < WIDTH; ++i) {
        const uint32_t bits = random_word(seed);
        if (kind == RANDOM_BITS) {
            row[i] = from_bits(bits);
        } else if (kind == EXTREME) {
            row[i] = from_bits((bits & 0x7f800000u) == 0x7f800000u ? bits ^ 0x00800000u : bits);
        } else {
            row[i] = (float)(bits >> 8) / 8388608.0f - 1.0f;
        }
    }
    if (kind == ONE_BAD_WORD) {
        row[random_word(seed) % WIDTH] = from_bits(random_word(seed) | 0x7f800000u);
    }
}

static int starts_with(const char *name, const char *start)
{
    return strncmp(name, start, strlen(start)) == 0;
}

static float *value_of(controller_state_t *state, const char *name)
{
    size_t i = 0;
    while (strcmp(controller.variables[i].name, name) != 0) {
        ++i;
    }
    return controller.values(state) + i;
}

/* The first of the variables whose names start so: one a command. */
static float *values_of(controller_state_t *state, const char *start)
{
    size_t i = 0;
    while (!starts_with(controller.variables[i].name, start)) {
        ++i;
    }
    return controller.values(state) + i;
}

/* What SET over the wire may do at any time: one variable to an end of its range, or to anything in it. */
static void set_one(controller_state_t *state, uint64_t *seed)
{
    const size_t i = random_word(seed) % CONTROLLER_VARIABLE_LEN;
    const nn4mc_variable_t *const one = controller.variables + i;
    const double share = random_word(seed) / 4294967295.0;
    const uint32_t choice = random_word(seed) % 8u;
    const float value = choice == 0   ? one->minimum
                        : choice == 1 ? one->maximum
                                      : (float)(one->minimum + share * share * ((double)one->maximum - one->minimum));
    const float bits = from_bits(random_word(seed));
    if (strcmp(one->name, "iterations") == 0 || strcmp(one->name, "retries") == 0) {
        controller.values(state)[i] = 1.0f + (float)choice / 4.0f; /* more of them only take longer */
    } else {
        controller.values(state)[i] = choice == 2 && bits >= one->minimum && bits <= one->maximum ? bits : value;
    }
}

/* What adding a rate to a command may be off by. */
static double rounding(double range)
{
    return 1.2e-7 * (range > 1.0 ? range : 1.0);
}

/* Farther outside of the range that was set than before, or outside although it was inside. */
static int leaves(double command, double before, double low, double high)
{
    const double top = high > low ? high : low;
    return command < low ? command < before : command > top && command > before;
}

verdict_t fly(uint64_t steps, uint64_t seed, double rate, double safe_rate, int set, const float low[],
              const float high[])
{
    static controller_state_t state;
    const float *const set_low = values_of(&state, "low_");
    const float *const set_high = values_of(&state, "high_");
    verdict_t verdict;
    float row[WIDTH] = {0};
    float before[CONTROLLER_COMMAND_LEN];
    float command[CONTROLLER_COMMAND_LEN];
    int kind = PLAUSIBLE;
    memset(&verdict, 0, sizeof verdict);
    memcpy(before, state.action, sizeof before);
    for (uint64_t step = 0; step < steps; ++step) {
        float copy[WIDTH];
        if (step == 0) {
            memset(&state, 0xA5, sizeof state);
            controller.init(&state);
            *value_of(&state, "rate_limit") = (float)rate;
            *value_of(&state, "safe_rate") = (float)safe_rate;
            memcpy(before, state.action, sizeof before);
        }
        if (set && random_word(&seed) % 4u == 0) {
            set_one(&state, &seed);
            rate = *value_of(&state, "rate_limit");
            safe_rate = *value_of(&state, "safe_rate");
        }
        kind = random_word(&seed) % 16u == 0 ? (int)(random_word(&seed) % KINDS) : kind;
        draw(&seed, kind, row);
        memcpy(copy, row, sizeof copy);
        const int status = controller.step(&state, row, row + CONTROLLER_SENSOR_LEN, command);
        const int mode = (int)controller.mode(&state);
        const double allowed = mode == NN4MC_SAFE ? safe_rate : rate;
        for (size_t i = 0; i < CONTROLLER_COMMAND_LEN; ++i) {
            const double change = (double)command[i] - (double)before[i];
            verdict.not_finite += !isfinite(command[i]);
            verdict.outside += !(command[i] >= low[i] && command[i] <= high[i]);
            verdict.over_rate += !(fabs(change) <= allowed + rounding(high[i] - low[i]));
            verdict.left_range +=
                mode == NN4MC_TRACKING && leaves(command[i], before[i], set_low[i], set_high[i]);
        }
        for (size_t v = 0; v < CONTROLLER_VARIABLES; ++v) {
            const size_t i = v % CONTROLLER_COMMAND_LEN;
            verdict.plan_outside += !(state.plan[v] >= low[i] && state.plan[v] <= high[i]);
            if (v >= CONTROLLER_COMMAND_LEN) {
                const double gap = (double)state.plan[v] - (double)state.plan[v - CONTROLLER_COMMAND_LEN];
                verdict.plan_over_rate += !(fabs(gap) <= rate + rounding(high[i] - low[i]));
            }
        }
        for (size_t i = 0; i < CONTROLLER_OUTPUTS; ++i) {
            verdict.state_not_finite += !isfinite(state.bias[i]) || (!state.fresh && !isfinite(state.expected[i]));
        }
        verdict.input_written += memcmp(copy, row, sizeof copy) != 0;
        verdict.tracked += status == NN4MC_OK;
        verdict.bridged += status == NN4MC_ERROR_SENSORS && mode == NN4MC_TRACKING;
        verdict.statuses[-status] += 1;
        verdict.modes[mode] += 1;
        memcpy(before, command, sizeof before);
    }
    return verdict;
}
