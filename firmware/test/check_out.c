#include "check_out.h"

#ifdef __arm__

#include <stdint.h>

enum { SYS_WRITE0 = 0x04, SYS_EXIT_EXTENDED = 0x20, APPLICATION_EXIT = 0x20026 };

static void semihosting(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm("r0") = operation;
    register const void *r1 __asm("r1") = argument;
    __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
}

void check_print(const char *text)
{
    semihosting(SYS_WRITE0, text);
}

void check_exit(int status)
{
    const uint32_t reason[2] = {APPLICATION_EXIT, (uint32_t)status};
    semihosting(SYS_EXIT_EXTENDED, reason);
}

#else

#include <stdio.h>
#include <stdlib.h>

void check_print(const char *text)
{
    (void)fputs(text, stdout);
}

void check_exit(int status)
{
    exit(status);
}

#endif
