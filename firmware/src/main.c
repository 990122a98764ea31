/* Read, dispatch, write: the whole firmware around a controller. */
#include "controller.h"
#include "hil_dispatch.h"
#include "port.h"

#ifdef NN4MC_BENCH
#include "bench.h"
#endif

/* The controller's memory and the harness's, in two objects, so that the linker map tells them apart. */
static controller_state_t controller_state;
static hil_dispatch_t dispatch;

static uint32_t period_us; /* what the port's timer runs with */

static void send(const uint8_t frame[], size_t length)
{
    if (length != 0) {
        port_write(frame, length);
    }
}

static void follow_period(void)
{
    if (hil_dispatch_period(&dispatch) != period_us) {
        period_us = hil_dispatch_period(&dispatch);
        port_set_period(period_us);
    }
}

static void serve_link(void)
{
    uint8_t bytes[64];
    uint8_t reply[HIL_MAX_FRAME];
    const size_t received = port_read(bytes, sizeof bytes);
    for (size_t i = 0; i < received; i++) {
        send(reply, hil_dispatch_byte(&dispatch, bytes[i], reply));
        follow_period();
    }
}

static void serve_period(void)
{
    const uint32_t periods = port_periods();
    if (periods != 0) {
        uint8_t reply[HIL_MAX_FRAME];
        send(reply, hil_dispatch_tick(&dispatch, periods, reply));
    }
}

static void drive_output(void)
{
    const float *command = hil_dispatch_output(&dispatch);
    if (command != NULL) {
        port_output(command, controller.command_len);
    }
}

int main(void)
{
    port_info_t info;
    port_init(&info);
    const hil_board_t board = {
        .name = NN4MC_BOARD,
        .build_id = NN4MC_BUILD_ID,
        .clock_hz = info.clock_hz,
        .cycle_source = info.cycle_source,
        .reset_cause = info.reset_cause,
        .cycles = port_cycles,
        .millis = port_millis,
        .rx_overruns = port_rx_overruns,
        .stack_free = port_stack_free,
#ifdef NN4MC_BENCH
        .bench = bench_run,
#endif
    };
    if (!hil_dispatch_init(&dispatch, &controller, &controller_state, &board)) {
        return 1; /* the controller does not fit the wire: nothing could be answered */
    }
    if (info.note != NULL) {
        hil_log_write(&dispatch.log, HIL_LOG_WARNING, 0, info.note);
    }
    port_watchdog_start();
    for (;;) {
        serve_link();
        serve_period();
        drive_output();
        port_watchdog_feed();
        port_idle();
    }
}
