#ifndef PWM_H
#define PWM_H

#include <stdint.h>

/* TIM3 channels 1 to 4 on PA6, PA7, PB0, PB1: servo pulses at 400 Hz. No pulse until the first command. */
void pwm_start(uint32_t timer_hz);
void pwm_write(unsigned channel, float command);

enum { PWM_CHANNELS = 4 };

#endif
