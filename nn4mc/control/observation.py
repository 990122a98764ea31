"""The terms an observation is made of: where each reads, how it is computed in float64, and its C."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from nn4mc.ir import Array


@dataclass(frozen=True)
class Term:
    """``words`` values from sensor ``sensor`` and, where named, reference ``reference``, clipped at ``clip``.

    The sensor has ``sensor_words`` values, the reference ``words``.
    ``compute(sensor, reference, limit)`` is the float64 definition, over the last axis of its arguments; ``c_call`` its
    C with the same arguments.
    """

    words: int
    sensor: str
    sensor_words: int
    reference: str | None
    clip: str | None
    compute: Callable[[Array, Array, float | Array], Array]
    c_call: str


def rotation_matrix(quaternion: Array) -> Array:
    """Return the row-major matrix (..., 9) that turns body into world, for unit quaternions w, x, y, z (..., 4).

    >>> rotation_matrix(np.array([1.0, 0.0, 0.0, 0.0])).tolist()
    [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    """
    w, x, y, z = np.moveaxis(quaternion, -1, 0)
    rows = [
        *(1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        *(2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        *(2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    ]
    return np.stack(rows, axis=-1)


def _difference(measured: Array, wanted: Array, limit: float | Array) -> Array:
    return np.clip(measured - wanted, -limit, limit)


_DIFFERENCE_C = "nn4mc_clipped_difference({sensor}, {reference}, {limit}, {out}, {words});"

ATTITUDE = "quaternion"
"""The sensor that must be a unit quaternion for a step to count as good."""
ATTITUDE_WORDS = 4

PREVIOUS_ACTION = "previous_action"
"""The term that is neither sensor nor reference: the last command, as it left the guard."""

TERMS: Mapping[str, Term] = {
    "position_error": Term(3, "position", 3, "position", "position_clip", _difference, _DIFFERENCE_C),
    "velocity_error": Term(3, "velocity", 3, "velocity", "velocity_clip", _difference, _DIFFERENCE_C),
    "rotation_matrix": Term(
        9,
        ATTITUDE,
        ATTITUDE_WORDS,
        None,
        None,
        lambda q, _r, _l: rotation_matrix(q),
        "nn4mc_rotation_matrix({sensor}, {out});",
    ),
    "angular_velocity": Term(
        3, "angular_velocity", 3, None, None, lambda w, _r, _l: w, "nn4mc_copy({sensor}, {out}, {words});"
    ),
}
