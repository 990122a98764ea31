/* Steps the controller through random words and plausible stretches, and counts what it breaks of its promises. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "controller.h"

enum { BAD_STRETCH, PLAUSIBLE, ONE_BAD_WORD, BAD_REFERENCE, EXTREME, KINDS };

typedef struct verdict {
    uint64_t not_finite;
    uint64_t outside;
    uint64_t over_rate;
    uint64_t not_held;
    uint64_t not_toward_safe;
    uint64_t wrong_mode;
    uint64_t wrong_status;
    uint64_t state_changed;
    uint64_t input_written;
    uint64_t recovered; /* steps that track again after bad ones */
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

static float uniform(uint64_t *seed, float size)
{
    return ((float)(random_word(seed) >> 8) / 8388608.0f - 1.0f) * size;
}

static void plausible(uint64_t *seed, float row[])
{
    double square = 0;
    for (size_t i = 0; i < CONTROLLER_SENSOR_LEN + CONTROLLER_REFERENCE_LEN; ++i) {
        row[i] = uniform(seed, 2.0f);
    }
    row[3] += 0.5f;
    for (size_t i = 3; i < 7; ++i) {
        square += (double)row[i] * (double)row[i];
    }
    for (size_t i = 3; i < 7; ++i) {
        row[i] = (float)((double)row[i] / sqrt(square));
    }
}

static void draw(uint64_t *seed, int kind, float row[])
{
    const uint32_t width = CONTROLLER_SENSOR_LEN + CONTROLLER_REFERENCE_LEN;
    plausible(seed, row);
    if (kind == BAD_STRETCH) {
        for (uint32_t i = 0; i < width; ++i) {
            row[i] = from_bits(random_word(seed));
        }
    } else if (kind == ONE_BAD_WORD) {
        row[random_word(seed) % CONTROLLER_SENSOR_LEN] = from_bits(random_word(seed) | 0x7f800000u);
    } else if (kind == BAD_REFERENCE) {
        row[CONTROLLER_SENSOR_LEN + random_word(seed) % CONTROLLER_REFERENCE_LEN] =
            from_bits(random_word(seed) | 0x7f800000u);
    } else if (kind == EXTREME) { /* any finite word, but for the attitude */
        for (uint32_t i = 0; i < width; ++i) {
            const uint32_t bits = random_word(seed);
            row[i] = i >= 3 && i < 7 ? row[i] : from_bits((bits & 0x7f800000u) == 0x7f800000u ? bits ^ 0x00800000u : bits);
        }
    }
}

/* The status a row must get, told apart with libm; 1 where the attitude is too near its bound to say. */
static int expected_status(const float row[])
{
    double square = 0;
    for (size_t i = 0; i < CONTROLLER_SENSOR_LEN; ++i) {
        if (!isfinite(row[i])) {
            return NN4MC_ERROR_SENSORS;
        }
    }
    for (size_t i = 3; i < 7; ++i) {
        square += (double)row[i] * (double)row[i];
    }
    if (!(square >= 0.899 && square <= 1.101)) {
        return NN4MC_ERROR_SENSORS;
    }
    for (size_t i = CONTROLLER_SENSOR_LEN; i < CONTROLLER_SENSOR_LEN + CONTROLLER_REFERENCE_LEN; ++i) {
        if (!isfinite(row[i])) {
            return NN4MC_ERROR_REFERENCE;
        }
    }
    return square >= 0.901 && square <= 1.099 ? NN4MC_OK : 1;
}

static void judge_command(verdict_t *verdict, const float before[], const float command[], int good, double bad_steps,
                          const float values[])
{
    const double rate = (double)values[3];
    const double hold = (double)values[4];
    const double safe_rate = (double)values[5];
    for (size_t i = 0; i < CONTROLLER_COMMAND_LEN; ++i) {
        const double now = (double)command[i];
        const double change = now - (double)before[i];
        const double least = fmin(safe_rate, (double)before[i] + 1.0);
        verdict->not_finite += !isfinite(command[i]);
        verdict->outside += !(now >= -1.0 && now <= 1.0);
        if (good) {
            verdict->over_rate += !(fabs(change) <= rate + 1.2e-7);
        } else if (bad_steps <= hold) {
            verdict->not_held += memcmp(&command[i], &before[i], sizeof command[i]) != 0;
        } else {
            verdict->not_toward_safe += !(fabs(change + least) <= 1.2e-7);
        }
    }
}

verdict_t fly(uint64_t steps, uint64_t seed, const float given[])
{
    static controller_state_t state;
    verdict_t verdict;
    float row[CONTROLLER_SENSOR_LEN + CONTROLLER_REFERENCE_LEN];
    float before[CONTROLLER_COMMAND_LEN];
    float command[CONTROLLER_COMMAND_LEN];
    double bad_steps = 0;
    int kind = PLAUSIBLE;
    memset(&verdict, 0, sizeof verdict);
    memset(&state, 0xA5, sizeof state);
    controller.init(&state);
    memcpy(controller.values(&state), given, CONTROLLER_VARIABLE_LEN * sizeof(float));
    controller.reset(&state);
    memcpy(before, state.action, sizeof before);
    for (uint64_t step = 0; step < steps; ++step) {
        kind = random_word(&seed) % 16u == 0 ? (int)(random_word(&seed) % KINDS) : kind;
        draw(&seed, kind, row);
        float copy[CONTROLLER_SENSOR_LEN + CONTROLLER_REFERENCE_LEN];
        memcpy(copy, row, sizeof copy);
        const controller_state_t old = state;
        const int expected = expected_status(row);
        const int status = controller.step(&state, row, row + CONTROLLER_SENSOR_LEN, command);
        const int mode = (int)controller.mode(&state);
        const int good = status == NN4MC_OK;
        verdict.recovered += good && bad_steps > 0;
        bad_steps = good ? 0 : bad_steps + 1;
        judge_command(&verdict, before, command, good, bad_steps, given);
        verdict.wrong_mode += mode != (good ? NN4MC_TRACKING : bad_steps <= (double)given[4] ? NN4MC_HOLDING : NN4MC_SAFE);
        verdict.wrong_status += expected != 1 && status != expected && !(expected == NN4MC_OK && status == NN4MC_ERROR_OUTPUT);
        verdict.state_changed += (status == NN4MC_ERROR_SENSORS || status == NN4MC_ERROR_REFERENCE) &&
                                 memcmp(&old.network, &state.network, sizeof old.network) != 0;
        verdict.input_written += memcmp(copy, row, sizeof copy) != 0;
        verdict.statuses[-status] += 1;
        verdict.modes[mode] += 1;
        memcpy(before, command, sizeof before);
    }
    return verdict;
}

size_t state_size(void)
{
    return controller.state_size == sizeof(controller_state_t) ? sizeof(controller_state_t) : 0;
}

void start(void *state)
{
    controller.init(state);
}

void restart(void *state)
{
    controller.reset(state);
}

int step(void *state, const float *row, float *command)
{
    return controller.step(state, row, row + CONTROLLER_SENSOR_LEN, command);
}

int mode(const void *state)
{
    return (int)controller.mode(state);
}

float *values(void *state)
{
    return controller.values(state);
}

float selftest(void *state)
{
    return controller.selftest(state);
}

float selftest_limit(void)
{
    return controller.selftest_limit;
}

const nn4mc_variable_t *variable(int index)
{
    return controller.variables + index;
}
