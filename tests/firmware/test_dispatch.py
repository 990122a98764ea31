"""Every message of the protocol and every way to refuse one, asked of the dispatcher without a board."""

import ctypes
import math
import struct

import pytest

from nn4mc.hil.protocol import CycleSource, ErrorCode, LogLevel, Mode, ResetCause
from tests.firmware.c_dispatch import CDevice, load_dispatch
from tests.firmware.wire import request

SAFE = (-1.0, 0.25)
NAN = math.nan


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    return load_dispatch(tmp_path_factory.mktemp("dispatch"))


@pytest.fixture
def device(library: ctypes.CDLL) -> CDevice:
    return CDevice(library)


def refused(reply, code: ErrorCode) -> bool:
    return reply.name == "ERROR" and reply["code"] == code


def test_hello_says_who_the_device_is(device: CDevice):
    hello = device.ask("HELLO", 9)
    assert hello.seq == 9
    assert hello.fields == {
        "build_id": "0123456789abcdef",
        "model_id": "00112233445566ff",
        "controller": "test",
        "board": "probe",
        "sensor_len": 3,
        "reference_len": 2,
        "command_len": 2,
        "variable_len": 2,
        "clock_hz": 168_000_000,
        "cycle_source": CycleSource.DWT,
        "reset_cause": ResetCause.PIN,
        "selftest_error": 0.0,
    }


def test_step_runs_the_controller_and_counts_its_cycles(device: CDevice):
    reply = device.step(3, 0.25, 0.0, 0.5, 0.5, 0.5)
    assert (reply.seq, reply["status"], reply["mode"], reply["cycles"]) == (3, 0, Mode.TRACKING, 100)
    assert reply["command"] == (0.375, -0.25)


def test_repeated_step_gets_the_same_answer_and_does_not_step_again(device: CDevice):
    first = device.step(3, 0.25, 0.0, 0.5, 0.5, 0.5)
    assert device.step(3, 0.25, 0.0, 0.5, 0.5, 0.5) == first
    stats = device.ask("STATS")
    assert (stats["steps"], stats["repeated"]) == (1, 1)
    assert device.step(4, 0.25, 0.0, 0.5, 0.5, 0.5)["command"] != first["command"]


@pytest.mark.parametrize("older", [4, 5 - 0x8000 + 0x10000])
def test_older_step_is_stale(device: CDevice, older: int):
    device.step(5, 0, 0, 0, 0, 0)
    assert refused(device.step(older, 0, 0, 0, 0, 0), ErrorCode.STALE)
    stats = device.ask("STATS")
    assert (stats["steps"], stats["stale"]) == (1, 1)


@pytest.mark.parametrize("newer", [6, 5 + 0x7FFF])
def test_newer_step_is_taken_whatever_it_skips(device: CDevice, newer: int):
    device.step(5, 0, 0, 0, 0, 0)
    assert device.step(newer, 0, 0, 0, 0, 0).name == "STEP"


def test_sequence_numbers_wrap(device: CDevice):
    device.step(0xFFFF, 0, 0, 0, 0, 0)
    assert device.step(0, 0, 0, 0, 0, 0).name == "STEP"
    assert refused(device.step(0xFFFF, 0, 0, 0, 0, 0), ErrorCode.STALE)


def test_reset_clears_the_state_and_the_cache_and_keeps_variables(device: CDevice):
    device.ask("SET", 1, struct.pack("<Bf", 0, 1.0))
    first = device.step(1, 0.25, 0, 0, 0.5, 0)
    device.step(2, 0.25, 0, 0, 0.5, 0)
    assert device.ask("RESET")["status"] == 0
    again = device.step(1, 0.25, 0, 0, 0.5, 0)
    assert again == first
    assert device.ask("STATS")["repeated"] == 0
    assert device.ask("VARS", 1, b"\0")["value"] == 1.0


def test_bad_sensors_are_reported_and_held(device: CDevice):
    good = device.step(1, 0.25, 0, 0.5, 0.5, 0.5)
    held = device.step(2, NAN, 0, 0.5, 0.5, 0.5)
    assert (held["status"], held["mode"], held["command"]) == (-3, Mode.HOLDING, good["command"])
    assert device.step(3, 0, 0, 0, math.inf, 0)["status"] == -4
    assert device.ask("STATS")["bad_steps"] == 2


@pytest.mark.parametrize("payload", [b"", bytes(4), bytes(20), bytes(23), bytes(25), bytes(28), bytes(240)])
def test_step_of_another_length_is_refused(device: CDevice, payload: bytes):
    assert refused(device.ask("STEP", 1, payload), ErrorCode.LENGTH)
    assert device.ask("STATS")["steps"] == 0


