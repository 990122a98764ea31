#ifndef CLOCK_H
#define CLOCK_H

#include <stdbool.h>
#include <stdint.h>

typedef struct clock_tree {
    uint32_t core_hz;       /* SysTick and the DWT counter too */
    uint32_t apb2_hz;       /* USART1 */
    uint32_t apb1_timer_hz; /* TIM2, TIM3 */
    bool emulated;          /* no silicon: QEMU's netduinoplus2 */
} clock_tree_t;

/* Start the fastest clock there is; every wait is bounded. Returns what was reached. */
clock_tree_t clock_start(void);

#endif
