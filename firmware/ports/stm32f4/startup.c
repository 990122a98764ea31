/* From reset to main(): vector table, FPU, stack, data, CCM and bss; and the way out of a fault, which is a reset. */
#include "startup.h"

#include <stddef.h>

#include "stm32f405.h"

#define STACK_PAINT 0xA5A5A5A5u
#define FAULT_MARKER 0xDEADFA17u

typedef void (*handler_t)(void);

/* From the linker script. */
extern uint32_t stack_bottom[], stack_top[];
extern uint32_t data_start[], data_end[], ccm_start[], ccm_end[], bss_start[], bss_end[];
extern const uint32_t data_load[], ccm_load[];

int main(void);
void reset_handler(void);
void fault_handler(void);
void fault_reset(const uint32_t *frame);

/* Ports define those they use; a test program that uses none still links. */
__attribute__((weak)) void systick_handler(void);
__attribute__((weak)) void tim2_handler(void);
__attribute__((weak)) void usart1_handler(void);
void systick_handler(void)
{
    fault_handler();
}
void tim2_handler(void)
{
    fault_handler();
}
void usart1_handler(void)
{
    fault_handler();
}

typedef struct vector_table {
    uint32_t *initial_stack;
    handler_t exceptions[15];
    handler_t interrupts[IRQ_COUNT];
} vector_table_t;

/* Interrupts without an entry are never enabled. */
__attribute__((section(".vectors"), used)) static const vector_table_t vectors = {
    .initial_stack = stack_top,
    .exceptions =
        {
            [0] = reset_handler,
            [1] = fault_handler, /* NMI */
            [2] = fault_handler, /* HardFault: every other fault escalates to it */
            [3] = fault_handler,
            [4] = fault_handler,
            [5] = fault_handler,
            [10] = fault_handler, /* SVCall */
            [11] = fault_handler,
            [13] = fault_handler, /* PendSV */
            [14] = systick_handler,
        },
    .interrupts =
        {
            [IRQ_TIM2] = tim2_handler,
            [IRQ_USART1] = usart1_handler,
        },
};

/* Not cleared by start-up, so that it outlives the reset it asks for. */
__attribute__((section(".noinit"))) static struct {
    uint32_t marker;
    uint32_t pc;
} fault;

/* Symbols of the linker script are addresses, not arrays: their distance is one of numbers. */
static uint32_t words_between(const uint32_t *from, const uint32_t *to)
{
    return (uint32_t)(((uintptr_t)to - (uintptr_t)from) / sizeof(uint32_t));
}

/* volatile, since these run before anything a library call might rely on is in place. */
static void copy_words(volatile uint32_t *to, const uint32_t *from, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        to[i] = from[i];
    }
}

static void fill_words(volatile uint32_t *to, uint32_t word, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        to[i] = word;
    }
}

void reset_handler(void)
{
    uint32_t *stack_pointer;
    __asm volatile("mov %0, sp" : "=r"(stack_pointer));
    SCB_CPACR |= SCB_CPACR_FPU;
    __asm volatile("dsb\n\tisb" ::: "memory");
    SCB_VTOR = (uint32_t)(uintptr_t)&vectors;
    /* 32 bytes below the stack pointer are spared for the call in progress. */
    fill_words(stack_bottom, STACK_PAINT, words_between(stack_bottom, stack_pointer) - 8u);
    copy_words(data_start, data_load, words_between(data_start, data_end));
    copy_words(ccm_start, ccm_load, words_between(ccm_start, ccm_end));
    fill_words(bss_start, 0, words_between(bss_start, bss_end));
    (void)main();
    startup_reset();
}

void startup_reset(void)
{
    __asm volatile("dsb" ::: "memory");
    SCB_AIRCR = SCB_AIRCR_SYSRESETREQ;
    for (;;) {
    }
}

/* The stack may be what broke, so it starts anew; r0 keeps where the core pushed the registers. */
__attribute__((naked)) void fault_handler(void)
{
    __asm volatile("mov r0, sp\n\t"
                   "ldr r1, =stack_top\n\t"
                   "mov sp, r1\n\t"
                   "b fault_reset");
}

__attribute__((used)) void fault_reset(const uint32_t *frame)
{
    const uintptr_t at = (uintptr_t)frame;
    const bool readable = at >= (uintptr_t)stack_bottom && at + 8u * sizeof *frame <= (uintptr_t)stack_top;
    fault.marker = FAULT_MARKER;
    fault.pc = readable ? frame[6] : 0; /* ARMv7-M ARM B1.5.6: r0-r3, r12, lr, pc, xpsr */
    startup_reset();
}

bool startup_fault(uint32_t *pc)
{
    const bool found = fault.marker == FAULT_MARKER;
    fault.marker = 0;
    *pc = fault.pc;
    return found;
}

uint32_t startup_stack_free(void)
{
    const uint32_t size = words_between(stack_bottom, stack_top);
    uint32_t untouched = 0;
    while (untouched < size && stack_bottom[untouched] == STACK_PAINT) {
        untouched++;
    }
    return untouched * (uint32_t)sizeof(uint32_t);
}
