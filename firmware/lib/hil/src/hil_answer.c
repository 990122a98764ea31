#include "hil_answer.h"

#include "hil_bytes.h"

typedef size_t (*hil_handler_t)(hil_dispatch_t *dispatch, const hil_frame_t *frame, uint8_t reply[]);

static uint8_t *payload_of(uint8_t reply[])
{
    return reply + HIL_PAYLOAD_AT;
}

static size_t finish(uint8_t reply[], uint8_t type, uint16_t seq, const uint8_t *end)
{
    return hil_frame_finish(reply, (uint8_t)(type | HIL_REPLY), seq, (size_t)(end - payload_of(reply)));
}

/* Text to the end of the payload, without a NUL, cut where the payload is full. */
static uint8_t *put_rest(uint8_t *at, const uint8_t *payload, const char *text)
{
    const uint8_t *limit = payload + HIL_MAX_PAYLOAD;
    for (; at < limit && *text != '\0'; text++) {
        *at++ = (uint8_t)*text;
    }
    return at;
}

static uint8_t *put_command(uint8_t *at, const hil_dispatch_t *dispatch)
{
    for (unsigned i = 0; i < dispatch->controller->command_len; i++) {
        at = hil_put_f32(at, dispatch->step.command[i]);
    }
    return at;
}

static size_t refuse(const hil_frame_t *frame, uint8_t code, const char *text, uint8_t reply[])
{
    uint8_t *at = hil_put_u8(payload_of(reply), code);
    at = hil_put_u8(at, frame->type);
    at = put_rest(at, payload_of(reply), text);
    return finish(reply, HIL_TYPE_ERROR, frame->seq, at);
}

static size_t answer_hello(hil_dispatch_t *dispatch, const hil_frame_t *frame, uint8_t reply[])
{
    const nn4mc_controller_t *controller = dispatch->controller;
    const hil_board_t *board = dispatch->board;
    uint8_t *at = hil_put_text(payload_of(reply), board->build_id, HIL_HELLO_BUILD_ID_SIZE);
    at = hil_put_text(at, controller->model_id, HIL_HELLO_MODEL_ID_SIZE);
    at = hil_put_text(at, controller->kind, HIL_HELLO_CONTROLLER_SIZE);
    at = hil_put_text(at, board->name, HIL_HELLO_BOARD_SIZE);
    at = hil_put_u8(at, controller->sensor_len);
    at = hil_put_u8(at, controller->reference_len);
    at = hil_put_u8(at, controller->command_len);
    at = hil_put_u8(at, controller->variable_len);
    at = hil_put_u32(at, board->clock_hz);
    at = hil_put_u8(at, board->cycle_source);
    at = hil_put_u8(at, board->reset_cause);
    at = hil_put_f32(at, dispatch->selftest_error);
    return finish(reply, frame->type, frame->seq, at);
}

static size_t answer_reset(hil_dispatch_t *dispatch, const hil_frame_t *frame, uint8_t reply[])
{
    hil_dispatch_forget(dispatch);
    return finish(reply, frame->type, frame->seq, hil_put_u8(payload_of(reply), 0));
}

static size_t answer_step(const hil_dispatch_t *dispatch, uint8_t reply[])
{
    uint8_t *at = hil_put_u8(payload_of(reply), (uint8_t)dispatch->step.status);
    at = hil_put_u8(at, (uint8_t)dispatch->step.mode);
    at = hil_put_u32(at, dispatch->step.cycles);
    at = put_command(at, dispatch);
    return finish(reply, HIL_TYPE_STEP, dispatch->step_seq, at);
}

size_t hil_answer_run(const hil_dispatch_t *dispatch, uint32_t tick, uint8_t reply[HIL_MAX_FRAME])
{
    uint8_t *at = hil_put_u8(payload_of(reply), (uint8_t)dispatch->step.status);
    at = hil_put_u8(at, (uint8_t)dispatch->step.mode);
    at = hil_put_u16(at, dispatch->step_seq);
    at = hil_put_u32(at, tick);
    at = hil_put_u32(at, dispatch->run_missed);
    at = hil_put_u32(at, dispatch->step.cycles);
    at = put_command(at, dispatch);
    return finish(reply, HIL_TYPE_RUN, dispatch->run_seq, at);
}

static void take_inputs(hil_dispatch_t *dispatch, const hil_frame_t *frame)
{
    const uint8_t *words = frame->payload + HIL_STEP_REQUEST_HEAD;
    for (size_t i = 0; i < (frame->length - HIL_STEP_REQUEST_HEAD) / 4u; i++) {
        dispatch->inputs[i] = hil_get_f32(words + 4u * i);
    }
    dispatch->time_us = hil_get_u32(frame->payload);
    dispatch->step_seq = frame->seq;
    dispatch->has_seq = true;
    dispatch->has_inputs = true;
}

