"""A predictive controller as C: the network's tape with its derivatives, the problem, and golden vectors."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from nn4mc import __version__
from nn4mc.codegen.identifiers import comment_text
from nn4mc.codegen.literals import float_literal, float_rows
from nn4mc.codegen.matrices import MOST_ROWS
from nn4mc.codegen.model_id import ID_DIGITS, model_id
from nn4mc.codegen.predictor import Predictor, make_predictor
from nn4mc.codegen.render import render
from nn4mc.codegen.windows import Plan
from nn4mc.control.nmpc import KIND, NEWTON, Nmpc, nmpc_sha256, resolved_variables, traced, words_of
from nn4mc.control.nmpc_reference import OK, TOLERANCE, NmpcReference
from nn4mc.errors import ModelError
from nn4mc.ir import Array, Float32Array, Graph

_GOLDEN_BYTES = 768
_GOLDEN_STEPS = (2, 4)
_SEEDS = 8
_RELATIVE_LIMIT = 1e-5
_ROUNDING = 3e-7
_TRIALS = 4
_MARGIN = 10.0
"""The self-test's limit is this many times what changes of ``_ROUNDING`` in the inputs do to the reference's answer."""
_SMALL_HESSIAN = 3
_HEADERS = ("nn4mc_slopes",)


def emit_nmpc(nmpc: Nmpc, graph: Graph) -> Mapping[str, str]:
    """Return controller.h and controller.c, without the runtime (firmware/lib/nn4mc).

    ``graph`` is the model's, lowered; ``nmpc`` has passed check_nmpc.
    """
    model = traced(nmpc, graph)
    newton = nmpc.method == NEWTON
    predictor = make_predictor(model, jet_columns(nmpc), Plan(nmpc.horizon, nmpc.moves, newton))
    values = {
        **_sizes(nmpc, predictor),
        **_problem(nmpc),
        **_golden(nmpc, graph),
        "version": __version__,
        "title": f"Predictive controller on the network {comment_text(graph.name)}",
        "kind": KIND,
        "model_id": f'"{nmpc_sha256(nmpc, model_id(graph))[:ID_DIGITS]}"',
        "newton": newton,
        "headers": sorted({*_HEADERS, *predictor.runtime}) if predictor.functions else [],
    }
    for name in ("matrices", "vectors", "vector_lengths", "functions", "jets", "steps", "states"):
        values[name] = getattr(predictor, name)
    for name in ("prepare_once", "prepare_step", "prepare_first"):
        values[name] = getattr(predictor, name)
    return {"controller.h": render("nmpc.h.j2", values), "controller.c": render("nmpc.c.j2", values)}


def jet_columns(nmpc: Nmpc) -> int:
    """Return the columns of a jet: the value, Nu m first derivatives, and for Newton the pairs of the second."""
    n = nmpc.moves * nmpc.model.m
    return 1 + n + (n * (n + 1) // 2 if nmpc.method == NEWTON else 0)


def _kernel_height(nmpc: Nmpc) -> int:
    """Return the height of the kernel that makes the Hessian, a divisor of Nu m; 0 where registers hold all of it."""
    variables = nmpc.moves * nmpc.model.m
    if variables <= _SMALL_HESSIAN:
        return 0
    return max(height for height in range(1, MOST_ROWS + 1) if variables % height == 0)


def _sizes(nmpc: Nmpc, predictor: Predictor) -> dict[str, object]:
    model = nmpc.model
    atoms = {matrix.name.split("_", 1)[1] for matrix in predictor.matrices}
    return {
        "m": model.m,
        "p": model.p,
        "q": model.q,
        "nd": model.nd,
        "dd": model.dd,
        "horizon": nmpc.horizon,
        "moves": nmpc.moves,
        "n": nmpc.moves * model.m,
        "first_step": nmpc.first_step,
        "columns": jet_columns(nmpc),
        "sensor_len": sum(nmpc.sensors.values()),
        "reference_len": sum(nmpc.reference.values()),
        "past_steps": min(nmpc.horizon, max(model.nd, model.dd + 1, 2)),
        "state_len": predictor.state_len,
        "fixed_len": predictor.fixed_len,
        "arena_len": max(predictor.arena_len, 1),
        "scratch_at": predictor.scratch_at,
        "kernel_height": _kernel_height(nmpc),
        "kernel_blocks": nmpc.moves * model.m // max(1, _kernel_height(nmpc)),
        "outputs_read": "output" in atoms and nmpc.horizon > 1,
        "smaller_used": nmpc.moves > 1 or any("smaller(" in line for line in predictor.steps),
        "still_used": (predictor.state_len > 0 and nmpc.horizon > 1)
        or any(", still, " in line for line in predictor.steps),
        "commands_fixed": any("own_commands" in line for line in predictor.prepare_step),
        "outputs_fixed": any("own_outputs" in line for line in predictor.prepare_step),
    }


def _problem(nmpc: Nmpc) -> dict[str, object]:
    low, high = np.array(nmpc.plausible, np.float64).T
    reach = max(top - bottom for bottom, top in zip(nmpc.minimum, nmpc.maximum, strict=True))
    box = nmpc.barrier
    return {
        "variables": resolved_variables(nmpc),
        "period_s": nmpc.model.sample_time_s,
        "measured": words_of(nmpc.sensors, nmpc.measured),
        "seen": words_of(nmpc.sensors, nmpc.seen),
        "wanted": words_of(nmpc.reference, nmpc.wanted),
        "wanted_rate": words_of(nmpc.reference, nmpc.wanted_rate),
        "least": float_rows(low),
        "most": float_rows(high),
        "tolerance": TOLERANCE * reach,
        "barrier": None if box is None else {"r": float_rows(box.r), "b": float_rows(box.b)},
        **{name: float_rows(getattr(nmpc, name)) for name in ("minimum", "maximum", "safe", "trim")},
    }


def _golden(nmpc: Nmpc, graph: Graph) -> dict[str, object]:
    given, expected, limit = golden_steps(nmpc, graph)
    return {
        "golden_steps": len(given),
        "golden_iterations": golden_iterations(nmpc),
        "golden_in": float_rows(given),
        "golden_out": float_rows(expected.astype(np.float32)),
        "selftest_limit": float_literal(limit),
    }


def golden_iterations(nmpc: Nmpc) -> int:
    """Return the iterations of the self-test: as few as reach all of the solver.

    Near the optimum float32 cannot tell whether a cost still falls, and answers would differ by more than rounding.
    """
    return 2 if nmpc.method == NEWTON else 1


def golden_steps(nmpc: Nmpc, graph: Graph) -> tuple[Float32Array, Array, float]:
    """Return sensors and references (steps, words) as float32, the reference's answers, and the error to accept.

    Of some draws it is the one whose steps are farthest from converged. Raises ModelError where the reference cannot
    follow any.
    """
    few = replace(nmpc, variables={**nmpc.variables, "iterations": float(golden_iterations(nmpc))})
    drawn = [_draw(nmpc, np.random.default_rng(seed)) for seed in range(_SEEDS)]
    answered = [(rows, *_answers(few, graph, rows.astype(np.float64))) for rows in drawn]
    given, exact, _ = max(answered, key=lambda one: one[2])
    rng = np.random.default_rng(_SEEDS)
    off = 0.0
    for _ in range(_TRIALS):
        changed = given * (1.0 + _ROUNDING * rng.uniform(-1, 1, given.shape))
        off = max(off, float(np.abs(_answers(few, graph, changed)[0] - exact).max()))
    reach = max(high - low for low, high in zip(nmpc.minimum, nmpc.maximum, strict=True))
    return given, exact, max(_RELATIVE_LIMIT * reach, _MARGIN * off)


def _draw(nmpc: Nmpc, rng: np.random.Generator) -> Float32Array:
    """Return steps about the middle of what the model was trained on, with references not far off."""
    sensor_len, reference_len = sum(nmpc.sensors.values()), sum(nmpc.reference.values())
    row_bytes = 4 * (sensor_len + reference_len + nmpc.model.m)
    steps = int(np.clip(_GOLDEN_BYTES // row_bytes, *_GOLDEN_STEPS))
    rows = np.zeros((steps, sensor_len + reference_len))
    for offset, layout, names, signals, swing in (
        (0, nmpc.sensors, nmpc.measured, nmpc.model.outputs, 0.05),
        (0, nmpc.sensors, nmpc.seen, nmpc.model.sensors, 0.2),
        (sensor_len, nmpc.reference, nmpc.wanted, nmpc.model.outputs, 0.3),
    ):
        words = np.array(words_of(layout, names), np.int64) + offset
        for word, signal in zip(words, signals, strict=True):
            middle, half = (signal.low + signal.high) / 2, (signal.high - signal.low) / 2
            rows[:, word] = middle + swing * half * rng.uniform(-1, 1, steps)
    return rows.astype(np.float32)


def _answers(nmpc: Nmpc, graph: Graph, rows: Array) -> tuple[Array, float]:
    """Return the reference's commands, and the smallest step that a last iteration asked for."""
    reference, sensor_len = NmpcReference(nmpc, graph), sum(nmpc.sensors.values())
    made, least = [], np.inf
    for row in rows:
        made.append(reference.step(row[:sensor_len], row[sensor_len:]))
        if reference.status != OK or reference.solution is None or not np.isfinite(made[-1]).all():
            raise ModelError(
                f"model '{graph.name}': the controller cannot follow sensors in the middle of the model's ranges "
                f"(status {reference.status}). Check the ranges in model.toml and `plausible`."
            )
        least = min(least, reference.solution.residual)
    return np.array(made), least
