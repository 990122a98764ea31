"""What a policy sees, in float64: the observation of one instant, and the frames before it."""

from collections.abc import Mapping, Sequence

import numpy as np

from nn4mc.control.observation import PREVIOUS_ACTION, Slot
from nn4mc.control.variables import offsets
from nn4mc.ir import Array


class Observer:
    """Makes observations, one an instant, and remembers what is to be seen again; arrays may have axes in front."""

    def __init__(
        self, slots: Sequence[Slot], frames: int, sensors: Mapping[str, int], reference: Mapping[str, int]
    ) -> None:
        """Start before the first instant; ``sensors`` and ``reference`` are layouts, name -> words."""
        self._slots, self._frames = tuple(slots), frames
        self._sensors, self._reference = _slices(sensors), _slices(reference)
        self.reset()

    def reset(self) -> None:
        """Forget what was seen: at the next instant the past is the present, repeated."""
        self._past: list[Array | None] = [None] * (len(self._slots) + 1)

    def observe(
        self,
        sensors: Array,
        reference: Array,
        action: Array,
        limits: Mapping[str, float | Array],
        remember: bool = True,
    ) -> Array:
        """Return the observation of this instant, and ``remember`` it for those that see the past.

        ``action`` is the previous one as the policy's own, ``limits`` the variables that clip differences.
        """
        sources = {name: sensors[..., at] for name, at in self._sensors.items()}
        sources[PREVIOUS_ACTION] = action
        wanted = {name: reference[..., at] for name, at in self._reference.items()}
        now = [_words(slot, sources, wanted, limits) for slot in self._slots]
        seen = [_recall(*one) for one in zip(self._past, (slot.steps for slot in self._slots), now, strict=False)]
        frame = np.concatenate(seen, axis=-1)
        found = _recall(self._past[-1], self._frames, frame)
        if remember:
            present = zip([*now, frame], [*seen, found], strict=True)
            self._past = [all_steps[..., last.shape[-1] :] for last, all_steps in present]
        return found


def _recall(past: Array | None, steps: int, now: Array) -> Array:
    """Return the last ``steps`` frames of one history, the oldest first, ``now`` the last."""
    before = [now] * (steps - 1) if past is None else [past]
    return np.concatenate([*before, now], axis=-1)


def _slices(layout: Mapping[str, int]) -> dict[str, slice]:
    return {name: slice(at, at + layout[name]) for name, at in offsets(layout).items()}


def _words(
    slot: Slot, sources: Mapping[str, Array], wanted: Mapping[str, Array], limits: Mapping[str, float | Array]
) -> Array:
    term = slot.term
    value = term.compute(
        [sources[name] for name in term.sources],
        wanted[term.reference] if term.reference else np.empty(0),
        limits[term.clip] if term.clip else np.inf,
    )
    scaled = value * slot.scale + slot.offset
    return scaled if slot.clip is None else np.clip(scaled, -slot.clip, slot.clip)
