#include "hil_log.h"

#include <stddef.h>

void hil_log_init(hil_log_t *log)
{
    log->oldest = 0;
    log->count = 0;
    log->delivered = false;
    log->delivered_seq = 0;
}

static void drop_oldest(hil_log_t *log)
{
    log->oldest = (uint8_t)((log->oldest + 1u) % HIL_LOG_LINES);
    log->count--;
    log->delivered = false;
}

void hil_log_write(hil_log_t *log, uint8_t level, uint32_t uptime_ms, const char *text)
{
    if (log->count == HIL_LOG_LINES) {
        drop_oldest(log);
    }
    hil_log_line_t *line = &log->lines[(log->oldest + (unsigned)log->count) % HIL_LOG_LINES];
    line->uptime_ms = uptime_ms;
    line->level = level;
    unsigned i = 0;
    for (; i + 1u < HIL_LOG_TEXT_SIZE && text[i] != '\0'; i++) {
        line->text[i] = text[i];
    }
    line->text[i] = '\0';
    log->count++;
}

const hil_log_line_t *hil_log_read(hil_log_t *log, uint16_t seq, uint8_t *remaining)
{
    if (log->delivered && log->delivered_seq != seq) {
        drop_oldest(log);
    }
    *remaining = 0;
    if (log->count == 0) {
        return NULL;
    }
    log->delivered = true;
    log->delivered_seq = seq;
    *remaining = (uint8_t)(log->count - 1u);
    return &log->lines[log->oldest];
}
