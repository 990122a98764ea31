/* The few registers of the STM32F405 and of its Cortex-M4 core that the firmware uses (RM0090, ARMv7-M ARM). */
#ifndef STM32F405_H
#define STM32F405_H

#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(address))

/* Reset and clock control: RM0090 section 7.3 */
#define RCC_CR REG(0x40023800u)
#define RCC_CR_HSEON (1u << 16)
#define RCC_CR_HSERDY (1u << 17)
#define RCC_CR_PLLON (1u << 24)
#define RCC_CR_PLLRDY (1u << 25)
#define RCC_PLLCFGR REG(0x40023804u)
#define RCC_PLLCFGR_SRC_HSE (1u << 22)
#define RCC_CFGR REG(0x40023808u)
#define RCC_CFGR_SW_PLL 2u
#define RCC_CFGR_SWS_MASK (3u << 2)
#define RCC_CFGR_SWS_PLL (2u << 2)
#define RCC_CFGR_PPRE1_DIV4 (5u << 10)
#define RCC_CFGR_PPRE2_DIV2 (4u << 13)
#define RCC_AHB1ENR REG(0x40023830u)
#define RCC_AHB1ENR_GPIOA (1u << 0)
#define RCC_AHB1ENR_GPIOB (1u << 1)
#define RCC_APB1ENR REG(0x40023840u)
#define RCC_APB1ENR_TIM2 (1u << 0)
#define RCC_APB1ENR_TIM3 (1u << 1)
#define RCC_APB2ENR REG(0x40023844u)
#define RCC_APB2ENR_USART1 (1u << 4)
#define RCC_CSR REG(0x40023874u)
#define RCC_CSR_RMVF (1u << 24)
#define RCC_CSR_BORRSTF (1u << 25)
#define RCC_CSR_PINRSTF (1u << 26)
#define RCC_CSR_PORRSTF (1u << 27)
#define RCC_CSR_SFTRSTF (1u << 28)
#define RCC_CSR_IWDGRSTF (1u << 29)
#define RCC_CSR_WWDGRSTF (1u << 30)

/* Flash interface: section 3.9 */
#define FLASH_ACR REG(0x40023C00u)
#define FLASH_ACR_LATENCY_MASK 7u
#define FLASH_ACR_PRFTEN (1u << 8)
#define FLASH_ACR_ICEN (1u << 9)
#define FLASH_ACR_DCEN (1u << 10)

/* Pins: section 8.4 */
#define GPIOA_BASE 0x40020000u
#define GPIOB_BASE 0x40020400u
#define GPIO_MODER(base) REG((base) + 0x00u)
#define GPIO_AFR(base, pin) REG((base) + 0x20u + 4u * ((pin) / 8u))

/* USART1: section 30.6 */
#define USART1_SR REG(0x40011000u)
#define USART_SR_ORE (1u << 3)
#define USART_SR_RXNE (1u << 5)
#define USART_SR_TXE (1u << 7)
#define USART1_DR REG(0x40011004u)
#define USART1_BRR REG(0x40011008u)
#define USART1_CR1 REG(0x4001100Cu)
#define USART_CR1_RE (1u << 2)
#define USART_CR1_TE (1u << 3)
#define USART_CR1_RXNEIE (1u << 5)
#define USART_CR1_TXEIE (1u << 7)
#define USART_CR1_UE (1u << 13)

/* General-purpose timers TIM2 (32 bit) and TIM3 (16 bit): section 18.4 */
#define TIM2_BASE 0x40000000u
#define TIM3_BASE 0x40000400u
#define TIM_CR1(base) REG((base) + 0x00u)
#define TIM_CR1_CEN (1u << 0)
#define TIM_CR1_ARPE (1u << 7)
#define TIM_DIER(base) REG((base) + 0x0Cu)
#define TIM_DIER_UIE (1u << 0)
#define TIM_SR(base) REG((base) + 0x10u)
#define TIM_EGR(base) REG((base) + 0x14u)
#define TIM_EGR_UG (1u << 0)
#define TIM_CCMR1(base) REG((base) + 0x18u)
#define TIM_CCMR2(base) REG((base) + 0x1Cu)
#define TIM_CCER(base) REG((base) + 0x20u)
#define TIM_PSC(base) REG((base) + 0x28u)
#define TIM_ARR(base) REG((base) + 0x2Cu)
#define TIM_CCR(base, channel) REG((base) + 0x34u + 4u * (channel))

/* Independent watchdog: section 21.4 */
#define IWDG_KR REG(0x40003000u)
#define IWDG_KR_FEED 0xAAAAu
#define IWDG_KR_UNLOCK 0x5555u
#define IWDG_KR_START 0xCCCCu
#define IWDG_PR REG(0x40003004u)
#define IWDG_PR_DIV64 4u
#define IWDG_RLR REG(0x40003008u)
#define DBGMCU_APB1_FZ REG(0xE0042008u)
#define DBGMCU_APB1_FZ_IWDG (1u << 12)

/* The core: ARMv7-M ARM sections B3.2, B3.3, C1.8 */
#define SYST_CSR REG(0xE000E010u)
#define SYST_CSR_ENABLE (1u << 0)
#define SYST_CSR_TICKINT (1u << 1)
#define SYST_CSR_CLKSOURCE (1u << 2)
#define SYST_RVR REG(0xE000E014u)
#define SYST_CVR REG(0xE000E018u)
#define NVIC_ISER(irq) REG(0xE000E100u + 4u * ((irq) / 32u))
#define SCB_VTOR REG(0xE000ED08u)
#define SCB_AIRCR REG(0xE000ED0Cu)
#define SCB_AIRCR_SYSRESETREQ 0x05FA0004u
#define SCB_CPACR REG(0xE000ED88u)
#define SCB_CPACR_FPU (0xFu << 20)
#define SCB_DEMCR REG(0xE000EDFCu)
#define SCB_DEMCR_TRCENA (1u << 24)
#define DWT_CTRL REG(0xE0001000u)
#define DWT_CTRL_CYCCNTENA (1u << 0)
#define DWT_CYCCNT REG(0xE0001004u)

enum { IRQ_TIM2 = 28, IRQ_USART1 = 37, IRQ_COUNT = 82 };

static inline void irq_disable(void)
{
    __asm volatile("cpsid i" ::: "memory");
}

/* The barrier lets a pending interrupt in before the next instruction. */
static inline void irq_enable(void)
{
    __asm volatile("cpsie i\n\tisb" ::: "memory");
}

/* Wakes for a pending interrupt even while interrupts are off, so a check before it cannot miss one. */
static inline void wait_for_interrupt(void)
{
    __asm volatile("dsb\n\twfi" ::: "memory");
}

static inline void nvic_enable(unsigned irq)
{
    NVIC_ISER(irq) = 1u << (irq % 32u);
}

#endif
