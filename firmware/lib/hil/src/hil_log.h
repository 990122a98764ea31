/* A ring of short log lines: when it is full the oldest is lost. */
#ifndef HIL_LOG_H
#define HIL_LOG_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HIL_LOG_LINES 8u
#define HIL_LOG_TEXT_SIZE 48u

typedef struct hil_log_line {
    uint32_t uptime_ms;
    uint8_t level;                /* enum hil_log_level */
    char text[HIL_LOG_TEXT_SIZE]; /* ended by a NUL, cut where it is longer */
} hil_log_line_t;

typedef struct hil_log {
    hil_log_line_t lines[HIL_LOG_LINES];
    uint8_t oldest;
    uint8_t count;
    bool delivered;         /* the oldest line was sent; it is dropped once the host asks for another */
    uint16_t delivered_seq; /* the request it was sent for: asked again, it is sent again */
} hil_log_t;

void hil_log_init(hil_log_t *log);
void hil_log_write(hil_log_t *log, uint8_t level, uint32_t uptime_ms, const char *text);

/* The line for the request `seq`, or NULL when nothing waits; *remaining counts the lines behind it. */
const hil_log_line_t *hil_log_read(hil_log_t *log, uint16_t seq, uint8_t *remaining);

#ifdef __cplusplus
}
#endif

#endif
