/*
 * error = reference - sensors[0..1];  integral = leak * integral + error[0]
 * command[0] = clip(gain * error[0] + integral),  command[1] = clip(gain * error[1] - sensors[2])
 */
#include "controller.h"

#include <stddef.h>

enum { GAIN = 0, LEAK = 1, BAD_STEPS_TO_SAFE = 3 };

static const nn4mc_variable_t variables[VARIABLES] = {
    {"gain", "1/m", 0.0f, 2.0f, 0.5f},
    {"leak", "", 0.0f, 1.0f, 0.75f},
};

static const float safe_command[COMMANDS] = {-1.0f, 0.25f};

static int is_finite(float value)
{
    uint32_t bits;
    __builtin_memcpy(&bits, &value, sizeof bits);
    return (bits & 0x7F800000u) != 0x7F800000u;
}

static float clip(float value)
{
    if (!(value > -1.0f)) {
        return -1.0f;
    }
    return value < 1.0f ? value : 1.0f;
}

static void test_reset(void *memory)
{
    controller_state_t *state = (controller_state_t *)memory;
    state->integral = 0.0f;
    state->bad_steps = 0;
    state->mode = NN4MC_SAFE;
    for (int i = 0; i < COMMANDS; i++) {
        state->last_command[i] = safe_command[i];
    }
}

static void test_init(void *memory)
{
    controller_state_t *state = (controller_state_t *)memory;
    for (int i = 0; i < VARIABLES; i++) {
        state->values[i] = variables[i].initial;
    }
    test_reset(memory);
}

static nn4mc_status_t check(const float sensors[], const float reference[])
{
    for (int i = 0; i < SENSORS; i++) {
        if (!is_finite(sensors[i])) {
            return NN4MC_ERROR_SENSORS;
        }
    }
    for (int i = 0; i < REFERENCES; i++) {
        if (!is_finite(reference[i])) {
            return NN4MC_ERROR_REFERENCE;
        }
    }
    return NN4MC_OK;
}

static void hold(controller_state_t *state, float command[])
{
    state->bad_steps++;
    state->mode = state->bad_steps >= BAD_STEPS_TO_SAFE ? NN4MC_SAFE : NN4MC_HOLDING;
    for (int i = 0; i < COMMANDS; i++) {
        command[i] = state->mode == NN4MC_SAFE ? safe_command[i] : state->last_command[i];
    }
}

static nn4mc_status_t test_step(void *memory, const float sensors[], const float reference[], float command[])
{
    controller_state_t *state = (controller_state_t *)memory;
    const nn4mc_status_t status = check(sensors, reference);
    if (status != NN4MC_OK) {
        hold(state, command);
        return status;
    }
    const float gain = state->values[GAIN];
    state->bad_steps = 0;
    state->mode = NN4MC_TRACKING;
    state->integral = clip(state->values[LEAK] * state->integral + (reference[0] - sensors[0]));
    command[0] = clip(gain * (reference[0] - sensors[0]) + state->integral);
    command[1] = clip(gain * (reference[1] - sensors[1]) - sensors[2]);
    state->last_command[0] = command[0];
    state->last_command[1] = command[1];
    return NN4MC_OK;
}

static nn4mc_mode_t test_mode(const void *memory)
{
    return ((const controller_state_t *)memory)->mode;
}

static float *test_values(void *memory)
{
    return ((controller_state_t *)memory)->values;
}

static float test_selftest(void *memory)
{
    static const float sensors[SENSORS] = {0.25f, 0.0f, 0.5f};
    static const float reference[REFERENCES] = {0.5f, 0.5f};
    float command[COMMANDS];
    test_init(memory);
    (void)test_step(memory, sensors, reference, command);
    test_reset(memory);
    const float error = (command[0] - 0.375f) + (command[1] + 0.25f);
    return error < 0.0f ? -error : error;
}

const nn4mc_controller_t controller = {
    "test",
    "00112233445566ff",
    sizeof(controller_state_t),
    SENSORS,
    REFERENCES,
    COMMANDS,
    VARIABLES,
    variables,
    safe_command,
    1e-6f,
    test_init,
    test_reset,
    test_step,
    test_mode,
    test_values,
    test_selftest,
    NULL,
    NULL,
};
