"""The flight as an MCAP file, which Foxglove, PlotJuggler and rerun open; written as the flight goes.

Topics: /pose and /pose_reference (foxglove.PoseInFrame), /sensors, /reference, /command, /command_twin (one
array a signal of the rig's layout), /status, /timing. Every message is JSON; times are simulated and start at
0. A number that is not finite is null. Whole chunks reach the disk every few dozen steps, so that a log cut
off in mid-flight is readable up to there.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec
import zstandard
from mcap.exceptions import McapError
from mcap.records import Channel, Message, Metadata
from mcap.stream_reader import StreamReader
from mcap.writer import Writer

from nn4mc.errors import ConfigError
from nn4mc.hil.log_schemas import POSE_SCHEMA, STATUS_SCHEMA, TIMING_SCHEMA, layout_schema
from nn4mc.hil.record import Step, Vector, Words
from nn4mc.hil.rig import Rig
from nn4mc.hil.rig_file import Signal

_CHUNK_BYTES = 64 * 1024
_FLUSH_STEPS = 50
_TIMING = ("cycles", "instructions", "round_trip_s")
_CONFIGURATION = "nn4mc"
_LEVEL = {"x": 0.0, "y": 0.0, "z": 0.0, "w": 1.0}


class FlightLog:
    """An open log; a context manager that finishes the file also when the flight ends in an error."""

    def __init__(self, path: Path, rig: Rig, configuration: Mapping[str, str]) -> None:
        """Create the file and write the schemas and the ``configuration`` (vehicle, board, ids, options)."""
        self._rig = rig
        self._finished = False
        self._steps = 0
        self._attitude = _offset(rig.sensors, "quaternion")
        self._file = path.open("wb")
        self._writer = Writer(self._file, chunk_size=_CHUNK_BYTES)
        self._writer.start(profile="", library="nn4mc")
        self._writer.add_metadata(_CONFIGURATION, dict(configuration))
        self._channels = {topic: self._register(topic, name, schema) for topic, name, schema in _topics(rig)}

    def write(self, step: Step) -> None:
        """Add one step of the flight."""
        rig, time_ns = self._rig, round(step.time_s * 1e9)
        self._add("/pose", time_ns, _pose(time_ns, step.position, self._orientation(step.sensors)))
        self._add("/pose_reference", time_ns, _pose(time_ns, step.position_reference, _LEVEL))
        self._add("/sensors", time_ns, _signals(rig.sensors, step.sensors))
        self._add("/reference", time_ns, _signals(rig.reference, step.reference))
        self._add("/command", time_ns, _signals(rig.command, step.command))
        self._add("/command_twin", time_ns, _signals(rig.command, step.twin_command))
        self._add("/status", time_ns, {"status": step.status, "mode": step.mode})
        self._add("/timing", time_ns, {name: getattr(step, name) for name in _TIMING})
        self._steps += 1
        if self._steps % _FLUSH_STEPS == 0:
            self._file.flush()

    def finish(self) -> None:
        """Write the index and close the file; a second call does nothing."""
        if not self._finished:
            self._finished = True
            self._writer.finish()  # type: ignore[no-untyped-call]  # mcap annotates its arguments only
            self._file.close()

    def __enter__(self) -> "FlightLog":
        """Return the log itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the file."""
        self.finish()

    def _register(self, topic: str, name: str, schema: Mapping[str, Any]) -> int:
        schema_id = self._writer.register_schema(name, "jsonschema", msgspec.json.encode(schema))
        return int(self._writer.register_channel(topic, "json", schema_id))

    def _add(self, topic: str, time_ns: int, message: Mapping[str, Any]) -> None:
        data = msgspec.json.encode(message)
        self._writer.add_message(self._channels[topic], time_ns, data, time_ns)

    def _orientation(self, sensors: Words) -> Mapping[str, float]:
        if self._attitude is None:
            return _LEVEL
        w, x, y, z = sensors[self._attitude : self._attitude + 4].tolist()
        return {"x": x, "y": y, "z": z, "w": w}


@dataclass(frozen=True)
class LoggedFlight:
    """What a log holds: its configuration, the messages of every topic in order, whether it was finished."""

    configuration: dict[str, str]
    messages: dict[str, list[dict[str, Any]]]
    complete: bool


def read_log(path: Path) -> LoggedFlight:
    """Return the contents of a log, up to where it was cut off; ConfigError when it is no MCAP file."""
    configuration: dict[str, str] = {}
    topics: dict[int, str] = {}
    messages: dict[str, list[dict[str, Any]]] = {}
    complete = False
    with path.open("rb") as file:
        if file.read(5) != b"\x89MCAP":
            raise ConfigError(f"{path}: is not an MCAP file")
        file.seek(0)
        try:
            for record in StreamReader(file, validate_crcs=True).records:
                if isinstance(record, Metadata) and record.name == _CONFIGURATION:
                    configuration = record.metadata
                elif isinstance(record, Channel):
                    topics[record.id] = record.topic
                    messages.setdefault(record.topic, [])
                elif isinstance(record, Message):
                    messages[topics[record.channel_id]].append(msgspec.json.decode(record.data))
            complete = True
        except (McapError, struct.error, zstandard.ZstdError):
            # How the reader meets a file that ends inside a record; what came before is sound.
            complete = False
    return LoggedFlight(configuration, messages, complete)


def _topics(rig: Rig) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Return topic, schema name and schema of every channel."""
    return [
        ("/pose", "foxglove.PoseInFrame", POSE_SCHEMA),
        ("/pose_reference", "foxglove.PoseInFrame", POSE_SCHEMA),
        ("/sensors", f"nn4mc.{rig.name}.Sensors", layout_schema("Sensors", rig.sensors)),
        ("/reference", f"nn4mc.{rig.name}.Reference", layout_schema("Reference", rig.reference)),
        ("/command", f"nn4mc.{rig.name}.Command", layout_schema("Command", rig.command)),
        ("/command_twin", f"nn4mc.{rig.name}.Command", layout_schema("Command", rig.command)),
        ("/status", "nn4mc.Status", STATUS_SCHEMA),
        ("/timing", "nn4mc.Timing", TIMING_SCHEMA),
    ]


def _pose(time_ns: int, position: Vector, orientation: Mapping[str, float]) -> dict[str, Any]:
    x, y, z = position.tolist()
    return {
        "timestamp": {"sec": time_ns // 1_000_000_000, "nsec": time_ns % 1_000_000_000},
        "frame_id": "world",
        "pose": {"position": {"x": x, "y": y, "z": z}, "orientation": orientation},
    }


def _signals(layout: Sequence[Signal], words: Words) -> dict[str, list[float]]:
    values, start, named = words.tolist(), 0, {}
    for signal in layout:
        named[signal.name] = values[start : start + signal.size]
        start += signal.size
    return named


def _offset(layout: Sequence[Signal], name: str) -> int | None:
    """Return where a signal starts in its layout; None when the rig has no such signal."""
    start = 0
    for signal in layout:
        if signal.name == name:
            return start
        start += signal.size
    return None
