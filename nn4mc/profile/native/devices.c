/* What the firmware uses of an STM32F405 (RM0090) and of the core's own devices (ARMv7-M ARM, B3), beside the USART. */
#include "machine.h"

#include <string.h>

enum { TIM2 = 0x00000, IWDG = 0x03000, USART1 = 0x11000, RCC = 0x23800, FLASH_ACR = 0x23C00 };
enum { RCC_CR = RCC, RCC_CFGR = RCC + 0x08, RCC_CSR = RCC + 0x74 };
enum { TIM_CR1 = 0x00, TIM_DIER = 0x0C, TIM_SR = 0x10, TIM_EGR = 0x14, TIM_PSC = 0x28, TIM_ARR = 0x2C };
enum { IWDG_KR = IWDG, IWDG_PR = IWDG + 0x04, IWDG_RLR = IWDG + 0x08 };
enum { DWT_CTRL = 0x1000, DWT_CYCCNT = 0x1004, SYST_CSR = 0xE010, SYST_RVR = 0xE014, SYST_CVR = 0xE018 };
enum { NVIC_ISER = 0xE100, SCB_VTOR = 0xED08, SCB_AIRCR = 0xED0C, SCB_CPACR = 0xED88, SCB_DEMCR = 0xEDFC };

#define EXCEPTION_SYSTICK 15u
#define EXCEPTION_IRQ 16u
#define IRQ_TIM2 28u
#define IRQ_USART1 37u
#define PPRE1_SHIFT 10u
#define LSI_HZ 32000u
#define HSI_HZ 16000000u
#define PLL_HZ 168000000u

static uint32_t *word(machine_t *machine, uint32_t offset)
{
    return &machine->words[offset / 4u];
}

static uint32_t value_of(const machine_t *machine, uint32_t offset)
{
    return machine->words[offset / 4u];
}

uint32_t apb_divider(const machine_t *machine, uint32_t shift)
{
    const uint32_t field = (value_of(machine, RCC_CFGR) >> shift) & 7u;
    return field < 4u ? 1u : 2u << (field - 4u);
}

static uint32_t core_hz(const machine_t *machine)
{
    return (value_of(machine, RCC_CFGR) & 3u) == 2u ? PLL_HZ : HSI_HZ;
}

void devices_reset(machine_t *machine, uint32_t cause)
{
    /* Flags of RCC_CSR: power-on and brown-out, software, watchdog; the pin's comes with each. */
    static const uint32_t flags[] = {(1u << 27) | (1u << 25), 1u << 28, 1u << 29};
    memset(machine->words, 0, sizeof machine->words);
    memset(machine->enabled, 0, sizeof machine->enabled);
    memset(&machine->systick, 0, sizeof machine->systick);
    memset(&machine->timer, 0, sizeof machine->timer);
    usart_reset(&machine->usart);
    machine->systick_control = machine->systick_pending = machine->counting = 0;
    machine->fed_until = 0;
    *word(machine, RCC_CR) = 0x83u;
    *word(machine, RCC_CSR) = flags[cause] | (1u << 26);
}

static int fires(ticker_t *ticker, uint64_t now)
{
    if (ticker->next == 0 || ticker->next > now) {
        return 0;
    }
    ticker->next += ticker->period;
    return 1;
}

void devices_advance(machine_t *machine)
{
    const uint64_t now = machine_now(machine);
    usart_advance(machine);
    while (fires(&machine->systick, now)) {
        machine->systick_pending |= (machine->systick_control >> 1) & 1u;
    }
    while (fires(&machine->timer, now)) {
        *word(machine, TIM2 + TIM_SR) |= 1u;
    }
    if (machine->fed_until != 0 && machine->fed_until <= now) {
        machine_reset(machine, RESET_WATCHDOG);
    }
    machine->attention = devices_pending(machine);
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return b != 0 && b < a ? b : a;
}

uint64_t devices_next(const machine_t *machine)
{
    const uint64_t next = sooner(usart_next(&machine->usart), machine->systick.next);
    return sooner(sooner(next, machine->timer.next), machine->fed_until);
}

static int is_enabled(const machine_t *machine, uint32_t irq)
{
    return (machine->enabled[irq / 32u] >> (irq % 32u)) & 1u;
}

/* All have the same priority: the lowest number goes first, and none interrupts another. */
uint32_t devices_pending(const machine_t *machine)
{
    const uint32_t updated = value_of(machine, TIM2 + TIM_SR) & value_of(machine, TIM2 + TIM_DIER) & 1u;
    if (machine->systick_pending != 0) {
        return EXCEPTION_SYSTICK;
    }
    if (updated != 0 && is_enabled(machine, IRQ_TIM2)) {
        return EXCEPTION_IRQ + IRQ_TIM2;
    }
    return usart_interrupts(&machine->usart) != 0 && is_enabled(machine, IRQ_USART1) ? EXCEPTION_IRQ + IRQ_USART1 : 0u;
}

/* A timer of APB1 runs at twice its bus where that is divided: RM0090 figure 21. */
static void start_timer(machine_t *machine)
{
    const uint32_t divider = apb_divider(machine, PPRE1_SHIFT);
    const uint64_t clocks = divider > 1u ? divider / 2u : 1u;
    const uint64_t counts = ((uint64_t)value_of(machine, TIM2 + TIM_PSC) + 1u) * ((uint64_t)value_of(machine, TIM2 + TIM_ARR) + 1u);
    machine->timer.period = clocks * counts;
    machine->timer.next = machine_now(machine) + machine->timer.period;
}

