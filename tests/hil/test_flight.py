"""A flight in lock-step against a board in Python: what is compared, recorded, logged and reported."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from nn4mc.errors import ConfigError, LinkError
from nn4mc.hil.faults import FaultyLink, parse_faults
from nn4mc.hil.flight import Bench, FlightPlan, Recorder, fly
from nn4mc.hil.flights import fly_logged, plan_flights
from nn4mc.hil.frame import Frame
from nn4mc.hil.handshake import Expected
from nn4mc.hil.log import read_log
from nn4mc.hil.messages import REPLY_TO, Words
from nn4mc.hil.rig import Rig, load_rig
from nn4mc.hil.session import Patience, Session
from nn4mc.hil.twin import Twin, build_twin
from tests.hil.fake_device import HELLO, FakeDevice

HERE = Path(__file__).parent
CIRCLE = FlightPlan("light", "lissajous", seed=4)


class TwinDevice(FakeDevice):
    """A board that runs the firmware tests' controller: a second twin answers for it."""

    def __init__(self, library: Path, **options: object) -> None:
        self.twin = Twin(library)
        self.names = ("gain", "leak")
        super().__init__(
            hello={**HELLO, "model_id": self.twin.model_id, "sensor_len": 3, "reference_len": 2, "command_len": 2},
            **options,  # type: ignore[arg-type]
        )

    def on_reset(self, frame: Frame) -> bytes:
        self.twin.reset()
        return super().on_reset(frame)

    def on_vars(self, frame: Frame) -> bytes:
        index = frame.payload[0]
        return REPLY_TO["VARS"].pack(index=index, value=0.0, minimum=0.0, maximum=2.0, unit="", name=self.names[index])

    def on_set(self, frame: Frame) -> bytes | Frame:
        answer = super().on_set(frame)
        index = frame.payload[0]
        self.twin.set_variables({self.names[index]: self.values[index]})
        return answer

    def on_step(self, frame: Frame) -> bytes:
        if self.cache is not None and self.cache[0] == frame.seq:
            return self.cache[1]
        words = np.frombuffer(frame.payload, "<f4", offset=4)
        done = self.twin.step(words[:3], words[3:])
        self.steps += 1
        reply = REPLY_TO["STEP"].pack(
            status=done.status, mode=done.mode, cycles=1000 + self.steps, command=self.controller(done.command)
        )
        self.cache = (frame.seq, reply)
        return reply


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_twin(HERE.parent / "firmware" / "controller", tmp_path_factory.mktemp("twin"))


@pytest.fixture
def rig() -> Rig:
    return load_rig(HERE / "cart")


def same(words: Words) -> Words:
    return words


def bench(
    rig: Rig, library: Path, controller: Callable[[Words], Words] = same, faults: str = "", **options: object
) -> Bench:
    device = TwinDevice(library, controller=controller, **options)
    spec = parse_faults(faults)
    patience = Patience(first_s=0.002, longest_s=0.002, attempts=100)
    session = Session(FaultyLink(device, spec, lambda seconds: None) if spec else device, patience)
    twin = Twin(library)
    hello = session.connect(Expected(twin.model_id, 3, 2, 2, twin.selftest_limit, "mend"))
    return Bench(rig, "fake://", session, twin, hello, "0" * 64, spec)


def test_a_flight_tracks_its_reference_and_matches_its_twin(rig: Rig, library: Path) -> None:
    recorder = Recorder()
    result = fly(bench(rig, library), CIRCLE, recorder)
    assert (result.steps, result.lost, result.mismatched_words, result.bad_steps) == (100, False, 0, 0)
    assert result.rmse_m is not None and result.max_error_m is not None
    assert 0.01 < result.rmse_m <= result.max_error_m < 1.0
    columns = recorder.record.columns()
    assert np.array_equal(columns.sensors[1:, :2], columns.position[1:, :2].astype(np.float32))
    assert np.allclose(columns.position[1:, :2], columns.position[:-1, :2] + 0.1 * columns.command[:-1])


def test_the_result_has_every_field_a_report_needs(rig: Rig, library: Path) -> None:
    result = msgspec.to_builtins(fly(bench(rig, library), CIRCLE, Recorder()))
    assert (result["rig"], result["vehicle"], result["reference"]) == ("cart", "light", "lissajous")
    assert (result["board"], result["seed"], result["reference_period_s"]) == ("fake://", 4, 2.0)
    assert result["link"]["frames"] > 100 and result["link"]["retries"] == 0
    assert result["model_sha256"] == "0" * 64 and result["build_id"] == "b" * 16
    assert result["device_cycles"] is None and result["device_instructions"] is None and result["firmware"] is None


def test_cycles_are_the_devices_where_something_counts_them(rig: Rig, library: Path) -> None:
    counting = bench(rig, library)
    counting = replace(counting, hello=replace(counting.hello, cycle_source=type(counting.hello.cycle_source)(1)))
    result = fly(counting, CIRCLE, Recorder())
    assert (result.device_cycles, result.device_cycles_max) == (1050.5, 1100)
    assert (result.cycle_source, result.clock_hz) == ("dwt", 168_000_000)


def test_the_same_plan_flies_the_same_way_and_another_seed_another(rig: Rig, library: Path) -> None:
    one = bench(rig, library)
    first, again, other = Recorder(), Recorder(), Recorder()
    fly(one, CIRCLE, first)
    fly(one, CIRCLE, again)
    fly(one, replace(CIRCLE, seed=5), other)
    commands = [r.record.columns().command.view(np.uint32) for r in (first, again, other)]
    assert np.array_equal(commands[0], commands[1])
    assert not np.array_equal(commands[0], commands[2])