static size_t handle_step(hil_dispatch_t *dispatch, const hil_frame_t *frame, uint8_t reply[])
{
    const nn4mc_controller_t *controller = dispatch->controller;
    const size_t inputs = (size_t)controller->sensor_len + controller->reference_len;
    if (frame->length != HIL_STEP_REQUEST_HEAD + 4u * inputs) {
        return refuse(frame, HIL_ERROR_LENGTH, "STEP: not a time and sensor_len + reference_len words", reply);
    }
    if (!hil_selftest_passed(dispatch)) {
        return refuse(frame, HIL_ERROR_SELFTEST, "STEP: the self-test failed", reply);
    }
    const bool running = dispatch->period_us != 0;
    /* Modulo 2^16: the upper half is what would be negative in an int16. */
    const uint16_t distance = (uint16_t)(frame->seq - dispatch->step_seq);
    if (dispatch->has_seq && distance >= 0x8000u) {
        dispatch->stale++;
        return running ? 0 : refuse(frame, HIL_ERROR_STALE, "STEP: older than the newest one", reply);
    }
    hil_link_feed(&dispatch->link, dispatch->board->millis());
    if (running) {
        take_inputs(dispatch, frame);
        return 0;
    }
    if (dispatch->has_step && distance == 0) {
        dispatch->repeated++;
        return answer_step(dispatch, reply);
    }
    take_inputs(dispatch, frame);
    hil_dispatch_step(dispatch);
    dispatch->has_step = true;
    return answer_step(dispatch, reply);
}

static size_t handle_run(hil_dispatch_t *dispatch, const hil_frame_t *frame, uint8_t reply[])
{
    const uint32_t period_us = hil_get_u32(frame->payload);
    if (period_us != 0 && (period_us < HIL_MIN_PERIOD_US || period_us > HIL_MAX_PERIOD_US)) {
        return refuse(frame, HIL_ERROR_RANGE, "RUN: period_us is 0, or 500 to 1000000", reply);
    }
    if (period_us != 0 && !hil_selftest_passed(dispatch)) {
        return refuse(frame, HIL_ERROR_SELFTEST, "RUN: the self-test failed", reply);
    }
    if (period_us != 0 && dispatch->period_us != 0 && period_us != dispatch->period_us) {
        return refuse(frame, HIL_ERROR_BUSY, "RUN: goes on with another period; stop it with 0", reply);
    }
    dispatch->run_seq = frame->seq;
    if (period_us != dispatch->period_us) {
        /* A start or a stop. Asked for again after a lost reply, RUN is only acknowledged again. */
        dispatch->period_us = period_us;
        dispatch->has_step = false;
        dispatch->has_seq = false;
        dispatch->tick = 0;
        dispatch->run_missed = 0;
    }
    return hil_answer_run(dispatch, 0, reply);
}

static size_t answer_stats(hil_dispatch_t *dispatch, const hil_frame_t *frame, uint8_t reply[])
{
    const hil_board_t *board = dispatch->board;
    const uint32_t now_ms = board->millis();
    const uint32_t words[] = {
        dispatch->steps,
        dispatch->bad_steps,
        dispatch->parser.frames,
        dispatch->parser.crc_errors,
        dispatch->parser.framing_errors,
        dispatch->repeated,
        dispatch->stale,
        board->rx_overruns(),
        dispatch->missed,
        dispatch->max_cycles,
        now_ms,
        board->stack_free(),
    };
    const hil_link_stage_t stage = hil_link_update(&dispatch->link, now_ms);
    uint8_t *at = payload_of(reply);
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
        at = hil_put_u32(at, words[i]);
    }
    at = hil_put_u8(at, (uint8_t)stage);
    at = hil_put_u32(at, dispatch->link.trips);
    return finish(reply, frame->type, frame->seq, at);
}

static size_t answer_vars(hil_dispatch_t *dispatch, const hil_frame_t *frame, uint8_t reply[])
{
    const uint8_t index = frame->payload[0];
    if (index >= dispatch->controller->variable_len) {
        return refuse(frame, HIL_ERROR_RANGE, "VARS: no variable of that index", reply);
    }
    const nn4mc_variable_t *variable = &dispatch->controller->variables[index];
    uint8_t *at = hil_put_u8(payload_of(reply), index);
    at = hil_put_f32(at, dispatch->controller->values(dispatch->state)[index]);
    at = hil_put_f32(at, variable->minimum);
    at = hil_put_f32(at, variable->maximum);
    at = hil_put_text(at, variable->unit, HIL_VARS_UNIT_SIZE);
    at = put_rest(at, payload_of(reply), variable->name);
    return finish(reply, frame->type, frame->seq, at);
}

static size_t handle_set(hil_dispatch_t *dispatch, const hil_frame_t *frame, uint8_t reply[])
{
    const uint8_t index = frame->payload[0];
    const float value = hil_get_f32(frame->payload + 1);
    if (index >= dispatch->controller->variable_len) {
        return refuse(frame, HIL_ERROR_RANGE, "SET: no variable of that index", reply);
    }
    const nn4mc_variable_t *variable = &dispatch->controller->variables[index];
    /* The comparisons are this way round so that a NaN is out of range. */
    if (!(value >= variable->minimum && value <= variable->maximum)) {
        return refuse(frame, HIL_ERROR_RANGE, "SET: outside minimum to maximum", reply);
    }
    dispatch->controller->values(dispatch->state)[index] = value;
    uint8_t *at = hil_put_u8(payload_of(reply), index);
    return finish(reply, frame->type, frame->seq, hil_put_f32(at, value));
}