static void write_timer(machine_t *machine, uint32_t offset, uint32_t value)
{
    const uint32_t before = value_of(machine, TIM2 + offset);
    *word(machine, TIM2 + offset) = offset == TIM_SR ? before & value : value;
    if (offset == TIM_EGR && (value & 1u) != 0) {
        *word(machine, TIM2 + TIM_SR) |= 1u;
    }
    if (offset == TIM_CR1 && (value & 1u) != 0 && (before & 1u) == 0) {
        start_timer(machine);
    }
    if (offset == TIM_CR1 && (value & 1u) == 0) {
        machine->timer.next = 0;
    }
}

static void write_watchdog(machine_t *machine, uint32_t value)
{
    const uint64_t ticks = (uint64_t)(value_of(machine, IWDG_RLR) + 1u) * (4u << value_of(machine, IWDG_PR));
    if (value == 0xCCCCu || (value == 0xAAAAu && machine->fed_until != 0)) {
        machine->fed_until = machine_now(machine) + ticks * (core_hz(machine) / LSI_HZ);
    }
}

/* An oscillator that is turned on is ready at once, and a clock that is asked for is taken. */
static void write_clock(machine_t *machine, uint32_t offset, uint32_t value)
{
    if (offset == RCC_CR) {
        value = (value & ~((1u << 17) | (1u << 25) | 2u)) | ((value & ((1u << 16) | (1u << 24) | 1u)) << 1);
    } else if (offset == RCC_CFGR) {
        value = (value & ~0xCu) | ((value & 3u) << 2);
    } else if (offset == RCC_CSR) {
        value = (value & (1u << 24)) != 0 ? 0u : value_of(machine, RCC_CSR);
    }
    *word(machine, offset) = value;
}

static void look_for_interrupts(machine_t *machine)
{
    machine->attention = devices_pending(machine);
    const uint64_t next = devices_next(machine);
    machine->deadline = next < machine->deadline ? next : machine->deadline;
}

uint64_t devices_read(void *engine, uint64_t offset, unsigned size, void *user)
{
    machine_t *machine = user;
    const uint32_t at = (uint32_t)offset & ~3u;
    (void)engine;
    (void)size;
    if (at >= sizeof machine->words) {
        return 0;
    }
    if (at >= USART1 && at < USART1 + 0x20u) {
        const uint32_t value = usart_read(&machine->usart, at - USART1);
        look_for_interrupts(machine);
        return value;
    }
    return value_of(machine, at);
}

void devices_write(void *engine, uint64_t offset, unsigned size, uint64_t value, void *user)
{
    machine_t *machine = user;
    const uint32_t at = (uint32_t)offset & ~3u;
    const uint32_t given = (uint32_t)value;
    (void)engine;
    (void)size;
    if (at >= sizeof machine->words) {
        return;
    }
    if (at >= USART1 && at < USART1 + 0x20u) {
        usart_write(machine, at - USART1, given);
    } else if (at < TIM2 + 0x60u) {
        write_timer(machine, at - TIM2, given);
    } else if (at >= RCC && at < FLASH_ACR) {
        write_clock(machine, at, given);
    } else if (at == IWDG_KR) {
        write_watchdog(machine, given);
    } else {
        *word(machine, at) = given;
        return;
    }
    look_for_interrupts(machine);
}

/*
 * The block that reads the counter is counted to its end already, so two readings by the same code differ by exactly
 * what was between. Readings within one block are a load's two cycles apart.
 */
static uint32_t read_cycles(machine_t *machine)
{
    const uint64_t executed = machine->counter->executed;
    if ((machine->counting & 1u) == 0) {
        return 0;
    }
    machine->readings = executed == machine->read_at ? machine->readings + 1u : 0u;
    machine->between = executed - machine->read_at;
    machine->read_at = executed;
    return (uint32_t)(machine_now(machine) - machine->counted_from) + 2u * machine->readings;
}

uint64_t core_read(void *engine, uint64_t offset, unsigned size, void *user)
{
    machine_t *machine = user;
    (void)engine;
    (void)size;
    switch (offset) {
    case DWT_CYCCNT:
        return read_cycles(machine);
    case DWT_CTRL:
        return machine->counting;
    case SYST_CSR:
        return machine->systick_control;
    case SYST_RVR:
        return machine->systick_reload;
    case SYST_CVR:
        return machine->systick.next != 0 ? machine->systick.next - machine_now(machine) - 1u : 0u;
    default:
        return 0;
    }
}

static void start_systick(machine_t *machine)
{
    machine->systick.period = (uint64_t)machine->systick_reload + 1u;
    machine->systick.next = (machine->systick_control & 1u) != 0 ? machine_now(machine) + machine->systick.period : 0;
}

void core_write(void *engine, uint64_t offset, unsigned size, uint64_t value, void *user)
{
    machine_t *machine = user;
    const uint32_t given = (uint32_t)value;
    (void)engine;
    (void)size;
    if (offset == DWT_CYCCNT) {
        machine->counted_from = machine_now(machine) - given;
    } else if (offset == DWT_CTRL) {
        machine->counting = given;
    } else if (offset == SYST_CSR || offset == SYST_CVR) {
        machine->systick_control = offset == SYST_CSR ? given & 7u : machine->systick_control;
        start_systick(machine);
    } else if (offset == SYST_RVR) {
        machine->systick_reload = given & 0xFFFFFFu;
    } else if (offset >= NVIC_ISER && offset < NVIC_ISER + sizeof machine->enabled) {
        machine->enabled[(offset - NVIC_ISER) / 4u] |= given;
    } else if (offset == SCB_AIRCR && given == 0x05FA0004u) {
        machine->reset_wanted = 1;
        machine->deadline = 0;
    }
    look_for_interrupts(machine);
}
