#ifndef SERIAL_H
#define SERIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* USART1 on PA9 (TX) and PA10 (RX), 8N1, interrupt-driven both ways. */
void serial_start(uint32_t apb2_hz);
size_t serial_read(uint8_t bytes[], size_t limit);
void serial_write(const uint8_t bytes[], size_t length);
bool serial_waiting(void); /* something can be read */
uint32_t serial_overruns(void);

#endif
