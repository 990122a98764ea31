#include "serial.h"

#include "stm32f405.h"

/* Powers of two. A frame is at most 251 bytes: two may wait while a step is computed. */
#define RING_SIZE 512u
#define RING_MASK (RING_SIZE - 1u)

/* Indices run freely and wrap; only the producer moves head, only the consumer moves tail. */
typedef struct ring {
    volatile uint32_t head;
    volatile uint32_t tail;
    volatile uint8_t bytes[RING_SIZE];
} ring_t;

static ring_t rx; /* filled by the interrupt, emptied by the main loop */
static ring_t tx; /* the reverse */
static volatile uint32_t overruns;
static uint32_t control; /* what USART1_CR1 holds */

void usart1_handler(void);

static void set_control(uint32_t value)
{
    if (value != control) {
        control = value;
        USART1_CR1 = value;
    }
}

void serial_start(uint32_t apb2_hz)
{
    USART1_BRR = (apb2_hz + NN4MC_BAUD / 2u) / NN4MC_BAUD; /* 16 samples a bit: BRR is simply the ratio */
    set_control(USART_CR1_UE | USART_CR1_TE | USART_CR1_RE | USART_CR1_RXNEIE);
    nvic_enable(IRQ_USART1);
}

/*
 * Until the flags say that nothing is left: QEMU may deliver the next byte while DR is read, and then takes the
 * interrupt back that announced it.
 */
static void receive(void)
{
    uint32_t status = USART1_SR;
    while ((status & (USART_SR_RXNE | USART_SR_ORE)) != 0) {
        const uint8_t byte = (uint8_t)USART1_DR; /* reading SR, then DR, clears both flags */
        if ((status & USART_SR_ORE) != 0) {
            overruns++;
        }
        if ((status & USART_SR_RXNE) != 0) {
            if (rx.head - rx.tail < RING_SIZE) {
                rx.bytes[rx.head & RING_MASK] = byte;
                rx.head++;
            } else {
                overruns++;
            }
        }
        status = USART1_SR;
    }
}

/*
 * Feed the transmitter while it takes bytes; the interrupt goes on where this stops. Called with interrupts off or
 * from the handler. QEMU raises no transmit interrupt, but is always ready, so there nothing is left to go on with.
 */
static void transmit(void)
{
    while (tx.tail != tx.head && (USART1_SR & USART_SR_TXE) != 0) {
        USART1_DR = tx.bytes[tx.tail & RING_MASK];
        tx.tail++;
    }
    const uint32_t more = tx.tail != tx.head ? USART_CR1_TXEIE : 0u;
    set_control((control & ~USART_CR1_TXEIE) | more);
}

void usart1_handler(void)
{
    receive();
    if ((control & USART_CR1_TXEIE) != 0) {
        transmit();
    }
}

size_t serial_read(uint8_t bytes[], size_t limit)
{
    size_t count = 0;
    while (count < limit && rx.tail != rx.head) {
        bytes[count++] = rx.bytes[rx.tail & RING_MASK];
        rx.tail++;
    }
    return count;
}

bool serial_waiting(void)
{
    return rx.tail != rx.head;
}

void serial_write(const uint8_t bytes[], size_t length)
{
    size_t at = 0;
    for (;;) {
        irq_disable();
        for (; at < length && tx.head - tx.tail < RING_SIZE; at++) {
            tx.bytes[tx.head & RING_MASK] = bytes[at];
            tx.head++;
        }
        transmit();
        if (at < length && tx.head - tx.tail == RING_SIZE) {
            wait_for_interrupt();
        }
        irq_enable();
        if (at == length) {
            return;
        }
    }
}

uint32_t serial_overruns(void)
{
    return overruns;
}