@pytest.mark.parametrize("name", ["HELLO", "RESET", "RUN", "STATS", "VARS", "SET", "LOG"])
@pytest.mark.parametrize("size", [3, 6, 239, 240])
def test_request_of_another_length_is_refused(device: CDevice, name: str, size: int):
    reply = device.ask(name, 1, bytes(size))
    assert refused(reply, ErrorCode.LENGTH)


@pytest.mark.parametrize("kind", [0x00, 0x0B, 0x7F, 0x80, 0x83, 0xFF])
def test_unknown_type_is_refused_by_name(device: CDevice, kind: int):
    reply = device.ask(kind, 77)
    assert refused(reply, ErrorCode.TYPE)
    assert (reply.seq, reply["request"]) == (77, kind)


def test_another_protocol_version_is_refused(device: CDevice):
    assert refused(device.ask("HELLO", 1, version=1), ErrorCode.VERSION)
    assert refused(device.ask("STEP", 1, bytes(24), version=0), ErrorCode.VERSION)
    assert device.ask("STATS")["steps"] == 0


@pytest.mark.parametrize("limit", [-1.0, NAN])
def test_failed_self_test_refuses_to_control(library: ctypes.CDLL, limit: float):
    device = CDevice(library, selftest_limit=limit)
    assert refused(device.step(1, 0, 0, 0, 0, 0), ErrorCode.SELFTEST)
    assert refused(device.ask("RUN", 2, struct.pack("<I", 1000)), ErrorCode.SELFTEST)
    assert device.period_us == 0
    assert device.output() == SAFE
    assert device.ask("HELLO").name == "HELLO"
    assert "self-test" in device.ask("LOG")["text"]


def test_controller_with_more_words_than_a_frame_is_refused(library: ctypes.CDLL):
    assert not CDevice(library, command_len=57).fits


def test_vars_describes_every_variable(device: CDevice):
    gain, leak = (device.ask("VARS", 1, bytes([index])).fields for index in (0, 1))
    assert gain == {"index": 0, "value": 0.5, "minimum": 0.0, "maximum": 2.0, "unit": "1/m", "name": "gain"}
    assert (leak["name"], leak["unit"], leak["value"]) == ("leak", "", 0.75)
    assert refused(device.ask("VARS", 1, b"\x02"), ErrorCode.RANGE)
    assert refused(device.ask("VARS", 1, b"\xff"), ErrorCode.RANGE)


def test_set_changes_what_the_controller_computes(device: CDevice):
    assert device.ask("SET", 1, struct.pack("<Bf", 0, 2.0)).fields == {"index": 0, "value": 2.0}
    assert device.step(1, 0, 0, 0, 0, 0.25)["command"] == (0.0, 0.5)


@pytest.mark.parametrize("value", [-0.001, 2.001, math.inf, -math.inf, NAN])
def test_set_outside_the_range_changes_nothing(device: CDevice, value: float):
    assert refused(device.ask("SET", 1, struct.pack("<Bf", 0, value)), ErrorCode.RANGE)
    assert device.ask("VARS", 1, b"\0")["value"] == 0.5


def test_set_of_no_variable_is_refused(device: CDevice):
    assert refused(device.ask("SET", 1, struct.pack("<Bf", 2, 0.0)), ErrorCode.RANGE)


def test_log_is_read_oldest_first_and_a_retry_loses_no_line(device: CDevice):
    device.set_millis(12)
    device.log(LogLevel.WARNING, "one")
    device.log(LogLevel.INFO, "two")
    one = device.ask("LOG", 1)
    assert one.fields == {"remaining": 1, "level": LogLevel.WARNING, "uptime_ms": 12, "text": "one"}
    assert device.ask("LOG", 1) == one
    assert device.ask("LOG", 2)["text"] == "two"
    assert device.ask("LOG", 3).fields == {"remaining": 0, "level": 0, "uptime_ms": 0, "text": ""}


def test_full_log_drops_the_oldest_lines_and_cuts_long_ones(device: CDevice):
    for number in range(10):
        device.log(LogLevel.INFO, f"{number} " + "x" * 100)
    lines = [device.ask("LOG", seq)["text"] for seq in range(9)]
    assert [line[:1] for line in lines] == ["2", "3", "4", "5", "6", "7", "8", "9", ""]
    assert {len(line) for line in lines[:-1]} == {47}


