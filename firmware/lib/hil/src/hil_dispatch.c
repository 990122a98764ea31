#include "hil_dispatch.h"

#include "hil_answer.h"

static void copy_words(float *to, const float *from, size_t words)
{
    for (size_t i = 0; i < words; i++) {
        to[i] = from[i];
    }
}

bool hil_selftest_passed(const hil_dispatch_t *dispatch)
{
    /* Not "error > limit": a self-test that ends in NaN has failed. */
    return dispatch->selftest_error <= dispatch->controller->selftest_limit;
}

void hil_dispatch_forget(hil_dispatch_t *dispatch)
{
    const nn4mc_controller_t *controller = dispatch->controller;
    controller->reset(dispatch->state);
    dispatch->has_inputs = false;
    dispatch->has_step = false;
    dispatch->has_seq = false;
    dispatch->step_seq = 0;
    dispatch->time_us = 0;
    dispatch->period_us = 0;
    dispatch->step.status = NN4MC_OK;
    dispatch->step.mode = NN4MC_SAFE;
    dispatch->step.cycles = 0;
    copy_words(dispatch->step.command, controller->safe_command, controller->command_len);
}

static void clear_counters(hil_dispatch_t *dispatch)
{
    dispatch->steps = 0;
    dispatch->bad_steps = 0;
    dispatch->repeated = 0;
    dispatch->stale = 0;
    dispatch->missed = 0;
    dispatch->max_cycles = 0;
    dispatch->run_seq = 0;
    dispatch->tick = 0;
    dispatch->run_missed = 0;
}

bool hil_dispatch_init(hil_dispatch_t *dispatch, const nn4mc_controller_t *controller, void *state,
                       const hil_board_t *board)
{
    const unsigned inputs = (unsigned)controller->sensor_len + controller->reference_len;
    if (inputs > HIL_MAX_INPUT_WORDS || controller->command_len > HIL_MAX_COMMAND_WORDS) {
        return false;
    }
    dispatch->controller = controller;
    dispatch->state = state;
    dispatch->board = board;
    hil_parser_init(&dispatch->parser);
    hil_link_init(&dispatch->link);
    hil_log_init(&dispatch->log);
    clear_counters(dispatch);
    controller->init(state);
    dispatch->selftest_error = controller->selftest(state);
    hil_dispatch_forget(dispatch);
    copy_words(dispatch->output, controller->safe_command, controller->command_len);
    dispatch->output_changed = true;
    dispatch->output_stage = HIL_LINK_SAFE;
    if (!hil_selftest_passed(dispatch)) {
        hil_log_write(&dispatch->log, HIL_LOG_ERROR, board->millis(), "self-test failed: the controller is refused");
    }
    return true;
}

/* A reference came with each STEP: its sequence number tells a new one. */
static nn4mc_status_t call_controller(const hil_dispatch_t *dispatch, float command[])
{
    const nn4mc_controller_t *controller = dispatch->controller;
    const float *sensors = dispatch->inputs;
    const float *reference = sensors + controller->sensor_len;
    if (controller->step_at == NULL) {
        return controller->step(dispatch->state, sensors, reference, command);
    }
    const nn4mc_call_t call = {dispatch->time_us, dispatch->step_seq, sensors, reference};
    return controller->step_at(dispatch->state, &call, command);
}

void hil_dispatch_step(hil_dispatch_t *dispatch)
{
    const nn4mc_controller_t *controller = dispatch->controller;
    hil_step_t *step = &dispatch->step;
    const uint32_t before = dispatch->board->cycles();
    step->status = call_controller(dispatch, step->command);
    step->cycles = dispatch->board->cycles() - before;
    step->mode = controller->mode(dispatch->state);
    dispatch->steps++;
    if (step->status < 0) {
        dispatch->bad_steps++;
    }
    if (step->cycles > dispatch->max_cycles) {
        dispatch->max_cycles = step->cycles;
    }
    /* With the link gone quiet, RUN goes on stepping, but the pins keep what the watchdog put there. */
    if (dispatch->link.stage == HIL_LINK_FRESH) {
        copy_words(dispatch->output, step->command, controller->command_len);
        dispatch->output_changed = true;
    }
}

size_t hil_dispatch_byte(hil_dispatch_t *dispatch, uint8_t byte, uint8_t reply[HIL_MAX_FRAME])
{
    hil_frame_t frame;
    if (!hil_parser_byte(&dispatch->parser, byte, &frame)) {
        return 0;
    }
    return hil_answer(dispatch, &frame, reply);
}

size_t hil_dispatch_tick(hil_dispatch_t *dispatch, uint32_t periods, uint8_t reply[HIL_MAX_FRAME])
{
    if (dispatch->period_us == 0) {
        return 0;
    }
    const uint32_t missed = periods > 1u ? periods - 1u : 0u;
    dispatch->tick += missed + 1u;
    dispatch->run_missed += missed;
    dispatch->missed += missed;
    (void)hil_link_update(&dispatch->link, dispatch->board->millis());
    if (dispatch->has_inputs) {
        dispatch->time_us = dispatch->tick * dispatch->period_us;
        hil_dispatch_step(dispatch);
    } else {
        /* Nothing to step on yet: the safe command, and the status that says why. */
        dispatch->step.status = NN4MC_ERROR_SENSORS;
    }
    return hil_answer_run(dispatch, dispatch->tick, reply);
}

uint32_t hil_dispatch_period(const hil_dispatch_t *dispatch)
{
    return dispatch->period_us;
}

static void log_stage(hil_dispatch_t *dispatch, hil_link_stage_t stage, uint32_t now_ms)
{
    if (stage == HIL_LINK_HOLDING) {
        hil_log_write(&dispatch->log, HIL_LOG_WARNING, now_ms, "no STEP: output held");
    } else if (stage == HIL_LINK_SAFE) {
        hil_log_write(&dispatch->log, HIL_LOG_WARNING, now_ms, "no STEP: safe output");
    }
}

const float *hil_dispatch_output(hil_dispatch_t *dispatch)
{
    const uint32_t now_ms = dispatch->board->millis();
    const hil_link_stage_t stage = hil_link_update(&dispatch->link, now_ms);
    if (stage != dispatch->output_stage) {
        dispatch->output_stage = stage;
        log_stage(dispatch, stage, now_ms);
        if (stage == HIL_LINK_SAFE) {
            const nn4mc_controller_t *controller = dispatch->controller;
            copy_words(dispatch->output, controller->safe_command, controller->command_len);
            dispatch->output_changed = true;
        }
    }
    if (!dispatch->output_changed) {
        return NULL;
    }
    dispatch->output_changed = false;
    return dispatch->output;
}
