"""JSON schemas of the log's topics: what a viewer needs to know to offer them for plotting."""

from collections.abc import Sequence
from typing import Any

from nn4mc.hil.rig_file import Signal


def layout_schema(title: str, layout: Sequence[Signal]) -> dict[str, Any]:
    """Return the schema of a message with one array of numbers a signal."""
    return _object(title, {signal.name: _array(signal) for signal in layout})


def _array(signal: Signal) -> dict[str, Any]:
    about = ", ".join(word for word in (signal.unit, signal.about) if word)
    return {
        "type": "array",
        "items": {"type": "number"},
        "minItems": signal.size,
        "maxItems": signal.size,
        "description": about,
    }


def _object(title: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {"title": title, "type": "object", "properties": properties}


def _numbers(title: str, names: str) -> dict[str, Any]:
    return _object(title, {name: {"type": "number"} for name in names})


_TIME = _object(
    "time",
    {
        "sec": {"type": "integer", "minimum": 0},
        "nsec": {"type": "integer", "minimum": 0, "maximum": 999_999_999},
    },
)

POSE_SCHEMA = _object(
    "foxglove.PoseInFrame",
    {
        "timestamp": _TIME,
        "frame_id": {"type": "string"},
        "pose": _object(
            "foxglove.Pose",
            {
                "position": _numbers("foxglove.Vector3", "xyz"),
                "orientation": _numbers("foxglove.Quaternion", "xyzw"),
            },
        ),
    },
)
"""The well-known message that viewers draw in 3-D; metres, world frame."""

STATUS_SCHEMA = _object(
    "Status",
    {
        "status": {"type": "integer", "description": "0, or the negative reason why the step was bad"},
        "mode": {"type": "integer", "description": "what the command is: 0 fresh, 1 held, 2 safe"},
    },
)

TIMING_SCHEMA = _object(
    "Timing",
    {
        "cycles": {"type": "integer", "description": "what the controller took; 0 where nothing counts"},
        "instructions": {"type": "integer", "description": "the controller's; 0 where nothing counts"},
        "round_trip_s": {"type": "number", "description": "s, wall clock, link and emulator included"},
    },
)
