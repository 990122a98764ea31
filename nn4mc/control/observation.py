"""The terms an observation is made of: where each reads, how it is computed in float64, and its C."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nn4mc.errors import ConfigError
from nn4mc.ir import Array

Numbers = float | tuple[float, ...]
"""One number for all words, or one a word."""


@dataclass(frozen=True)
class Term:
    """``words`` values made of ``sources``, which are sensors by name, and of a ``reference`` where one is named.

    ``clip`` names the variable that limits the difference to the reference. ``compute(sources, reference, limit)`` is
    the float64 definition, over the last axis of its arguments; ``c_call`` its C with the same arguments.
    """

    words: int
    sources: tuple[str, ...]
    reference: str | None
    clip: str | None
    compute: Callable[[Sequence[Array], Array, float | Array], Array]
    c_call: str


@dataclass(frozen=True)
class Observed:
    """One entry of an observation: a term by name, and what is done to its words, in this order.

    ``value * scale + offset``, then within ``-clip..clip`` (None: not clipped), then the last ``steps`` of it, the
    oldest first.
    """

    term: str
    scale: Numbers = 1.0
    offset: Numbers = 0.0
    clip: Numbers | None = None
    steps: int = 1


def observed(*names: str) -> tuple[Observed, ...]:
    """Return an observation of terms as they are.

    >>> observed("projected_gravity", "previous_action")[0].scale
    1.0
    """
    return tuple(Observed(name) for name in names)


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


def _difference(sources: Sequence[Array], wanted: Array, limit: float | Array) -> Array:
    return np.clip(sources[0] - wanted, -limit, limit)


def _body_difference(sources: Sequence[Array], wanted: Array, limit: float | Array) -> Array:
    """Return R' (measured - wanted): clipped along the axes of the world, then turned into the body."""
    turn = rotation_matrix(sources[1]).reshape(*sources[1].shape[:-1], 3, 3)
    return np.asarray(np.einsum("...ij,...i->...j", turn, _difference(sources, wanted, limit)))


def _gravity(sources: Sequence[Array], _wanted: Array, _limit: float | Array) -> Array:
    """Return R' (0, 0, -1): which way is down, in the body; (0, 0, -1) when level."""
    return -rotation_matrix(sources[0])[..., 6:]


_DIFFERENCE_C = "nn4mc_clipped_difference({sources[0]}, {reference}, {limit}, {out}, {words});"
_BODY_C = "nn4mc_body_difference({sources[0]}, {reference}, {limit}, {sources[1]}, {out});"
_MATRIX_C = "nn4mc_rotation_matrix({sources[0]}, {out});"
_GRAVITY_C = "nn4mc_projected_gravity({sources[0]}, {out});"
_COPY_C = "nn4mc_copy({sources[0]}, {out}, {words});"

ATTITUDE = "quaternion"
"""The sensor that must be a unit quaternion for a step to count as good."""
SENSOR_WORDS: Mapping[str, int] = {"position": 3, "velocity": 3, ATTITUDE: 4, "angular_velocity": 3}
"""What the named terms take the sensors of these names to be."""

PREVIOUS_ACTION = "previous_action"
"""The term that is neither sensor nor reference: the last command as it left the guard, as the policy's own action."""

TERMS: Mapping[str, Term] = {
    "position_error": Term(3, ("position",), "position", "position_clip", _difference, _DIFFERENCE_C),
    "velocity_error": Term(3, ("velocity",), "velocity", "velocity_clip", _difference, _DIFFERENCE_C),
    "body_position_error": Term(3, ("position", ATTITUDE), "position", "position_clip", _body_difference, _BODY_C),
    "body_velocity_error": Term(3, ("velocity", ATTITUDE), "velocity", "velocity_clip", _body_difference, _BODY_C),
    "rotation_matrix": Term(9, (ATTITUDE,), None, None, lambda q, _r, _l: rotation_matrix(q[0]), _MATRIX_C),
    "projected_gravity": Term(3, (ATTITUDE,), None, None, _gravity, _GRAVITY_C),
    "angular_velocity": Term(3, ("angular_velocity",), None, None, lambda w, _r, _l: w[0], _COPY_C),
}
MOST_STEPS = 64
"""The longest history: what it holds is RAM of the board."""
_SENSOR, _REFERENCE = "sensor.", "reference."


