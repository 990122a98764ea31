/*
 * The device's side of the protocol: bytes in, at most one reply frame out. No I/O, no clock of its own: the board
 * is a table of functions, so that the same dispatcher runs on a microcontroller, on a laptop and under unit tests.
 */
#ifndef HIL_DISPATCH_H
#define HIL_DISPATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hil_frame.h"
#include "hil_link.h"
#include "hil_log.h"
#include "hil_protocol.h"
#include "nn4mc_controller.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What fits into the payload of a STEP, and of RUN's reply, the longer of the two. */
#define HIL_MAX_INPUT_WORDS ((HIL_MAX_PAYLOAD - HIL_STEP_REQUEST_HEAD) / 4u)
#define HIL_MAX_COMMAND_WORDS ((HIL_MAX_PAYLOAD - HIL_RUN_REPLY_HEAD) / 4u)

/* What BENCH answers. */
typedef struct hil_bench {
    const char *name;
    uint8_t count; /* of all kernels */
    uint32_t operations;
    uint32_t cycles;
    uint32_t first_cycles;
    uint32_t digest;
} hil_bench_t;

typedef struct hil_board {
    const char *name;
    const char *build_id;
    uint32_t clock_hz;             /* 0: unknown */
    uint8_t cycle_source;          /* enum hil_cycle_source */
    uint8_t reset_cause;           /* enum hil_reset_cause */
    uint32_t (*cycles)(void);      /* free-running; always 0 with HIL_CYCLES_NONE */
    uint32_t (*millis)(void);      /* since start; may wrap */
    uint32_t (*rx_overruns)(void); /* bytes lost before they reached the dispatcher */
    uint32_t (*stack_free)(void);  /* bytes never touched; 0: unknown */
    /* Time a kernel; false when there is none of that index. NULL in a firmware without any. */
    bool (*bench)(uint8_t index, hil_bench_t *result);
} hil_board_t;

/* The outcome of the newest controller step: what STEP answers, and answers again when asked again. */
typedef struct hil_step {
    nn4mc_status_t status;
    nn4mc_mode_t mode;
    uint32_t cycles;
    float command[HIL_MAX_COMMAND_WORDS];
} hil_step_t;

typedef struct hil_dispatch {
    const nn4mc_controller_t *controller;
    void *state;
    const hil_board_t *board;
    hil_parser_t parser;
    hil_link_t link;
    hil_log_t log;
    float selftest_error;
    hil_step_t step;
    bool has_inputs; /* a STEP came since the last RESET */
    bool has_step;   /* step answers step_seq (lock-step only) */
    bool has_seq;    /* step_seq is the newest sequence number: older ones are stale */
    uint16_t step_seq;
    uint32_t time_us; /* of the newest STEP; of the newest period while RUN goes on */
    float inputs[HIL_MAX_INPUT_WORDS]; /* of the newest STEP: sensors, then references */
    float output[HIL_MAX_COMMAND_WORDS];
    bool output_changed;
    hil_link_stage_t output_stage; /* link stage the output was last taken in */
    uint32_t period_us;            /* of RUN; 0 while it does not run */
    uint16_t run_seq;
    uint32_t tick;
    uint32_t run_missed;
    uint32_t steps;
    uint32_t bad_steps;
    uint32_t repeated;
    uint32_t stale;
    uint32_t missed;
    uint32_t max_cycles;
} hil_dispatch_t;

/*
 * Initialise the controller, replay its golden vectors and start with empty counters. `state` has
 * controller->state_size bytes, aligned for any type. False when the controller has more words than a frame.
 */
bool hil_dispatch_init(hil_dispatch_t *dispatch, const nn4mc_controller_t *controller, void *state,
                       const hil_board_t *board);

/* Take one received byte; returns the bytes of the reply written to reply[], 0 for none. */
size_t hil_dispatch_byte(hil_dispatch_t *dispatch, uint8_t byte, uint8_t reply[HIL_MAX_FRAME]);

/* `periods` (at least 1) of RUN began since the last call; returns the bytes of the reply, 0 while RUN is off. */
size_t hil_dispatch_tick(hil_dispatch_t *dispatch, uint32_t periods, uint8_t reply[HIL_MAX_FRAME]);

/* Period the board's timer should have now, in us; 0: none. */
uint32_t hil_dispatch_period(const hil_dispatch_t *dispatch);

/*
 * What the output pins should show, [command_len], after the link watchdog. NULL when nothing changed since the
 * last call.
 */
const float *hil_dispatch_output(hil_dispatch_t *dispatch);

#ifdef __cplusplus
}
#endif

#endif
