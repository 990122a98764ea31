#include "timers.h"

#include "stm32f405.h"

#define US_PER_MS 1000u

static uint32_t timer_hz;
static bool has_timer; /* false: periods are counted out in milliseconds */
static volatile uint32_t millis;
static volatile uint32_t periods;
static volatile uint32_t counted_period_us; /* 0 while TIM2 counts, or nothing does */
static uint32_t counted_us;                 /* of the period in progress */

void systick_handler(void);
void tim2_handler(void);

void systick_handler(void)
{
    millis++;
    if (counted_period_us != 0) {
        for (counted_us += US_PER_MS; counted_us >= counted_period_us; counted_us -= counted_period_us) {
            periods++;
        }
    }
}

void tim2_handler(void)
{
    TIM_SR(TIM2_BASE) = 0;
    periods++;
}

void timers_start(const clock_tree_t *clocks)
{
    timer_hz = clocks->apb1_timer_hz;
    /* QEMU 7.2 serves the first update interrupt of TIM2 again and again and hangs over it. */
    has_timer = !clocks->emulated;
    SYST_RVR = clocks->core_hz / 1000u - 1u;
    SYST_CVR = 0;
    SYST_CSR = SYST_CSR_ENABLE | SYST_CSR_TICKINT | SYST_CSR_CLKSOURCE;
    nvic_enable(IRQ_TIM2);
}

uint32_t timers_millis(void)
{
    return millis;
}

static void start_timer(uint32_t period_us)
{
    TIM_PSC(TIM2_BASE) = timer_hz / 1000000u - 1u;
    TIM_ARR(TIM2_BASE) = period_us - 1u;
    TIM_EGR(TIM2_BASE) = TIM_EGR_UG; /* take the prescaler over now, not at the first overflow */
    TIM_SR(TIM2_BASE) = 0;
    TIM_DIER(TIM2_BASE) = TIM_DIER_UIE;
    TIM_CR1(TIM2_BASE) = TIM_CR1_CEN;
}

void timers_set_period(uint32_t period_us)
{
    TIM_CR1(TIM2_BASE) = 0;
    TIM_DIER(TIM2_BASE) = 0;
    irq_disable();
    counted_us = 0;
    counted_period_us = has_timer ? 0 : period_us;
    irq_enable();
    (void)timers_take_periods();
    if (has_timer && period_us != 0) {
        start_timer(period_us);
    }
}

uint32_t timers_take_periods(void)
{
    irq_disable();
    const uint32_t taken = periods;
    periods = 0;
    irq_enable();
    return taken;
}

bool timers_period_waiting(void)
{
    return periods != 0;
}
