/* The pulses every speed controller and servo takes: 1000 us for -1, 2000 us for +1, every 2500 us. */
#include "pwm.h"

#include "stm32f405.h"

#define PULSES_PER_S 400u
#define TICK_HZ 12000000u /* 2500 us fit into 16 bits, a microsecond is 12 steps */
#define MODE_PWM1_PRELOADED 0x6868u

static float centre_ticks; /* 1500 us */
static float half_range_ticks; /* 500 us */

void pwm_start(uint32_t timer_hz)
{
    const uint32_t divider = timer_hz > TICK_HZ ? timer_hz / TICK_HZ : 1u;
    const uint32_t ticks_per_ms = timer_hz / divider / 1000u;
    centre_ticks = (float)(ticks_per_ms * 3u) / 2.0f;
    half_range_ticks = (float)ticks_per_ms / 2.0f;
    TIM_PSC(TIM3_BASE) = divider - 1u;
    TIM_ARR(TIM3_BASE) = ticks_per_ms * 1000u / PULSES_PER_S - 1u;
    for (unsigned channel = 0; channel < PWM_CHANNELS; channel++) {
        TIM_CCR(TIM3_BASE, channel) = 0;
    }
    TIM_CCMR1(TIM3_BASE) = MODE_PWM1_PRELOADED;
    TIM_CCMR2(TIM3_BASE) = MODE_PWM1_PRELOADED;
    TIM_CCER(TIM3_BASE) = 0x1111u;
    TIM_EGR(TIM3_BASE) = TIM_EGR_UG;
    TIM_CR1(TIM3_BASE) = TIM_CR1_CEN | TIM_CR1_ARPE;
}

void pwm_write(unsigned channel, float command)
{
    /* Commands are finite and limited before they come here; a pulse is clipped once more, motors being motors. */
    float clipped = command > -1.0f ? command : -1.0f;
    clipped = clipped < 1.0f ? clipped : 1.0f;
    TIM_CCR(TIM3_BASE, channel) = (uint32_t)(centre_ticks + half_range_ticks * clipped);
}