static size_t answer_log(hil_dispatch_t *dispatch, const hil_frame_t *frame, uint8_t reply[])
{
    uint8_t remaining = 0;
    const hil_log_line_t *line = hil_log_read(&dispatch->log, frame->seq, &remaining);
    uint8_t *at = hil_put_u8(payload_of(reply), remaining);
    at = hil_put_u8(at, line == NULL ? (uint8_t)HIL_LOG_INFO : line->level);
    at = hil_put_u32(at, line == NULL ? 0u : line->uptime_ms);
    at = put_rest(at, payload_of(reply), line == NULL ? "" : line->text);
    return finish(reply, frame->type, frame->seq, at);
}

static size_t handle_bench(hil_dispatch_t *dispatch, const hil_frame_t *frame, uint8_t reply[])
{
    const hil_board_t *board = dispatch->board;
    if (board->bench == NULL) {
        return refuse(frame, HIL_ERROR_TYPE, "BENCH: this firmware was built without kernels to time", reply);
    }
    if (board->cycle_source == HIL_CYCLES_NONE) {
        return refuse(frame, HIL_ERROR_TYPE, "BENCH: nothing counts cycles on this board", reply);
    }
    if (dispatch->period_us != 0) {
        return refuse(frame, HIL_ERROR_BUSY, "BENCH: stop RUN first", reply);
    }
    hil_bench_t bench;
    if (!board->bench(frame->payload[0], &bench)) {
        return refuse(frame, HIL_ERROR_RANGE, "BENCH: no kernel of that index", reply);
    }
    uint8_t *at = hil_put_u8(payload_of(reply), frame->payload[0]);
    at = hil_put_u8(at, bench.count);
    at = hil_put_u32(at, bench.operations);
    at = hil_put_u32(at, bench.cycles);
    at = hil_put_u32(at, bench.first_cycles);
    at = hil_put_u32(at, bench.digest);
    at = put_rest(at, payload_of(reply), bench.name);
    return finish(reply, frame->type, frame->seq, at);
}

static size_t answer_timing(hil_dispatch_t *dispatch, const hil_frame_t *frame, uint8_t reply[])
{
    if (dispatch->controller->timing == NULL) {
        return refuse(frame, HIL_ERROR_TYPE, "TIMING: this controller keeps no time", reply);
    }
    nn4mc_timing_t timing;
    dispatch->controller->timing(dispatch->state, &timing);
    uint8_t *at = hil_put_u32(payload_of(reply), timing.calls);
    at = hil_put_u32(at, timing.native_steps);
    at = hil_put_u32(at, timing.missed);
    at = hil_put_u32(at, timing.restarts);
    at = hil_put_u32(at, timing.steps_back);
    at = hil_put_f32(at, timing.mean_us);
    at = hil_put_f32(at, timing.variance_us2);
    at = hil_put_u32(at, timing.shortest_us);
    at = hil_put_u32(at, timing.longest_us);
    return finish(reply, frame->type, frame->seq, at);
}

typedef struct hil_message {
    uint8_t type;
    uint8_t size; /* of the request; HIL_ANY where the handler checks */
    hil_handler_t handle;
} hil_message_t;

#define HIL_ANY 0xFFu

static const hil_message_t messages[] = {
    {HIL_TYPE_STEP, HIL_ANY, handle_step},
    {HIL_TYPE_HELLO, HIL_HELLO_REQUEST_SIZE, answer_hello},
    {HIL_TYPE_RESET, HIL_RESET_REQUEST_SIZE, answer_reset},
    {HIL_TYPE_RUN, HIL_RUN_REQUEST_SIZE, handle_run},
    {HIL_TYPE_STATS, HIL_STATS_REQUEST_SIZE, answer_stats},
    {HIL_TYPE_VARS, HIL_VARS_REQUEST_SIZE, answer_vars},
    {HIL_TYPE_SET, HIL_SET_REQUEST_SIZE, handle_set},
    {HIL_TYPE_LOG, HIL_LOG_REQUEST_SIZE, answer_log},
    {HIL_TYPE_BENCH, HIL_BENCH_REQUEST_SIZE, handle_bench},
    {HIL_TYPE_TIMING, HIL_TIMING_REQUEST_SIZE, answer_timing},
};

size_t hil_answer(hil_dispatch_t *dispatch, const hil_frame_t *frame, uint8_t reply[HIL_MAX_FRAME])
{
    if (frame->version != HIL_VERSION) {
        return refuse(frame, HIL_ERROR_VERSION, "another protocol version than this firmware's", reply);
    }
    for (unsigned i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        if (messages[i].type == frame->type) {
            if (messages[i].size != HIL_ANY && messages[i].size != frame->length) {
                return refuse(frame, HIL_ERROR_LENGTH, "payload of another length than the table's", reply);
            }
            return messages[i].handle(dispatch, frame, reply);
        }
    }
    return refuse(frame, HIL_ERROR_TYPE, "no such request", reply);
}
