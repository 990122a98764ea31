/* Inside the dispatcher: one answer for each message of the table. */
#ifndef HIL_ANSWER_H
#define HIL_ANSWER_H

#include "hil_dispatch.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Answer a frame; returns the bytes of the reply, 0 for a STEP while RUN goes on. */
size_t hil_answer(hil_dispatch_t *dispatch, const hil_frame_t *frame, uint8_t reply[HIL_MAX_FRAME]);

/* RUN's reply for the newest step; tick 0 acknowledges RUN itself. */
size_t hil_answer_run(const hil_dispatch_t *dispatch, uint32_t tick, uint8_t reply[HIL_MAX_FRAME]);

/* One controller step on the newest inputs; its outcome is in dispatch->step. */
void hil_dispatch_step(hil_dispatch_t *dispatch);

/* Reset the controller, stop RUN, forget the newest STEP. Variables and counters stay. */
void hil_dispatch_forget(hil_dispatch_t *dispatch);

bool hil_selftest_passed(const hil_dispatch_t *dispatch);

#ifdef __cplusplus
}
#endif

#endif
