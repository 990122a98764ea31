/*
 * What a board has to provide: the only functions main.c calls that differ between boards. One thread of control;
 * a port may have interrupts inside, main.c never sees them.
 */
#ifndef PORT_H
#define PORT_H

#include <stddef.h>
#include <stdint.h>

typedef struct port_info {
    uint32_t clock_hz;    /* core clock reached; 0: unknown */
    uint8_t cycle_source; /* enum hil_cycle_source: DWT only where the counter was seen to count */
    uint8_t reset_cause;  /* enum hil_reset_cause */
    const char *note;     /* a line for the log, such as where the last run ended; NULL: none */
} port_info_t;

/* Clocks, serial line, timers, pins. Called once, first. */
void port_init(port_info_t *info);

/* Start the hardware watchdog where the board has one. Called once, before the first turn of the main loop. */
void port_watchdog_start(void);

/* The main loop has made a turn: the only place that feeds the hardware watchdog. */
void port_watchdog_feed(void);

/* Bytes received and not yet read, at most `limit`; 0 when there are none. Never waits. */
size_t port_read(uint8_t bytes[], size_t limit);

/* Send; waits only while the transmit buffer is full. */
void port_write(const uint8_t bytes[], size_t length);

/* Period of port_periods() from now on, in us; 0 stops it. */
void port_set_period(uint32_t period_us);

/* Periods begun since the last call. */
uint32_t port_periods(void);

/* Sleep until a byte or a period has come, at most some milliseconds; not at all when one already has. */
void port_idle(void);

/* Put the command on the pins. */
void port_output(const float command[], uint8_t length);

uint32_t port_millis(void);      /* since port_init, may wrap */
uint32_t port_cycles(void);      /* free-running core clocks; 0 where nothing counts */
uint32_t port_rx_overruns(void); /* bytes lost because nobody read in time */
uint32_t port_stack_free(void);  /* bytes of stack never touched; 0: unknown */

#endif
