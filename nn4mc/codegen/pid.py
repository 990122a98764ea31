"""A PID controller as C: its numbers as arrays, its variables, and golden vectors of the float64 reference."""

from collections.abc import Mapping

import numpy as np

from nn4mc import __version__
from nn4mc.codegen.literals import float_literal, float_rows
from nn4mc.codegen.model_id import ID_DIGITS
from nn4mc.codegen.render import render
from nn4mc.control.pid import (
    KIND,
    Pid,
    PidReference,
    inverse_allocation,
    pid_sha256,
    resolved_variables,
    signal_words,
)
from nn4mc.ir import Array, Float32Array

_GOLDEN_BYTES = 1024
_GOLDEN_STEPS = (3, 8)
"""Least and most steps: one has no derivative, and the second no integral."""
_RELATIVE_LIMIT = 1e-5
_SWING = 0.05
"""Golden errors are within this share of the error limit: small enough to stay off most command limits."""


def emit_pid(pid: Pid) -> Mapping[str, str]:
    """Return controller.h and controller.c, without the runtime (firmware/lib/nn4mc); ``pid`` has passed check_pid."""
    given, expected = golden_steps(pid)
    variables = resolved_variables(pid)
    values = {
        "version": __version__,
        "kind": KIND,
        "model_id": f'"{pid_sha256(pid)[:ID_DIGITS]}"',
        "loops": pid.loops,
        "sensor_len": sum(pid.sensors.values()),
        "reference_len": sum(pid.reference.values()),
        "command_len": len(pid.minimum),
        "variables": variables,
        "period_s": pid.period_s,
        "measured": signal_words(pid.sensors, pid.measured),
        "wanted": signal_words(pid.reference, pid.wanted),
        "selftest_limit": float_literal(_RELATIVE_LIMIT * max(1.0, float(np.abs(expected).max()))),
        "golden_steps": len(given),
        "golden_in": float_rows(given),
        "golden_out": float_rows(expected.astype(np.float32)),
        "inverse": float_rows(inverse_allocation(pid).astype(np.float32)),
        "allocation": float_rows(np.array(pid.allocation, np.float32)),
    }
    for name in ("minimum", "maximum", "safe", "trim", "error_limit", "integral_limit"):
        values[name] = float_rows(getattr(pid, name))
    return {"controller.h": render("pid.h.j2", values), "controller.c": render("pid.c.j2", values)}


def golden_steps(pid: Pid, seed: int = 0) -> tuple[Float32Array, Array]:
    """Return sensors and references (steps, words) as float32, and what the reference answers (steps, commands)."""
    sensor_len, reference_len = sum(pid.sensors.values()), sum(pid.reference.values())
    row_bytes = 4 * (sensor_len + reference_len + len(pid.minimum))
    steps = int(np.clip(_GOLDEN_BYTES // row_bytes, *_GOLDEN_STEPS))
    rng = np.random.default_rng(seed)
    given = rng.uniform(-1.0, 1.0, (steps, sensor_len + reference_len))
    limit = _SWING * np.array(pid.error_limit)
    for words, count in ((signal_words(pid.sensors, pid.measured), 0), (signal_words(pid.reference, pid.wanted), 1)):
        given[:, np.array(words) + count * sensor_len] *= limit
    rows = given.astype(np.float32)
    reference = PidReference(pid)
    wide = rows.astype(np.float64)
    expected = np.array([reference.step(row[:sensor_len], row[sensor_len:]) for row in wide])
    return rows, expected
