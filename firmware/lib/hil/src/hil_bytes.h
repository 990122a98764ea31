/* Little-endian words at any address: payload fields are packed without padding. */
#ifndef HIL_BYTES_H
#define HIL_BYTES_H

#include <stdint.h>

static inline uint16_t hil_get_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] | ((unsigned)at[1] << 8));
}

static inline uint32_t hil_get_u32(const uint8_t *at)
{
    return (uint32_t)at[0] | ((uint32_t)at[1] << 8) | ((uint32_t)at[2] << 16) | ((uint32_t)at[3] << 24);
}

/* The put functions return the address behind what they wrote, so that fields are written in a row. */
static inline uint8_t *hil_put_u8(uint8_t *at, uint8_t value)
{
    at[0] = value;
    return at + 1;
}

static inline uint8_t *hil_put_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value & 0xFFu);
    at[1] = (uint8_t)(value >> 8);
    return at + 2;
}

static inline uint8_t *hil_put_u32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value & 0xFFu);
    at[1] = (uint8_t)((value >> 8) & 0xFFu);
    at[2] = (uint8_t)((value >> 16) & 0xFFu);
    at[3] = (uint8_t)(value >> 24);
    return at + 4;
}

/* Floats travel as their bits, NaN payloads included: copied, never converted. */
static inline float hil_get_f32(const uint8_t *at)
{
    const uint32_t bits = hil_get_u32(at);
    float value;
    __builtin_memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint8_t *hil_put_f32(uint8_t *at, float value)
{
    uint32_t bits;
    __builtin_memcpy(&bits, &value, sizeof bits);
    return hil_put_u32(at, bits);
}

/* A text of at most `size` bytes, padded with NUL: no terminator when it fills the field. */
static inline uint8_t *hil_put_text(uint8_t *at, const char *text, unsigned size)
{
    unsigned i = 0;
    for (; i < size && text[i] != '\0'; i++) {
        at[i] = (uint8_t)text[i];
    }
    for (; i < size; i++) {
        at[i] = 0;
    }
    return at + size;
}

#endif
