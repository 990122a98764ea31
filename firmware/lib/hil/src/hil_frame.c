#include "hil_frame.h"

#include "hil_bytes.h"
#include "hil_crc32.h"

#define TOO_MANY (HIL_MAX_COBS + 1u)

/*
 * COBS in place. With blocks of fewer than 254 bytes the code of a block stands exactly where its zero was, so
 * decoding writes zeros over the codes, and the raw bytes are those behind the first code. False when a code
 * points behind the end.
 */
static bool cobs_decode(uint8_t *bytes, size_t length)
{
    size_t at = 0;
    while (at < length) {
        const size_t code = bytes[at];
        if (code > length - at) {
            return false;
        }
        bytes[at] = 0;
        at += code;
    }
    return true;
}

/* The reverse: bytes[0] is free for the first code, length counts it. */
static void cobs_encode(uint8_t *bytes, size_t length)
{
    size_t code_at = 0;
    for (size_t i = 1; i < length; i++) {
        if (bytes[i] == 0) {
            bytes[code_at] = (uint8_t)(i - code_at);
            code_at = i;
        }
    }
    bytes[code_at] = (uint8_t)(length - code_at);
}

void hil_parser_init(hil_parser_t *parser)
{
    parser->fill = 0;
    parser->frames = 0;
    parser->crc_errors = 0;
    parser->framing_errors = 0;
}

/* What lies between two zeros: decode it, check it, take it apart. */
static bool parse(hil_parser_t *parser, size_t fill, hil_frame_t *frame)
{
    const size_t overhead = 1u + HIL_HEADER_SIZE + HIL_CRC_SIZE;
    if (fill > HIL_MAX_COBS || fill < overhead || !cobs_decode(parser->buffer, fill)) {
        parser->framing_errors++;
        return false;
    }
    const uint8_t *raw = parser->buffer + 1;
    const size_t checked = fill - 1u - HIL_CRC_SIZE;
    if (hil_crc32(raw, checked) != hil_get_u32(raw + checked)) {
        parser->crc_errors++;
        return false;
    }
    frame->version = raw[0];
    frame->type = raw[1];
    frame->seq = hil_get_u16(raw + 2);
    frame->payload = raw + HIL_HEADER_SIZE;
    frame->length = checked - HIL_HEADER_SIZE;
    parser->frames++;
    return true;
}

bool hil_parser_byte(hil_parser_t *parser, uint8_t byte, hil_frame_t *frame)
{
    if (byte != 0) {
        if (parser->fill < HIL_MAX_COBS) {
            parser->buffer[parser->fill++] = byte;
        } else {
            parser->fill = TOO_MANY;
        }
        return false;
    }
    const size_t fill = parser->fill;
    parser->fill = 0;
    return fill != 0 && parse(parser, fill, frame);
}

size_t hil_frame_finish(uint8_t frame[HIL_MAX_FRAME], uint8_t type, uint16_t seq, size_t length)
{
    uint8_t *raw = frame + 2;
    uint8_t *at = hil_put_u8(raw, HIL_VERSION);
    at = hil_put_u8(at, type);
    (void)hil_put_u16(at, seq);
    const size_t checked = HIL_HEADER_SIZE + length;
    (void)hil_put_u32(raw + checked, hil_crc32(raw, checked));
    const size_t encoded = 1u + checked + HIL_CRC_SIZE;
    cobs_encode(frame + 1, encoded);
    frame[0] = 0;
    frame[1u + encoded] = 0;
    return encoded + 2u;
}
