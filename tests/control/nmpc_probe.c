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

verdict_t fly(uint64_t steps, uint64_t seed, double rate, double safe_rate, const float low[], const float high[])
{
    static controller_state_t state;
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
            for (size_t i = 0; i < CONTROLLER_VARIABLE_LEN; ++i) {
                if (strcmp(controller.variables[i].name, "rate_limit") == 0) {
                    controller.values(&state)[i] = (float)rate;
                }
                if (strcmp(controller.variables[i].name, "safe_rate") == 0) {
                    controller.values(&state)[i] = (float)safe_rate;
                }
            }
            memcpy(before, state.action, sizeof before);
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
            verdict.over_rate += !(fabs(change) <= allowed + 1.2e-7);
        }
        for (size_t v = 0; v < CONTROLLER_VARIABLES; ++v) {
            const size_t i = v % CONTROLLER_COMMAND_LEN;
            verdict.plan_outside += !(state.plan[v] >= low[i] && state.plan[v] <= high[i]);
            if (v >= CONTROLLER_COMMAND_LEN) {
                const double gap = (double)state.plan[v] - (double)state.plan[v - CONTROLLER_COMMAND_LEN];
                verdict.plan_over_rate += !(fabs(gap) <= rate + 1.2e-7);
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
