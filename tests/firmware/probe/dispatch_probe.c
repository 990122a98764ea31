/* A dispatcher on a board whose clock, cycles and self-test limit Python sets. */
#include "controller.h"
#include "hil_dispatch.h"

typedef struct probe {
    hil_dispatch_t dispatch;
    controller_state_t state;
    nn4mc_controller_t controller;
    hil_board_t board;
} probe_t;

static uint32_t now_ms;
static uint32_t now_cycles;

size_t probe_size(void);
int probe_init(probe_t *probe, float selftest_limit, uint8_t command_len);
size_t probe_feed(probe_t *probe, const uint8_t *bytes, size_t length, uint8_t *replies);
size_t probe_tick(probe_t *probe, uint32_t periods, uint8_t *reply);
uint32_t probe_period(const probe_t *probe);
int probe_output(probe_t *probe, float command[COMMANDS]);
void probe_set_millis(uint32_t millis);
void probe_log(probe_t *probe, uint8_t level, const char *text);
void probe_keep_time(probe_t *probe);
void probe_add_bench(probe_t *probe, uint8_t cycle_source);

static uint32_t millis(void)
{
    return now_ms;
}

/* Every look at the counter finds it 100 further on. */
static uint32_t cycles(void)
{
    now_cycles += 100;
    return now_cycles;
}

static uint32_t rx_overruns(void)
{
    return 7;
}

static uint32_t stack_free(void)
{
    return 4321;
}

size_t probe_size(void)
{
    return sizeof(probe_t);
}

int probe_init(probe_t *probe, float selftest_limit, uint8_t command_len)
{
    static const hil_board_t board = {
        "probe", "0123456789abcdef", 168000000u, HIL_CYCLES_DWT, HIL_RESET_CAUSE_PIN,
        cycles,  millis,             rx_overruns, stack_free,       NULL,
    };
    now_ms = 0;
    probe->board = board;
    probe->controller = controller;
    probe->controller.selftest_limit = selftest_limit;
    probe->controller.command_len = command_len;
    return hil_dispatch_init(&probe->dispatch, &probe->controller, &probe->state, &probe->board);
}

size_t probe_feed(probe_t *probe, const uint8_t *bytes, size_t length, uint8_t *replies)
{
    size_t end = 0;
    for (size_t i = 0; i < length; i++) {
        end += hil_dispatch_byte(&probe->dispatch, bytes[i], replies + end);
    }
    return end;
}

size_t probe_tick(probe_t *probe, uint32_t periods, uint8_t *reply)
{
    return hil_dispatch_tick(&probe->dispatch, periods, reply);
}

uint32_t probe_period(const probe_t *probe)
{
    return hil_dispatch_period(&probe->dispatch);
}

/* 0 when nothing changed since the last call. */
int probe_output(probe_t *probe, float command[COMMANDS])
{
    const float *output = hil_dispatch_output(&probe->dispatch);
    for (int i = 0; output != NULL && i < COMMANDS; i++) {
        command[i] = output[i];
    }
    return output != NULL;
}

void probe_set_millis(uint32_t value)
{
    now_ms = value;
}

void probe_log(probe_t *probe, uint8_t level, const char *text)
{
    hil_log_write(&probe->dispatch.log, level, now_ms, text);
}

/* Two kernels, whose figures are their index. */
static bool bench(uint8_t index, hil_bench_t *result)
{
    const hil_bench_t made = {"kernel", 2, 10u + index, 20u + index, 30u + index, 40u + index};
    *result = made;
    return index < 2;
}

void probe_add_bench(probe_t *probe, uint8_t cycle_source)
{
    probe->board.bench = bench;
    probe->board.cycle_source = cycle_source;
}

/* Commands what it was called with: the time in ms and the stamp of the reference. */
static nn4mc_status_t step_at(void *state, const nn4mc_call_t *call, float command[])
{
    (void)state;
    command[0] = (float)(call->time_us / 1000u);
    command[1] = (float)call->reference_stamp + call->sensors[0] + call->reference[0];
    return NN4MC_STALE_REFERENCE;
}

static void timing(const void *state, nn4mc_timing_t *found)
{
    static const nn4mc_timing_t made_up = {1, 2, 3, 4, 5, 6.5f, 7.5f, 8, 9};
    (void)state;
    *found = made_up;
}

void probe_keep_time(probe_t *probe)
{
    probe->controller.timing = timing;
    probe->controller.step_at = step_at;
}