def find_term(name: str, sensors: Mapping[str, int], reference: Mapping[str, int], command_len: int) -> Term:
    """Return a term by its name: one of `TERMS`, the previous action, ``sensor.NAME`` or ``reference.NAME``.

    ``sensors`` and ``reference`` are layouts, name -> words. Raises ConfigError for a name that is not known, or a
    term that needs a sensor or a reference that is not there or of another size.

    >>> find_term("sensor.tip", {"tip": 3}, {}, 2).words
    3
    """
    if name == PREVIOUS_ACTION:
        return _raw(PREVIOUS_ACTION, command_len)
    if name.removeprefix(_SENSOR) in sensors and name.startswith(_SENSOR):
        source = name.removeprefix(_SENSOR)
        return _raw(source, sensors[source])
    if name.removeprefix(_REFERENCE) in reference and name.startswith(_REFERENCE):
        wanted = name.removeprefix(_REFERENCE)
        return Term(
            reference[wanted], (), wanted, None, lambda _s, r, _l: r, "nn4mc_copy({reference}, {out}, {words});"
        )
    if name not in TERMS:
        raw = [*(_SENSOR + one for one in sensors), *(_REFERENCE + one for one in reference)]
        known = ", ".join((*TERMS, PREVIOUS_ACTION, *raw))
        raise ConfigError(f"observation term '{name}' is not known. Known: {known}")
    term = TERMS[name]
    for source in term.sources:
        _check_layout(name, "sensor", sensors, source, SENSOR_WORDS[source])
    if term.reference is not None:
        _check_layout(name, "reference", reference, term.reference, term.words)
    return term


def _raw(source: str, words: int) -> Term:
    return Term(words, (source,), None, None, lambda s, _r, _l: s[0], _COPY_C)


def _check_layout(term: str, kind: str, layout: Mapping[str, int], name: str, words: int) -> None:
    if name not in layout:
        raise ConfigError(f"observation term '{term}' needs the {kind} '{name}', which the rig does not have")
    if layout[name] != words:
        raise ConfigError(
            f"observation term '{term}' needs a {kind} '{name}' of {words} words, the rig's has {layout[name]}"
        )


def word_values(values: Numbers, words: int, what: str) -> Array:
    """Return ``values`` as (words,); ConfigError, naming ``what``, for another number of them, NaN or Inf.

    >>> word_values(2.0, 3, "scale").tolist()
    [2.0, 2.0, 2.0]
    """
    given = np.atleast_1d(np.asarray(values, np.float64))
    if given.size not in (1, words):
        raise ConfigError(f"{what} has {given.size} numbers, expected 1 or {words}")
    with np.errstate(over="ignore"):
        if not np.isfinite(given.astype(np.float32)).all():
            raise ConfigError(f"{what} holds a number that is no finite float32")
    return np.broadcast_to(given, (words,)).copy()


@dataclass(frozen=True)
class Slot:
    """An entry of an observation with its term found and its numbers spread over the words; ``clip`` None: none."""

    term: Term
    scale: Array
    offset: Array
    clip: Array | None
    steps: int

    @property
    def len(self) -> int:
        """Words of all its steps."""
        return self.steps * self.term.words

    @property
    def scaled(self) -> bool:
        """Whether scale or offset change anything."""
        return bool((self.scale != 1).any() or self.offset.any())


def make_slot(one: Observed, sensors: Mapping[str, int], reference: Mapping[str, int], command_len: int) -> Slot:
    """Return the slot of an entry; ConfigError as `find_term`, and for numbers that do not fit the term."""
    term = find_term(one.term, sensors, reference, command_len)
    what = f"observation term '{one.term}':"
    scale = word_values(one.scale, term.words, f"{what} scale")
    clip = None if one.clip is None else word_values(one.clip, term.words, f"{what} clip")
    if not np.float32(scale).all():
        raise ConfigError(f"{what} scale is 0; leave the term out instead")
    if clip is not None and not (clip > 0).all():
        raise ConfigError(f"{what} clip must be above 0")
    if not 1 <= one.steps <= MOST_STEPS:
        raise ConfigError(f"{what} steps is {one.steps}, expected 1 to {MOST_STEPS}")
    return Slot(term, scale, word_values(one.offset, term.words, f"{what} offset"), clip, one.steps)