def test_stats_counts_frames_and_reports_the_board(device: CDevice):
    device.feed(b"\x05\x01\x02" + request("HELLO", 1))  # a code that points behind the end
    device.feed(b"\0" + b"\x09" + b"\x01" * 8 + b"\0")  # well-formed, with a wrong checksum
    device.set_millis(1234)
    stats = device.ask("STATS")
    assert (stats["frames"], stats["framing_errors"], stats["crc_errors"]) == (2, 1, 1)
    assert (stats["rx_overruns"], stats["stack_free"], stats["uptime_ms"]) == (7, 4321, 1234)
    assert (stats["link_stage"], stats["link_trips"]) == (2, 0)


def test_stats_keeps_the_largest_cycle_count(device: CDevice):
    device.step(1, 0, 0, 0, 0, 0)
    assert device.ask("STATS")["max_cycles"] == 100


def test_output_follows_the_steps_and_only_changes_are_told(device: CDevice):
    assert device.output() == SAFE
    assert device.output() is None
    device.step(1, 0.25, 0, 0.5, 0.5, 0.5)
    assert device.output() == (0.375, -0.25)
    assert device.output() is None


def test_link_watchdog_holds_then_goes_safe_and_leaves_the_controller_alone(library: ctypes.CDLL):
    watched, steady = CDevice(library), CDevice(library)
    for device in (watched, steady):
        device.step(1, 0.25, 0, 0.5, 0.5, 0.5)
        device.output()
    watched.set_millis(100)
    assert watched.output() is None
    assert watched.ask("STATS")["link_stage"] == 1
    watched.set_millis(500)
    assert watched.output() == SAFE
    stats = watched.ask("STATS")
    assert (stats["link_stage"], stats["link_trips"]) == (2, 1)
    assert watched.step(2, 0.1, 0, 0, 0, 0)["command"] == steady.step(2, 0.1, 0, 0, 0, 0)["command"]
    assert watched.ask("STATS")["link_stage"] == 0
    assert [watched.ask("LOG", seq)["text"] for seq in (1, 2)] == ["no STEP: output held", "no STEP: safe output"]


def test_safe_stage_outlasts_a_wrap_of_the_clock(device: CDevice):
    device.step(1, 0, 0, 0, 0, 0)
    device.set_millis(600)
    device.output()
    device.set_millis(10)  # 49.7 days later
    assert device.ask("STATS")["link_stage"] == 2


def run(device: CDevice, period_us: int, seq: int = 1):
    return device.ask("RUN", seq, struct.pack("<I", period_us))


def test_run_is_acknowledged_and_steps_on_the_newest_sensors(device: CDevice):
    acknowledged = run(device, 10_000, 40)
    assert (acknowledged.name, acknowledged.seq, acknowledged["tick"]) == ("RUN", 40, 0)
    assert device.period_us == 10_000
    assert device.feed(request("STEP", 7, struct.pack("<I5f", 0, 0.25, 0, 0.5, 0.5, 0.5))) == []
    (first,) = device.tick()
    assert (first.seq, first["tick"], first["step_seq"], first["status"]) == (40, 1, 7, 0)
    assert first["command"] == (0.375, -0.25)
    (second,) = device.tick()
    assert (second["tick"], second["step_seq"]) == (2, 7)
    assert second["command"] == (0.5625, -0.25)  # the state went on: the integral leaks and grows


def test_run_counts_missed_periods(device: CDevice):
    run(device, 1000)
    device.feed(request("STEP", 1, bytes(24)))
    device.tick()
    (late,) = device.tick(4)
    assert (late["tick"], late["missed"]) == (5, 3)
    stats = device.ask("STATS")
    assert (stats["missed"], stats["steps"]) == (3, 2)


def test_run_without_sensors_yet_answers_safe(device: CDevice):
    run(device, 1000)
    (reply,) = device.tick()
    assert (reply["status"], reply["mode"], reply["command"]) == (-3, Mode.SAFE, SAFE)
    assert device.ask("STATS")["steps"] == 0


def test_run_ignores_older_steps_silently(device: CDevice):
    run(device, 1000)
    for seq in (5, 4):
        device.feed(request("STEP", seq, struct.pack("<I5f", 0, seq, 0, 0, 0, 0)))
    assert device.tick()[0]["step_seq"] == 5
    assert device.ask("STATS")["stale"] == 1


