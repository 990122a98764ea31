"""A session against a board in Python: every way a link or a board can fail has its own clear end."""

import re
from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np
import pytest

from nn4mc.errors import ConfigError, DeviceError, LinkError
from nn4mc.hil import messages
from nn4mc.hil.frame import Frame, encode_frame
from nn4mc.hil.handshake import Expected
from nn4mc.hil.messages import MESSAGE, REPLY_TO
from nn4mc.hil.protocol import REPLY, Mode
from nn4mc.hil.session import Patience, Session, set_variables
from tests.hil.fake_device import HELLO, FakeDevice

QUICK = Patience(first_s=0.002, longest_s=0.004, attempts=5)
EXPECTED = Expected(
    model_id=str(HELLO["model_id"]),
    sensor_len=13,
    reference_len=6,
    command_len=4,
    selftest_limit=1e-6,
    how_to_mend="Upload it: pio run -t upload.",
    variable_len=2,
)
WORDS = np.arange(19, dtype=np.float32) / 19


def connected(device: FakeDevice) -> Session:
    session = Session(device, QUICK)
    session.connect(EXPECTED)
    return session


def once(change: Callable[[bytes], bytes], kind: str = "STEP") -> Callable[[Frame, bytes], bytes]:
    """Tamper with the first reply to a kind of request only."""
    left = [1]

    def tamper(request: Frame, reply: bytes) -> bytes:
        if request.type == MESSAGE[kind].code and left:
            left.pop()
            return change(reply)
        return reply

    return tamper


def test_connecting_says_hello_and_resets() -> None:
    device = FakeDevice()
    connected(device)
    assert [frame.type for frame in device.seen] == [MESSAGE["HELLO"].code, MESSAGE["RESET"].code]


def test_a_step_answers_the_command_bit_for_bit() -> None:
    bits = np.array([0x80000000, 0x00000001, 0x3F7FFFFF, 0xBF800000], np.uint32)
    session = connected(FakeDevice(controller=lambda words: bits.view(np.float32)))
    reply = session.step(WORDS)
    assert reply.command.view(np.uint32).tolist() == bits.tolist()
    assert (reply.status, reply.mode, reply.cycles) == (0, Mode.TRACKING, 1000)


def test_not_a_number_reaches_the_board_bit_for_bit() -> None:
    device = FakeDevice()
    words = WORDS.copy()
    words.view(np.uint32)[3] = 0x7F800001
    reply = connected(device).step(words, 2**32 - 2)
    assert device.seen[-1].payload == b"\xfe\xff\xff\xff" + words.tobytes()
    assert (reply.status, reply.mode) == (-3, Mode.HOLDING)


@pytest.mark.parametrize(
    "change",
    [
        lambda reply: b"",
        lambda reply: reply[:-3],
        lambda reply: reply[:5] + b"\xaa" + reply[6:],
        lambda reply: b"\x13" * 700,
        lambda reply: encode_frame(Frame(0x83, 0x7777, bytes(22))),
        lambda reply: encode_frame(Frame(0xFF, 0x7777, b"\x05\x03old")),
    ],
    ids=["nothing", "truncated", "damaged", "garbage", "stale reply", "stale error"],
)
def test_a_lost_reply_is_asked_for_again_and_the_step_is_done_once(change: Callable[[bytes], bytes]) -> None:
    device = FakeDevice(tamper=once(change))
    session = connected(device)
    assert session.step(WORDS).status == 0
    assert device.steps == 1
    assert session.counters.retries == 1
    assert device.seen[-1] == device.seen[-2]


def test_a_reply_that_comes_twice_is_taken_once() -> None:
    device = FakeDevice(tamper=once(lambda reply: reply + reply))
    session = connected(device)
    first, second = session.step(WORDS), session.step(WORDS + 1)
    assert first.command.tolist() != second.command.tolist()
    assert session.counters.retries == 0


def test_what_a_former_session_left_on_the_line_is_thrown_away() -> None:
    device = FakeDevice()
    device.out = encode_frame(Frame(MESSAGE["HELLO"].code | REPLY, 1, bytes(80))) + b"\x05half a fra"
    assert connected(device).step(WORDS).status == 0


def test_sequence_numbers_wrap() -> None:
    session = connected(FakeDevice())
    session._seq = 65534
    for _ in range(3):
        session.step(WORDS)
    assert session._seq == 1


def test_silence_ends_after_the_stated_number_of_attempts() -> None:
    device = FakeDevice(tamper=lambda request, reply: b"")
    with pytest.raises(LinkError, match="did not answer HELLO, sent 5 times"):
        connected(device)
    assert len(device.seen) == 5


def test_default_patience_gives_up_in_under_five_seconds() -> None:
    assert sum(Patience().waits_s()) < 5.0


def test_garbage_for_ever_is_counted_in_the_message() -> None:
    device = FakeDevice(tamper=lambda request, reply: reply[:6] + b"\x77" + reply[7:])
    with pytest.raises(LinkError, match="0 good and 5 damaged frames"):
        connected(device)


def test_a_board_that_dies_in_mid_flight_ends_at_once() -> None:
    device = FakeDevice(dies_after=10)
    session = connected(device)
    with pytest.raises(LinkError, match="SIGKILL"):
        for _ in range(20):
            session.step(WORDS)
    assert session.counters.steps == 8
    assert session.counters.retries == 0


