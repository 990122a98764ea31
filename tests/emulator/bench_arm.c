/* Start-up and semihosting for QEMU's MPS2 boards: the program writes to standard output and ends the emulator. */
#include "bench.h"

enum { SYS_OPEN = 0x01, SYS_WRITE = 0x05, SYS_EXIT_EXTENDED = 0x20, MODE_WRITE_BINARY = 5, APPLICATION_EXIT = 0x20026 };

typedef void (*handler_t)(void);

extern uint32_t bss_start[], bss_end[], stack_top[];
int main(void);
void reset_handler(void);
void fault_handler(void);
void *memset(void *to, int value, size_t count);
void *memcpy(void *to, const void *from, size_t count);

__attribute__((section(".vectors"), used)) static const handler_t vectors[16] = {
    (handler_t)stack_top, reset_handler, fault_handler, fault_handler, fault_handler, fault_handler, fault_handler,
};

static uint32_t semihosting(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm("r0") = operation;
    register const void *r1 __asm("r1") = argument;
    __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static void end(uint32_t status)
{
    const uint32_t reason[2] = {APPLICATION_EXIT, status};
    semihosting(SYS_EXIT_EXTENDED, reason);
    for (;;) {
    }
}

void fault_handler(void)
{
    end(99);
}

void bench_write(const void *data, size_t bytes)
{
    static uint32_t handle;
    static int is_open;
    if (!is_open) {
        static const char name[] = ":tt";
        const uint32_t request[3] = {(uint32_t)(uintptr_t)name, MODE_WRITE_BINARY, sizeof name - 1};
        handle = semihosting(SYS_OPEN, request);
        is_open = 1;
    }
    const uint32_t request[3] = {handle, (uint32_t)(uintptr_t)data, (uint32_t)bytes};
    if (semihosting(SYS_WRITE, request) != 0) {
        end(98);
    }
}

void reset_handler(void)
{
    for (uint32_t *word = bss_start; word < bss_end; ++word) {
        *word = 0;
    }
#if defined(__ARM_FP)
    *(volatile uint32_t *)0xE000ED88u |= 0xFu << 20; /* CPACR: the FPU for everyone */
    __asm volatile("dsb\n isb");
#endif
    end((uint32_t)main());
}

/* A freestanding compiler may call these on its own. */
__attribute__((optimize("no-tree-loop-distribute-patterns"))) void *memset(void *to, int value, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        ((uint8_t *)to)[i] = (uint8_t)value;
    }
    return to;
}

__attribute__((optimize("no-tree-loop-distribute-patterns"))) void *memcpy(void *to, const void *from, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        ((uint8_t *)to)[i] = ((const uint8_t *)from)[i];
    }
    return to;
}
