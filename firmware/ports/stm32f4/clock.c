/*
 * 168 MHz from the crystal: RM0090 figure 21. VCO input 1 MHz, VCO 336 MHz, core VCO / 2, USB VCO / 7;
 * APB1 42 MHz (its timers twice that), APB2 84 MHz; 5 wait states at 2.7 to 3.6 V (table 10).
 */
#include "clock.h"

#include <stdbool.h>

#include "stm32f405.h"

#define PLL_M (NN4MC_HSE_HZ / 1000000u)
#define PLL_N 336u
#define PLL_Q 7u
#define WAIT_STATES 5u
#define WAIT_TURNS 400000u /* over 100 ms at 16 MHz: the crystal needs a few */

static const clock_tree_t crystal = {168000000u, 84000000u, 84000000u, false};
static const clock_tree_t internal = {16000000u, 16000000u, 16000000u, false};
/* QEMU's netduinoplus2 has no RCC; its SysTick counts at 168 MHz. */
static const clock_tree_t emulated = {168000000u, 84000000u, 84000000u, true};

static bool wait_for(volatile const uint32_t *reg, uint32_t mask, uint32_t value)
{
    for (uint32_t turn = 0; turn < WAIT_TURNS; turn++) {
        if ((*reg & mask) == value) {
            return true;
        }
    }
    return false;
}

static bool start_pll(void)
{
    RCC_CR |= RCC_CR_HSEON;
    if (!wait_for(&RCC_CR, RCC_CR_HSERDY, RCC_CR_HSERDY)) {
        return false;
    }
    FLASH_ACR = FLASH_ACR_PRFTEN | FLASH_ACR_ICEN | FLASH_ACR_DCEN | WAIT_STATES;
    if (!wait_for(&FLASH_ACR, FLASH_ACR_LATENCY_MASK, WAIT_STATES)) {
        return false;
    }
    RCC_PLLCFGR = PLL_M | (PLL_N << 6) | RCC_PLLCFGR_SRC_HSE | (PLL_Q << 24); /* P field 0 divides by 2 */
    RCC_CR |= RCC_CR_PLLON;
    return wait_for(&RCC_CR, RCC_CR_PLLRDY, RCC_CR_PLLRDY);
}

clock_tree_t clock_start(void)
{
    /* HSIRDY is never 0 in a device that executes: a register that reads as zero is not implemented. */
    if (RCC_CR == 0) {
        return emulated;
    }
    if (!start_pll()) {
        return internal;
    }
    RCC_CFGR = RCC_CFGR_PPRE1_DIV4 | RCC_CFGR_PPRE2_DIV2 | RCC_CFGR_SW_PLL;
    if (!wait_for(&RCC_CFGR, RCC_CFGR_SWS_MASK, RCC_CFGR_SWS_PLL)) {
        RCC_CFGR = 0;
        return internal;
    }
    return crystal;
}