def test_another_model_is_refused_with_both_ids_and_the_mend() -> None:
    device = FakeDevice(hello={**HELLO, "model_id": "f" * 16})
    with pytest.raises(DeviceError) as caught:
        connected(device)
    message = str(caught.value)
    assert "f" * 16 in message and EXPECTED.model_id in message and "pio run -t upload" in message
    assert len(device.seen) == 1


@pytest.mark.parametrize("name", ["sensor_len", "reference_len", "command_len"])
def test_other_sizes_are_refused(name: str) -> None:
    with pytest.raises(DeviceError, match=r"expected 13, 6 and 4"):
        connected(FakeDevice(hello={**HELLO, name: 3}))


@pytest.mark.parametrize("error", [1e-3, float("nan"), float("inf")])
def test_a_failed_self_test_is_refused(error: float) -> None:
    with pytest.raises(DeviceError, match="self-test"):
        connected(FakeDevice(hello={**HELLO, "selftest_error": error}))


def test_another_version_of_the_protocol_is_refused() -> None:
    with pytest.raises(DeviceError, match=r"version 9 .* we 2: rebuild"):
        connected(FakeDevice(version=9))


@pytest.mark.parametrize("length", [0, 5, 7, 21, 23])
def test_a_step_reply_of_a_wrong_length_is_no_command(length: int) -> None:
    device = FakeDevice()
    session = connected(device)
    device.tamper = lambda request, reply: encode_frame(Frame(0x83, request.seq, bytes(length)))
    with pytest.raises(LinkError, match="STEP"):
        session.step(WORDS)


def test_an_unknown_mode_is_no_command() -> None:
    device = FakeDevice()
    session = connected(device)
    device.tamper = lambda request, reply: encode_frame(Frame(0x83, request.seq, b"\0\x09" + bytes(20)))
    with pytest.raises(LinkError, match="mode 9"):
        session.step(WORDS)


def test_a_refusal_is_a_device_error_with_the_boards_words() -> None:
    session = connected(FakeDevice())
    with pytest.raises(DeviceError, match=r"refused STEP \(LENGTH\): 19 words expected"):
        session.step(WORDS[:5])


def test_a_refused_version_says_how_to_mend() -> None:
    error = messages.refusal(REPLY_TO["ERROR"].pack(code=1, request=1, text="version 2 here"))
    assert "Rebuild and upload" in str(error)


def test_variables_are_listed_and_set_by_name() -> None:
    device = FakeDevice()
    session = connected(device)
    assert [variable.name for variable in session.variables()] == ["clip_0", "clip_1"]
    set_variables(session, {"clip_1": 7.5})
    assert device.values == [0.5, 7.5]


def test_a_value_out_of_range_and_an_unknown_variable_are_refused() -> None:
    session = connected(FakeDevice())
    with pytest.raises(DeviceError, match=re.escape("refused SET (RANGE): clip_0 is 0 to 10 m")):
        set_variables(session, {"clip_0": 11.0})
    with pytest.raises(ConfigError, match=r"no variable \['gain'\]. It has: clip_0, clip_1"):
        set_variables(session, {"gain": 1.0})


def test_the_log_is_read_to_its_end() -> None:
    session = connected(FakeDevice())
    assert [line.text for line in session.log()] == ["started", "ready"]
    assert list(session.log()) == []


def test_statistics_are_the_boards() -> None:
    session = connected(FakeDevice())
    session.step(WORDS)
    assert session.stats().steps == 1


def test_streaming_yields_ticks_and_stops_when_left() -> None:
    device = FakeDevice()
    session = connected(device)
    stream = session.run(10_000, WORDS)
    assert [next(stream).tick for _ in range(4)] == [0, 1, 2, 3]
    newest = session.feed(WORDS + 1)
    assert next(stream).step_seq == newest
    stream.close()
    assert device.run_seq is None
    assert session.step(WORDS).status == 0


def test_streaming_ends_when_the_board_falls_silent() -> None:
    device = FakeDevice()
    session = connected(device)
    stream = session.run(1_000, WORDS)
    next(stream)
    device.run_seq = None
    with pytest.raises(LinkError, match="while streaming"):
        next(stream)


def test_leaving_a_session_closes_its_link() -> None:
    device = FakeDevice()
    with pytest.raises(KeyboardInterrupt), Session(device, QUICK):
        raise KeyboardInterrupt
    assert device.closed == 1


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("HELLO", messages.Hello),
        ("STEP", messages.StepReply),
        ("RUN", messages.RunReply),
        ("STATS", messages.DeviceStats),
        ("VARS", messages.Variable),
        ("LOG", messages.LogLine),
    ],
)
def test_typed_replies_have_the_fields_of_the_table(name: str, kind: type) -> None:
    assert [item.name for item in fields(kind)] == [item.name for item in MESSAGE[name].reply]


def test_a_board_with_the_model_in_another_controller_is_refused() -> None:
    other = replace(EXPECTED, variable_len=13)
    with pytest.raises(DeviceError, match="has 2 variables, expected 13: the same model in another controller"):
        Session(FakeDevice()).connect(other)
