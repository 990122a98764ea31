/* What start-up knows that the port reports. */
#ifndef STARTUP_H
#define STARTUP_H

#include <stdbool.h>
#include <stdint.h>

/* True, once, when the run before this one ended in a fault; *pc is where, 0 when the stack was lost with it. */
bool startup_fault(uint32_t *pc);

/* Bytes of stack that were never written since start. */
uint32_t startup_stack_free(void);

__attribute__((noreturn)) void startup_reset(void);

#endif
