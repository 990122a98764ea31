/*
 * The laptop as a board: the serial line is stdin and stdout. Ends with status 0 when the other side closes, with
 * status 1 when the line breaks. This port alone uses the C library.
 */
#define _GNU_SOURCE /* ppoll: RUN's periods go down to 500 us, poll() counts in milliseconds */

#include "port.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "hil_protocol.h"

enum { LINE_IN = 0, LINE_OUT = 1 };

#define NS_PER_S 1000000000
#define NS_PER_MS 1000000
#define NS_PER_US 1000
#define IDLE_NS (10 * NS_PER_MS) /* how late the link watchdog may notice */

static int64_t start_ns;
static int64_t period_ns; /* 0: none */
static int64_t next_ns;   /* when the next period begins */
static bool readable;     /* poll() said that read() will not wait */

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

void port_init(port_info_t *info)
{
    start_ns = now_ns();
    /* A reader that has gone is reported by write(), not by a signal. */
    (void)signal(SIGPIPE, SIG_IGN);
    info->clock_hz = 0;
    info->cycle_source = HIL_CYCLES_NONE;
    info->reset_cause = HIL_RESET_CAUSE_POWER_ON;
    info->note = NULL;
}

void port_watchdog_start(void)
{
}

void port_watchdog_feed(void)
{
}

size_t port_read(uint8_t bytes[], size_t limit)
{
    if (!readable) {
        return 0;
    }
    readable = false;
    const ssize_t got = read(LINE_IN, bytes, limit);
    if (got > 0) {
        return (size_t)got;
    }
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
        return 0;
    }
    /* A pseudo terminal whose other side has closed answers EIO. */
    exit(got == 0 || errno == EIO ? EXIT_SUCCESS : EXIT_FAILURE);
}

void port_write(const uint8_t bytes[], size_t length)
{
    while (length > 0) {
        const ssize_t put = write(LINE_OUT, bytes, length);
        if (put > 0) {
            bytes += put;
            length -= (size_t)put;
        } else if (errno == EPIPE) {
            exit(EXIT_SUCCESS);
        } else if (errno != EINTR && errno != EAGAIN) {
            exit(EXIT_FAILURE);
        }
    }
}

void port_set_period(uint32_t period_us)
{
    period_ns = (int64_t)period_us * NS_PER_US;
    next_ns = now_ns() + period_ns;
}

uint32_t port_periods(void)
{
    if (period_ns == 0) {
        return 0;
    }
    const int64_t late_ns = now_ns() - next_ns;
    if (late_ns < 0) {
        return 0;
    }
    const int64_t periods = late_ns / period_ns + 1;
    next_ns += periods * period_ns;
    return (uint32_t)periods;
}

void port_idle(void)
{
    int64_t wait_ns = IDLE_NS;
    if (period_ns != 0) {
        const int64_t left_ns = next_ns - now_ns();
        wait_ns = left_ns < 0 ? 0 : left_ns;
        wait_ns = wait_ns < IDLE_NS ? wait_ns : IDLE_NS;
    }
    struct pollfd line = {.fd = LINE_IN, .events = POLLIN, .revents = 0};
    const struct timespec timeout = {.tv_sec = 0, .tv_nsec = (long)wait_ns};
    readable = ppoll(&line, 1, &timeout, NULL) > 0;
}

void port_output(const float command[], uint8_t length)
{
    /* A laptop has no pins: the dispatcher keeps the command, and there it stays. */
    (void)command;
    (void)length;
}

uint32_t port_millis(void)
{
    return (uint32_t)((now_ns() - start_ns) / NS_PER_MS);
}

uint32_t port_cycles(void)
{
    return 0;
}

uint32_t port_rx_overruns(void)
{
    return 0;
}

uint32_t port_stack_free(void)
{
    return 0;
}
