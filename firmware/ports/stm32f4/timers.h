#ifndef TIMERS_H
#define TIMERS_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"

void timers_start(const clock_tree_t *clocks); /* SysTick: milliseconds */
uint32_t timers_millis(void);

void timers_set_period(uint32_t period_us); /* TIM2; 0 stops it */
uint32_t timers_take_periods(void);         /* begun since the last call */
bool timers_period_waiting(void);

#endif
