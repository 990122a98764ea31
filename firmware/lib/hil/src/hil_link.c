#include "hil_link.h"

void hil_link_init(hil_link_t *link)
{
    link->stage = HIL_LINK_SAFE;
    link->fed_ms = 0;
    link->trips = 0;
}

void hil_link_feed(hil_link_t *link, uint32_t now_ms)
{
    link->stage = HIL_LINK_FRESH;
    link->fed_ms = now_ms;
}

hil_link_stage_t hil_link_update(hil_link_t *link, uint32_t now_ms)
{
    /* A stage is only left towards safety: once safe, the age says nothing, since the clock may have wrapped. */
    const uint32_t age_ms = now_ms - link->fed_ms;
    if (link->stage != HIL_LINK_SAFE && age_ms >= HIL_LINK_SAFE_MS) {
        link->stage = HIL_LINK_SAFE;
        link->trips++;
    } else if (link->stage == HIL_LINK_FRESH && age_ms >= HIL_LINK_HOLD_MS) {
        link->stage = HIL_LINK_HOLDING;
    }
    return link->stage;
}
