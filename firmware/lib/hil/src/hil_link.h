/*
 * Two-stage watchdog of the output pins: with no STEP for a while the last command is held, and after a longer while
 * the safe command is put out. It never touches the controller, so a late STEP finds the state it would have found.
 */
#ifndef HIL_LINK_H
#define HIL_LINK_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HIL_LINK_HOLD_MS 100u
#define HIL_LINK_SAFE_MS 500u

typedef enum hil_link_stage {
    HIL_LINK_FRESH = 0,
    HIL_LINK_HOLDING = 1,
    HIL_LINK_SAFE = 2,
} hil_link_stage_t;

typedef struct hil_link {
    hil_link_stage_t stage;
    uint32_t fed_ms; /* when the last STEP came */
    uint32_t trips;  /* times HIL_LINK_SAFE was reached from another stage */
} hil_link_t;

/* Safe until the first STEP: a board that was never commanded does not move. */
void hil_link_init(hil_link_t *link);

/* A valid STEP came. */
void hil_link_feed(hil_link_t *link, uint32_t now_ms);

/* Time went on; returns the stage now in force. The clock may wrap. */
hil_link_stage_t hil_link_update(hil_link_t *link, uint32_t now_ms);

#ifdef __cplusplus
}
#endif

#endif
