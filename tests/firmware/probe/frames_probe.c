/* The frame parser and encoder in bulk, for ctypes. */
#include "hil_bytes.h"
#include "hil_frame.h"

size_t probe_parser_size(void);
size_t probe_parse(hil_parser_t *parser, const uint8_t *bytes, size_t length, uint8_t *records);
void probe_counters(const hil_parser_t *parser, uint32_t counters[3]);
size_t probe_encode(uint8_t *out, uint8_t type, uint16_t seq, const uint8_t *payload, size_t length);

size_t probe_parser_size(void)
{
    return sizeof(hil_parser_t);
}

/* Every frame found as: payload length u16, version u8, type u8, seq u16, payload. Returns the bytes written. */
size_t probe_parse(hil_parser_t *parser, const uint8_t *bytes, size_t length, uint8_t *records)
{
    uint8_t *at = records;
    for (size_t i = 0; i < length; i++) {
        hil_frame_t frame;
        if (!hil_parser_byte(parser, bytes[i], &frame)) {
            continue;
        }
        at = hil_put_u16(at, (uint16_t)frame.length);
        at = hil_put_u8(at, frame.version);
        at = hil_put_u8(at, frame.type);
        at = hil_put_u16(at, frame.seq);
        for (size_t k = 0; k < frame.length; k++) {
            at = hil_put_u8(at, frame.payload[k]);
        }
    }
    return (size_t)(at - records);
}

void probe_counters(const hil_parser_t *parser, uint32_t counters[3])
{
    counters[0] = parser->frames;
    counters[1] = parser->crc_errors;
    counters[2] = parser->framing_errors;
}

size_t probe_encode(uint8_t *out, uint8_t type, uint16_t seq, const uint8_t *payload, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        out[HIL_PAYLOAD_AT + i] = payload[i];
    }
    return hil_frame_finish(out, type, seq, length);
}