def test_run_asked_again_goes_on_and_another_period_is_busy(device: CDevice):
    run(device, 1000)
    device.tick()
    assert run(device, 1000, 2)["tick"] == 0
    assert device.tick()[0]["tick"] == 2
    assert refused(run(device, 2000, 3), ErrorCode.BUSY)
    assert run(device, 0, 4).name == "RUN"
    assert device.period_us == 0
    assert device.tick() == []
    assert run(device, 2000, 5).name == "RUN"


@pytest.mark.parametrize("period_us", [1, 499, 1_000_001, 0xFFFFFFFF])
def test_run_outside_its_range_is_refused(device: CDevice, period_us: int):
    assert refused(run(device, period_us), ErrorCode.RANGE)
    assert device.period_us == 0


def test_reset_stops_run(device: CDevice):
    run(device, 1000)
    device.feed(request("STEP", 1, bytes(24)))
    device.ask("RESET")
    assert device.period_us == 0
    assert device.tick() == []


def test_run_goes_on_while_the_watchdog_keeps_the_pins(device: CDevice):
    run(device, 1000)
    device.feed(request("STEP", 1, struct.pack("<I5f", 0, 0.25, 0, 0.5, 0.5, 0.5)))
    device.tick()
    assert device.output() == (0.375, -0.25)
    device.set_millis(150)
    device.tick()
    assert device.output() is None
    device.set_millis(700)
    device.tick()
    assert device.output() == SAFE


def test_several_requests_in_one_burst_are_answered_in_order(device: CDevice):
    burst = request("HELLO", 1) + request("RESET", 2) + request("STEP", 3, bytes(24)) + request("STATS", 4)
    assert [reply.seq for reply in device.feed(burst)] == [1, 2, 3, 4]


def test_bench_answers_by_index_and_names_how_many_there_are(device: CDevice):
    device.add_bench(CycleSource.DWT)
    assert device.ask("BENCH", 7, b"\1").fields == {
        "index": 1,
        "bench_len": 2,
        "operations": 11,
        "cycles": 21,
        "first_cycles": 31,
        "digest": 41,
        "name": "kernel",
    }


def test_bench_is_refused_where_it_cannot_be(device: CDevice):
    assert refused(device.ask("BENCH", 1, b"\0"), ErrorCode.TYPE)  # no kernels in this firmware
    device.add_bench(CycleSource.NONE)
    assert refused(device.ask("BENCH", 2, b"\0"), ErrorCode.TYPE)  # nothing counts
    device.add_bench(CycleSource.DWT)
    assert refused(device.ask("BENCH", 3, b"\2"), ErrorCode.RANGE)
    assert refused(device.ask("BENCH", 4, b"\xff"), ErrorCode.RANGE)
    assert refused(device.ask("BENCH", 5), ErrorCode.LENGTH)
    device.ask("RUN", 6, struct.pack("<I", 1000))
    assert refused(device.ask("BENCH", 7, b"\0"), ErrorCode.BUSY)
    device.ask("RUN", 8, struct.pack("<I", 0))
    assert device.ask("BENCH", 9, b"\0")["cycles"] == 20


def test_a_controller_that_keeps_time_gets_that_of_the_step_and_a_stamp_for_its_reference(device: CDevice):
    device.keep_time()
    reply = device.step(7, 0.25, 0, 0, 0.5, 0, time_us=4_000_000_000)
    assert (reply["status"], reply["command"]) == (1, (4_000_000.0, 7.75))
    assert device.step(8, 0, 0, 0, 0, 0, time_us=2_000)["command"] == (2.0, 8.0)
    assert device.ask("STATS")["bad_steps"] == 0, "a warning is no bad step"


def test_while_it_streams_the_time_is_that_of_the_periods_and_an_old_reference_keeps_its_stamp(device: CDevice):
    device.keep_time()
    device.ask("RUN", 1, struct.pack("<I", 2000))
    device.feed(request("STEP", 9, struct.pack("<I5f", 123456, 0, 0, 0, 0, 0)))
    assert [device.tick(periods)[0]["command"] for periods in (1, 3)] == [(2.0, 9.0), (8.0, 9.0)]


def test_timing_is_the_controllers_own_and_refused_where_it_keeps_none(device: CDevice):
    assert refused(device.ask("TIMING"), ErrorCode.TYPE)
    device.keep_time()
    found = device.ask("TIMING")
    assert [found[name] for name in ("calls", "native_steps", "missed", "restarts", "steps_back")] == [1, 2, 3, 4, 5]
    assert [found[name] for name in ("mean_us", "variance_us2", "shortest_us", "longest_us")] == [6.5, 7.5, 8, 9]
