/*
 * USART1 (RM0090 section 30.6). On a timed line bytes take their time, one waits in each direction, and a late reader
 * loses some. Else the line is as fast as the firmware: the next byte comes when the last was read, and is sent at once.
 */
#include "machine.h"

#include <string.h>

enum { SR = 0x00, DR = 0x04, BRR = 0x08, CR1 = 0x0C };

#define SR_ORE (1u << 3)
#define SR_RXNE (1u << 5)
#define SR_TC (1u << 6)
#define SR_TXE (1u << 7)
#define CR1_RE (1u << 2)
#define CR1_TE (1u << 3)
#define CR1_RXNEIE (1u << 5)
#define CR1_TCIE (1u << 6)
#define CR1_TXEIE (1u << 7)
#define CR1_UE (1u << 13)
#define BITS_A_BYTE 10u
#define PPRE2_SHIFT 13u

uint32_t line_length(const line_t *line)
{
    return line->head - line->tail;
}

static void put(line_t *line, uint8_t byte)
{
    if (line_length(line) < LINE_SIZE) {
        line->bytes[line->head++ % LINE_SIZE] = byte;
    }
}

void usart_reset(usart_t *usart)
{
    const uint32_t timed = usart->timed;
    memset(usart, 0, sizeof *usart);
    usart->timed = timed;
    usart->status = SR_TXE | SR_TC;
}

uint64_t usart_byte_cycles(const machine_t *machine)
{
    if (machine->usart.timed == 0) {
        return 1u;
    }
    const uint64_t ticks = machine->usart.divider != 0 ? machine->usart.divider : 1u;
    return ticks * apb_divider(machine, PPRE2_SHIFT) * BITS_A_BYTE;
}

static void arrive(usart_t *usart)
{
    const uint8_t byte = usart->in.bytes[usart->in.tail++ % LINE_SIZE];
    if ((usart->control & (CR1_UE | CR1_RE)) != (CR1_UE | CR1_RE)) {
        return;
    }
    if ((usart->status & SR_RXNE) != 0) {
        usart->status |= SR_ORE;
        return;
    }
    usart->data = byte;
    usart->status |= SR_RXNE;
}

static void shift_out(machine_t *machine, uint8_t byte, uint64_t from)
{
    machine->usart.shifting = byte;
    machine->usart.sent = from + usart_byte_cycles(machine);
    machine->usart.status &= ~SR_TC;
}

void usart_advance(machine_t *machine)
{
    usart_t *usart = &machine->usart;
    const uint64_t now = machine_now(machine);
    while (usart->next_byte != 0 && usart->next_byte <= now) {
        arrive(usart);
        usart->next_byte = usart->timed != 0 && line_length(&usart->in) != 0 ? usart->next_byte + usart_byte_cycles(machine) : 0;
    }
    while (usart->sent != 0 && usart->sent <= now) {
        const uint64_t end = usart->sent;
        put(&usart->out, usart->shifting);
        usart->sent = 0;
        if ((usart->status & SR_TXE) == 0) {
            usart->status |= SR_TXE;
            shift_out(machine, usart->holding, end);
        } else {
            usart->status |= SR_TC;
        }
    }
}

uint64_t usart_next(const usart_t *usart)
{
    const uint64_t in = usart->next_byte != 0 ? usart->next_byte : UINT64_MAX;
    const uint64_t out = usart->sent != 0 ? usart->sent : UINT64_MAX;
    return in < out ? in : out;
}

uint32_t usart_interrupts(const usart_t *usart)
{
    const uint32_t received = (usart->control & CR1_RXNEIE) != 0 ? usart->status & (SR_RXNE | SR_ORE) : 0u;
    const uint32_t empty = (usart->control & CR1_TXEIE) != 0 ? usart->status & SR_TXE : 0u;
    const uint32_t complete = (usart->control & CR1_TCIE) != 0 ? usart->status & SR_TC : 0u;
    return received | empty | complete;
}

static uint32_t read_data(usart_t *usart)
{
    const uint32_t data = usart->data;
    usart->status &= ~(SR_RXNE | SR_ORE);
    if (usart->timed == 0 && line_length(&usart->in) != 0) {
        arrive(usart);
    }
    return data;
}

uint32_t usart_read(usart_t *usart, uint32_t offset)
{
    switch (offset) {
    case SR:
        return usart->status;
    case DR:
        return read_data(usart);
    case BRR:
        return usart->divider;
    default:
        return offset == CR1 ? usart->control : 0u;
    }
}

void usart_write(machine_t *machine, uint32_t offset, uint32_t value)
{
    usart_t *usart = &machine->usart;
    if (offset == BRR) {
        usart->divider = value & 0xFFFFu;
    } else if (offset == CR1) {
        usart->control = value;
    } else if (offset == DR && (usart->control & (CR1_UE | CR1_TE)) == (CR1_UE | CR1_TE)) {
        if (usart->timed == 0) {
            put(&usart->out, (uint8_t)value);
        } else if (usart->sent == 0) {
            shift_out(machine, (uint8_t)value, machine_now(machine));
        } else {
            usart->holding = (uint8_t)value;
            usart->status &= ~SR_TXE;
        }
    }
}

uint32_t machine_receive(machine_t *machine, const uint8_t *bytes, uint32_t length)
{
    usart_t *usart = &machine->usart;
    const uint32_t before = line_length(&usart->in);
    for (uint32_t i = 0; i < length; ++i) {
        put(&usart->in, bytes[i]);
    }
    const uint32_t under_way = usart->timed == 0 ? usart->status & SR_RXNE : 0u;
    if (usart->next_byte == 0 && under_way == 0 && line_length(&usart->in) != 0) {
        usart->next_byte = machine_now(machine) + usart_byte_cycles(machine);
    }
    return line_length(&usart->in) - before;
}

uint32_t machine_take(machine_t *machine, uint8_t *bytes, uint32_t limit)
{
    line_t *out = &machine->usart.out;
    uint32_t count = 0;
    while (count < limit && line_length(out) != 0) {
        bytes[count++] = out->bytes[out->tail++ % LINE_SIZE];
    }
    return count;
}
