/* lib/hil on the board itself: the same bytes, the same order, the same alignment as on the laptop. */
#include "check.h"
#include "hil_bytes.h"
#include "hil_crc32.h"
#include "hil_frame.h"
#include "hil_link.h"
#include "hil_log.h"

static hil_parser_t parser;
static uint8_t frame[HIL_MAX_FRAME];

/* Feed bytes; true when the last one completed a frame. */
static bool feed(const uint8_t *bytes, size_t length, hil_frame_t *out)
{
    bool complete = false;
    for (size_t i = 0; i < length; i++) {
        complete = hil_parser_byte(&parser, bytes[i], out);
    }
    return complete;
}

static size_t make_frame(size_t length)
{
    for (size_t i = 0; i < length; i++) {
        frame[HIL_PAYLOAD_AT + i] = (uint8_t)(i * 37u);
    }
    return hil_frame_finish(frame, HIL_TYPE_STEP, 0x1234u, length);
}

static void test_crc32(void)
{
    static const uint8_t digits[] = {'1', '2', '3', '4', '5', '6', '7', '8', '9'};
    CHECK("crc32 check value", hil_crc32(digits, sizeof digits) == 0xCBF43926u);
}

static void test_round_trip(void)
{
    bool same = true;
    hil_parser_init(&parser);
    for (size_t length = 0; length <= HIL_MAX_PAYLOAD; length++) {
        hil_frame_t got;
        const size_t sent = make_frame(length);
        same = same && feed(frame, sent, &got) && got.type == HIL_TYPE_STEP && got.seq == 0x1234u;
        same = same && got.length == length;
        for (size_t i = 0; same && i < length; i++) {
            same = got.payload[i] == (uint8_t)(i * 37u);
        }
    }
    check("frames of every length come back", same, "what was sent");
    CHECK("no frame was dropped", parser.crc_errors + parser.framing_errors == 0);
}

static void test_damage(void)
{
    hil_frame_t got;
    const size_t sent = make_frame(20);
    hil_parser_init(&parser);
    frame[8] ^= 0x10u;
    CHECK("a flipped bit is refused", !feed(frame, sent, &got));
    CHECK("and counted", parser.crc_errors + parser.framing_errors == 1);
    CHECK("its neighbour is not", feed(frame, make_frame(20), &got));
}

static void test_floats(void)
{
    uint8_t bytes[9];
    (void)hil_put_f32(bytes + 1, -1.5f); /* odd address */
    CHECK("floats travel little-endian", hil_get_u32(bytes + 1) == 0xBFC00000u);
    (void)hil_put_u32(bytes + 3, 0x7FA12345u); /* a signalling NaN */
    (void)hil_put_f32(bytes + 1, hil_get_f32(bytes + 3));
    CHECK("a NaN keeps its bits", hil_get_u32(bytes + 1) == 0x7FA12345u);
}

static void test_link(void)
{
    hil_link_t link;
    hil_link_init(&link);
    CHECK("safe before the first STEP", hil_link_update(&link, 0) == HIL_LINK_SAFE && link.trips == 0);
    hil_link_feed(&link, 0xFFFFFFF0u);
    CHECK("fresh for 99 ms", hil_link_update(&link, 0xFFFFFFF0u + 99u) == HIL_LINK_FRESH);
    CHECK("held from 100 ms", hil_link_update(&link, 0xFFFFFFF0u + 100u) == HIL_LINK_HOLDING);
    CHECK("safe from 500 ms", hil_link_update(&link, 0xFFFFFFF0u + 500u) == HIL_LINK_SAFE && link.trips == 1);
}

static void test_log(void)
{
    hil_log_t log;
    uint8_t remaining = 9;
    hil_log_init(&log);
    CHECK("an empty log has no line", hil_log_read(&log, 1, &remaining) == NULL && remaining == 0);
    hil_log_write(&log, HIL_LOG_INFO, 5, "one");
    hil_log_write(&log, HIL_LOG_ERROR, 6, "two");
    const hil_log_line_t *line = hil_log_read(&log, 2, &remaining);
    CHECK("the oldest comes first", line != NULL && line->uptime_ms == 5 && remaining == 1);
    CHECK("a repeated request gets it again", hil_log_read(&log, 2, &remaining) == line);
    line = hil_log_read(&log, 3, &remaining);
    CHECK("then the next", line != NULL && line->uptime_ms == 6 && remaining == 0);
}

int main(void)
{
    test_crc32();
    test_round_trip();
    test_damage();
    test_floats();
    test_link();
    test_log();
    return check_finish();
}
