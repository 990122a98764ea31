#include "port.h"

#include "clock.h"
#include "hil_protocol.h"
#include "pwm.h"
#include "serial.h"
#include "startup.h"
#include "stm32f405.h"
#include "timers.h"

#define WATCHDOG_TICKS 250u /* of 2 ms: the LSI's 32 kHz (17 to 47) / 64, so 0.34 to 0.94 s */

static uint32_t fed_ms;
static char note[] = "hard fault at 0x00000000";

static void alternate(uint32_t base, unsigned pin, uint32_t function)
{
    GPIO_AFR(base, pin) |= function << (4u * (pin % 8u));
    GPIO_MODER(base) |= 2u << (2u * pin);
}

static void start_pins(void)
{
    RCC_AHB1ENR |= RCC_AHB1ENR_GPIOA | RCC_AHB1ENR_GPIOB;
    RCC_APB1ENR |= RCC_APB1ENR_TIM2 | RCC_APB1ENR_TIM3;
    RCC_APB2ENR |= RCC_APB2ENR_USART1;
    (void)RCC_APB2ENR; /* two bus cycles until the clocks are there: RM0090 section 7.2.14 */
    alternate(GPIOA_BASE, 9, 7); /* USART1 */
    alternate(GPIOA_BASE, 10, 7);
    alternate(GPIOA_BASE, 6, 2); /* TIM3 */
    alternate(GPIOA_BASE, 7, 2);
    alternate(GPIOB_BASE, 0, 2);
    alternate(GPIOB_BASE, 1, 2);
}

/* RM0090 section 7.3.21. The pin flag comes along with every other one, and power-on raises brown-out too. */
static uint8_t reset_cause(void)
{
    const uint32_t flags = RCC_CSR;
    RCC_CSR = flags | RCC_CSR_RMVF;
    if ((flags & (RCC_CSR_IWDGRSTF | RCC_CSR_WWDGRSTF)) != 0) {
        return HIL_RESET_CAUSE_WATCHDOG;
    }
    if ((flags & RCC_CSR_SFTRSTF) != 0) {
        return HIL_RESET_CAUSE_SOFTWARE;
    }
    if ((flags & RCC_CSR_PORRSTF) != 0) {
        return HIL_RESET_CAUSE_POWER_ON;
    }
    if ((flags & RCC_CSR_BORRSTF) != 0) {
        return HIL_RESET_CAUSE_BROWN_OUT;
    }
    return (flags & RCC_CSR_PINRSTF) != 0 ? HIL_RESET_CAUSE_PIN : HIL_RESET_CAUSE_UNKNOWN;
}

/* Writes the address over the zeros at the end of the note. */
static const char *fault_note(uint32_t pc)
{
    for (unsigned digit = 0; digit < 8u; digit++) {
        const unsigned value = (pc >> (4u * digit)) & 0xFu;
        note[sizeof note - 2u - digit] = "0123456789ABCDEF"[value];
    }
    return note;
}

/* Emulators have no cycle counter: believed only when it moves. */
static uint8_t start_cycle_counter(void)
{
    SCB_DEMCR |= SCB_DEMCR_TRCENA;
    DWT_CYCCNT = 0;
    DWT_CTRL |= DWT_CTRL_CYCCNTENA;
    const uint32_t before = DWT_CYCCNT;
    __asm volatile("nop\n\tnop\n\tnop\n\tnop");
    return DWT_CYCCNT != before ? HIL_CYCLES_DWT : HIL_CYCLES_NONE;
}

void port_init(port_info_t *info)
{
    const clock_tree_t clocks = clock_start();
    uint32_t fault_pc = 0;
    info->clock_hz = clocks.core_hz;
    info->reset_cause = reset_cause();
    info->note = NULL;
    if (startup_fault(&fault_pc)) {
        info->reset_cause = HIL_RESET_CAUSE_SOFTWARE;
        info->note = fault_note(fault_pc);
    }
    info->cycle_source = start_cycle_counter();
    start_pins();
    timers_start(&clocks);
    pwm_start(clocks.apb1_timer_hz);
    serial_start(clocks.apb2_hz);
}

void port_watchdog_start(void)
{
    DBGMCU_APB1_FZ |= DBGMCU_APB1_FZ_IWDG; /* a halted core is a debugger's, not a fault */
    IWDG_KR = IWDG_KR_UNLOCK;
    IWDG_PR = IWDG_PR_DIV64;
    IWDG_RLR = WATCHDOG_TICKS;
    IWDG_KR = IWDG_KR_START;
    IWDG_KR = IWDG_KR_FEED;
}

void port_watchdog_feed(void)
{
    /* Once a millisecond, which also asks that the millisecond clock, and with it the link watchdog, is alive. */
    if (timers_millis() != fed_ms) {
        fed_ms = timers_millis();
        IWDG_KR = IWDG_KR_FEED;
    }
}

size_t port_read(uint8_t bytes[], size_t limit)
{
    return serial_read(bytes, limit);
}

void port_write(const uint8_t bytes[], size_t length)
{
    serial_write(bytes, length);
}

void port_set_period(uint32_t period_us)
{
    timers_set_period(period_us);
}

uint32_t port_periods(void)
{
    return timers_take_periods();
}

void port_idle(void)
{
    irq_disable();
    if (!serial_waiting() && !timers_period_waiting()) {
        wait_for_interrupt();
    }
    irq_enable();
}

void port_output(const float command[], uint8_t length)
{
    for (unsigned channel = 0; channel < length && channel < PWM_CHANNELS; channel++) {
        pwm_write(channel, command[channel]);
    }
}

uint32_t port_millis(void)
{
    return timers_millis();
}

uint32_t port_cycles(void)
{
    return DWT_CYCCNT;
}

uint32_t port_rx_overruns(void)
{
    return serial_overruns();
}

uint32_t port_stack_free(void)
{
    return startup_stack_free();
}
