/*
 * An STM32F405 around an emulated Cortex-M4F: its clock, interrupts and the devices that the firmware uses. Time is the
 * core's modelled cycles plus the cycles it slept, so that it runs the same way every time.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include "counter.h"

/* Of Unicorn. */
typedef struct engine_calls {
    int (*start)(void *engine, uint64_t begin, uint64_t until, uint64_t timeout, size_t count);
    stop_t stop;
    int (*read_registers)(void *engine, int *numbers, void **values, int count);
    int (*write_registers)(void *engine, int *numbers, void *const *values, int count);
    read_memory_t read;
    int (*write)(void *engine, uint64_t address, const void *bytes, size_t size);
} engine_calls_t;

/* Unicorn's numbers of registers, in the order of `enum frame_register`. */
#define RAM_AT 0x20000000u
#define RAM_SIZE 0x20000u
enum { FRAME_CORE = 8, FRAME_FLOATS = 8, REGISTERS = FRAME_CORE + FRAME_FLOATS + 3 };

enum machine_status {
    MACHINE_RUNS = 0,   /* the time given is over */
    MACHINE_ANSWERED,   /* it has sent bytes and sleeps */
    MACHINE_LOCKED_UP,  /* a fault inside the fault handler */
    MACHINE_ENDLESS     /* no device will ever wake it */
};

enum reset_cause { RESET_POWER_ON, RESET_SOFTWARE, RESET_WATCHDOG };

enum { LINE_SIZE = 4096 }; /* bytes on their way; a power of two */

typedef struct line {
    uint32_t head;
    uint32_t tail;
    uint8_t bytes[LINE_SIZE];
} line_t;

typedef struct usart {
    uint32_t status;
    uint32_t data;
    uint32_t control;
    uint32_t divider;
    uint64_t next_byte; /* when the next one has arrived; 0: none is on its way */
    uint64_t sent;      /* when the one in the shift register is out; 0: it is empty */
    uint32_t timed;     /* bytes take their time; else they are there as soon as there is room for them */
    uint8_t shifting;
    uint8_t holding;
    line_t in;
    line_t out;
} usart_t;

typedef struct ticker {
    uint64_t next; /* when it fires; 0: never */
    uint64_t period;
} ticker_t;

enum { PERIPHERAL_WORDS = 0x24000 / 4 };

typedef struct machine {
    counter_t *counter;
    void *engine;
    engine_calls_t calls;
    int registers[REGISTERS];
    uint8_t *ram; /* what the engine has at RAM_AT */
    uint64_t slept;    /* cycles in WFI and in the entry and exit of exceptions */
    uint64_t deadline; /* when the core must be stopped */
    uint64_t fed_until; /* by the independent watchdog; 0: not started */
    int32_t interrupted; /* the block that an exception came behind */
    uint32_t active;     /* exception number; 0: none */
    uint32_t sleeping;
    uint32_t reset_wanted;
    uint32_t attention; /* an interrupt waits */
    uint32_t primask;
    uint32_t systick_control;
    uint32_t systick_reload;
    uint32_t systick_pending;
    uint32_t enabled[3]; /* interrupts, by bits */
    uint32_t counting;   /* the cycle counter's control */
    uint64_t counted_from;
    uint64_t read_at; /* instructions executed when the cycle counter was read last */
    uint32_t readings; /* of it in the same block before */
    uint32_t saved;    /* the FPU's registers are in the frame of the interrupted code */
    uint32_t frame_at;
    uint64_t between; /* ... and between that reading and the one before */
    ticker_t systick;
    ticker_t timer;
    usart_t usart;
    uint32_t words[PERIPHERAL_WORDS]; /* of every other register, which is memory */
} machine_t;

/* machine.c: what Python calls */
machine_t *machine_new(void *engine, counter_t *counter, const engine_calls_t *calls, const int *registers, uint8_t *ram);
void machine_time_line(machine_t *machine, uint32_t timed);
void machine_free(machine_t *machine);
void machine_reset(machine_t *machine, uint32_t cause);
uint32_t machine_run(machine_t *machine, uint64_t until);
uint64_t machine_now(const machine_t *machine);
uint64_t machine_between(const machine_t *machine);
uint32_t machine_receive(machine_t *machine, const uint8_t *bytes, uint32_t length);
uint32_t machine_take(machine_t *machine, uint8_t *bytes, uint32_t limit);
void machine_on_block(void *engine, uint64_t address, uint32_t size, void *user);

/* devices.c */
void devices_reset(machine_t *machine, uint32_t cause);
void devices_advance(machine_t *machine); /* do what is due now */
uint64_t devices_next(const machine_t *machine); /* when something is due next; UINT64_MAX: never */
uint32_t devices_pending(const machine_t *machine); /* number of the exception that waits; 0: none */
uint64_t devices_read(void *engine, uint64_t offset, unsigned size, void *user);
void devices_write(void *engine, uint64_t offset, unsigned size, uint64_t value, void *user);
uint64_t core_read(void *engine, uint64_t offset, unsigned size, void *user);
void core_write(void *engine, uint64_t offset, unsigned size, uint64_t value, void *user);

/* usart.c */
void usart_reset(usart_t *usart); /* keeps whether the line is timed */
void usart_advance(machine_t *machine);
uint64_t usart_next(const usart_t *usart);
uint32_t usart_interrupts(const usart_t *usart);
uint32_t usart_read(usart_t *usart, uint32_t offset);
void usart_write(machine_t *machine, uint32_t offset, uint32_t value);
uint64_t usart_byte_cycles(const machine_t *machine);
uint32_t line_length(const line_t *line);

/* Core clocks a clock of a bus: RM0090 section 7.3.3. */
uint32_t apb_divider(const machine_t *machine, uint32_t shift);

#endif
