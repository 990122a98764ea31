"""A policy's observation and action as C: the statements that write it, the constants they read, what is remembered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nn4mc.codegen.literals import float_literal
from nn4mc.control.action import ActionMap
from nn4mc.control.observation import PREVIOUS_ACTION, Slot
from nn4mc.control.policy import Policy, action_map, slots
from nn4mc.control.variables import offsets

_ACTION = "action_order, action_scale, action_offset"


@dataclass(frozen=True)
class History:
    """``steps`` frames of ``words`` at ``at`` of the observation; all but the oldest are kept at ``kept`` for later."""

    at: int
    words: int
    steps: int
    kept: int

    @property
    def kept_len(self) -> int:
        """Words to keep."""
        return (self.steps - 1) * self.words

    @property
    def recall(self) -> str:
        """The statement that writes the frames before the present one in front of it."""
        past = _at("self->past", self.kept)
        return f"nn4mc_recall({past}, !self->seen, {self.words}, {self.steps}, {_at('out', self.at)});"


def policy_tables(policy: Policy) -> Mapping[str, object]:
    """Return what policy.c.j2 and policy.h.j2 need of a policy's observation and action, which must fit."""
    entries, mapping = slots(policy), action_map(policy)
    frame = sum(slot.len for slot in entries)
    starts = [(policy.frames - 1) * frame + sum(slot.len for slot in entries[:i]) for i in range(len(entries))]
    histories = _histories([(at, one.term.words, one.steps) for at, one in zip(starts, entries, strict=True)])
    whole = _histories([(0, frame, policy.frames)], sum(one.kept_len for one in histories))
    lines: list[str] = []
    for number, (at, slot) in enumerate(zip(starts, entries, strict=True)):
        out = _at("out", at + slot.len - slot.term.words)
        lines += [_term(policy, slot, out, mapping), *_changes(number, slot, out)]
        lines += [one.recall for one in histories if one.at == at and one.steps > 1]
    kept = [one for one in (*histories, *whole) if one.steps > 1]
    lines += [one.recall for one in whole if one.steps > 1]
    return {
        "observation": lines,
        "tables": [
            *(line for number, slot in enumerate(entries) for line in _constants(number, slot)),
            *([] if mapping.plain else _action_tables(mapping)),
        ],
        "mapped": not mapping.plain,
        "histories": kept,
        "past_len": sum(one.kept_len for one in kept),
    }


def _histories(frames: Iterable[tuple[int, int, int]], kept: int = 0) -> list[History]:
    """Return the histories of (at, words, steps), kept one after the other."""
    found = []
    for at, words, steps in frames:
        found.append(History(at, words, steps, kept))
        kept += found[-1].kept_len
    return found


def _term(policy: Policy, slot: Slot, out: str, mapping: ActionMap) -> str:
    """Return the statement that writes the present words of an entry."""
    term, previous = slot.term, "self->mean" if policy.executor else "self->action"
    if not mapping.plain and term.sources == (PREVIOUS_ACTION,):
        return f"nn4mc_unmap_action({previous}, {_ACTION}, {out}, {term.words});"
    places = {**_places("sensors", policy.sensors), PREVIOUS_ACTION: previous}
    return term.c_call.format(
        sources=[places[name] for name in term.sources],
        reference=_places("reference", policy.reference)[term.reference] if term.reference else "",
        limit=f"self->values[{term.clip.upper()}]" if term.clip else "",
        out=out,
        words=term.words,
    )


def _changes(number: int, slot: Slot, out: str) -> list[str]:
    """Return the statements that scale and clip an entry's words."""
    words = slot.term.words
    scaled = [f"nn4mc_scale_words({out}, scale_{number}, offset_{number}, {words});"] if slot.scaled else []
    return scaled + ([f"nn4mc_clip_words({out}, clip_{number}, {words});"] if slot.clip is not None else [])


def _constants(number: int, slot: Slot) -> list[str]:
    scaled = [_floats(f"scale_{number}", slot.scale), _floats(f"offset_{number}", slot.offset)] if slot.scaled else []
    return scaled + ([_floats(f"clip_{number}", slot.clip)] if slot.clip is not None else [])


def _action_tables(mapping: ActionMap) -> list[str]:
    order = ", ".join(str(one) for one in mapping.order.tolist())
    return [
        f"static const uint8_t action_order[{mapping.order.size}] = {{ {order} }};",
        _floats("action_scale", mapping.scale),
        _floats("action_offset", mapping.offset),
    ]


def _floats(name: str, values: Iterable[float]) -> str:
    words = [float_literal(value) for value in values]
    return f"static const float {name}[{len(words)}] = {{ {', '.join(words)} }};"


def _places(base: str, layout: Mapping[str, int]) -> dict[str, str]:
    return {name: _at(base, at) for name, at in offsets(layout).items()}


def _at(base: str, offset: int) -> str:
    return f"{base} + {offset}" if offset else base