def test_a_single_wrong_bit_is_one_mismatched_word(rig: Rig, library: Path) -> None:
    def last_bit_of_step_50(words: Words) -> Words:
        calls.append(0)
        if len(calls) != 50:
            return words
        wrong = words.copy()
        wrong.view(np.uint32)[1] ^= 1
        return wrong

    calls: list[int] = []
    assert fly(bench(rig, library, last_bit_of_step_50), CIRCLE, Recorder()).mismatched_words == 1


def test_a_damaged_line_changes_no_bit_of_the_flight(rig: Rig, library: Path) -> None:
    clear, noisy = Recorder(), Recorder()
    fly(bench(rig, library), CIRCLE, clear)
    result = fly(bench(rig, library, faults="damage=0.2,seed=1"), CIRCLE, noisy)
    assert result.link.retries > 10 and result.mismatched_words == 0
    for name in ("sensors", "command", "position"):
        assert np.array_equal(getattr(clear.record.columns(), name), getattr(noisy.record.columns(), name))


def test_sensors_that_are_not_finite_are_bad_steps_for_board_and_twin_alike(rig: Rig, library: Path) -> None:
    result = fly(bench(rig, library, faults="nan=0.1,seed=2"), CIRCLE, Recorder())
    assert 3 < result.bad_steps < 30
    assert (result.mismatched_words, result.lost) == (0, False)
    assert result.faults == "nan=0.1,seed=2"


def test_a_lost_vehicle_ends_the_flight(rig: Rig, library: Path) -> None:
    result = fly(bench(rig, library), FlightPlan("narrow", "far"), Recorder())
    assert result.lost and result.steps < 10
    assert result.rmse_m is None


def test_variables_reach_board_and_twin(rig: Rig, library: Path) -> None:
    one = bench(rig, library)
    fly(one, CIRCLE, Recorder())
    device = one.session.link
    assert isinstance(device, TwinDevice)
    assert device.values == [0.5, 0.5]


def test_no_variable_is_left_from_the_flight_before(rig: Rig, library: Path) -> None:
    """A board stays open between the runs of a campaign, and a reset keeps what was set."""

    def with_variables(variables: dict[str, float]) -> Rig:
        (name,) = rig.controllers
        table = msgspec.structs.replace(rig.controllers[name], variables=variables)
        return replace(rig, controllers={name: table})

    one = bench(with_variables({"gain": 1.5}), library)
    device = one.session.link
    assert isinstance(device, TwinDevice)
    fly(one, CIRCLE, Recorder())
    assert (device.values, one.twin.value(0)) == ([1.5, 0.5], 1.5)
    fly(replace(one, rig=with_variables({})), CIRCLE, Recorder())
    assert (device.values, one.twin.value(0)) == ([0.5, 0.5], 0.5)  # the controller's own gain, the plant's leak


def test_progress_is_called_after_every_step(rig: Rig, library: Path) -> None:
    seen: list[tuple[int, int]] = []
    fly(bench(rig, library), CIRCLE, Recorder(on_step=lambda done, steps: seen.append((done, steps))))
    assert seen == [(k, 100) for k in range(1, 101)]


def test_the_log_of_a_flight_cut_off_is_readable_and_named(rig: Rig, library: Path, tmp_path: Path) -> None:
    dying = bench(rig, library, dies_after=50)
    with pytest.raises(LinkError, match=r"SIGKILL\nThe log of the 41 steps until then: .*flight-light-lissajous.mcap"):
        fly_logged(dying, CIRCLE, tmp_path / "report")
    log = read_log(tmp_path / "report" / "flight-light-lissajous.mcap")
    assert len(log.messages["/command"]) == 41
    assert log.configuration["vehicle"] == "light"


def test_an_interrupt_leaves_a_finished_log(rig: Rig, library: Path, tmp_path: Path) -> None:
    def interrupt(done: int, steps: int) -> None:
        if done == 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fly_logged(bench(rig, library), CIRCLE, tmp_path, interrupt)
    log = read_log(tmp_path / "flight-light-lissajous.mcap")
    assert log.complete and len(log.messages["/command"]) == 30


def test_plans_are_all_combinations(rig: Rig) -> None:
    plans = plan_flights(rig, ("light", "narrow"), ("far", "lissajous"), 4.0, 7)
    assert [(plan.vehicle, plan.reference) for plan in plans] == [
        ("light", "far"),
        ("light", "lissajous"),
        ("narrow", "far"),
        ("narrow", "lissajous"),
    ]
    assert all(plan.changes == {"period_s": 4.0} and plan.seed == 7 for plan in plans)


def test_without_names_it_is_the_first_vehicle_along_the_lissajous(rig: Rig) -> None:
    assert plan_flights(rig, (), (), None, 0) == (FlightPlan("light", "lissajous", {}, 0),)


def test_period_changes_only_references_that_have_one() -> None:
    quadrotor = load_rig("quadrotor")
    hover, figure = plan_flights(quadrotor, ("soft",), ("hover", "lissajous"), 4.0, 0)
    assert (hover.changes, figure.changes) == ({}, {"period_s": 4.0})
    with pytest.raises(ConfigError, match="--period: none of hover has a period"):
        plan_flights(quadrotor, ("soft",), ("hover",), 4.0, 0)


@pytest.mark.parametrize(
    ("vehicle", "reference", "period_s", "message"),
    [
        ("heavy", "far", None, "no vehicle 'heavy'. It has: light, narrow"),
        ("light", "square", None, "no reference 'square'. It has: far, lissajous"),
        ("light", "far", -1.0, "period_s"),
    ],
)
def test_unknown_names_and_bad_periods_are_refused_before_anything_is_built(
    rig: Rig, vehicle: str, reference: str, period_s: float | None, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        plan_flights(rig, (vehicle,), (reference,), period_s, 0)
