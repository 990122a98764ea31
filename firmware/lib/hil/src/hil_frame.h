/*
 * Frames: 00 | COBS(version u8, type u8, seq u16, payload, crc32) | 00, little-endian.
 *
 * Every frame brings its own zero at both ends, so that whatever damage one suffers ends at the next zero and its
 * neighbours are read as sent. Nothing between two zeros is an empty frame and means nothing.
 */
#ifndef HIL_FRAME_H
#define HIL_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hil_protocol.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HIL_HEADER_SIZE 4u
#define HIL_CRC_SIZE 4u
/* At most 248 bytes before COBS: under 254, so COBS adds exactly one byte and never splits a block. */
#define HIL_MAX_RAW (HIL_HEADER_SIZE + HIL_MAX_PAYLOAD + HIL_CRC_SIZE)
#define HIL_MAX_COBS (HIL_MAX_RAW + 1u)
#define HIL_MAX_FRAME (HIL_MAX_COBS + 2u)
/* Where the payload starts in a frame under construction: behind the zero, the first COBS code and the header. */
#define HIL_PAYLOAD_AT (2u + HIL_HEADER_SIZE)

typedef struct hil_frame {
    uint8_t version;
    uint8_t type;
    uint16_t seq;
    const uint8_t *payload; /* in the parser's buffer: valid until the next byte is parsed */
    size_t length;
} hil_frame_t;

typedef struct hil_parser {
    uint8_t buffer[HIL_MAX_COBS];
    size_t fill;             /* bytes since the last zero; HIL_MAX_COBS + 1 stands for "too many" */
    uint32_t frames;         /* accepted */
    uint32_t crc_errors;     /* dropped for their checksum */
    uint32_t framing_errors; /* dropped for their length or their encoding */
} hil_parser_t;

void hil_parser_init(hil_parser_t *parser);

/* Take one byte; true when it completed a frame, which is then in *frame. Any bytes, any number of them. */
bool hil_parser_byte(hil_parser_t *parser, uint8_t byte, hil_frame_t *frame);

/*
 * Finish a frame whose `length` payload bytes (at most HIL_MAX_PAYLOAD) are already at frame + HIL_PAYLOAD_AT.
 * Returns the bytes of the whole frame, ready to be sent.
 */
size_t hil_frame_finish(uint8_t frame[HIL_MAX_FRAME], uint8_t type, uint16_t seq, size_t length);

#ifdef __cplusplus
}
#endif

#endif
