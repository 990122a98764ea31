"""Edits of a parsed JSON value that keep it JSON: other types, huge and odd numbers, deep nesting, lost keys."""

import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

_TEXTS = (
    *(
        "",
        "relu",
        "gru",
        "*/ int x;",
        "a\nb",
        "{{ 7 * 7 }}",
        "while",
        "\u202e\u00e9\u0000",
        "x" * 10_000,
        "../../etc/passwd",
    ),
    *(
        "float16",
        "same",
        "causal",
        "channels_first",
        "Lambda",
        "builtins",
        "torch.ops.aten.add.Tensor",
        "NaN",
        "\x1b[2J",
    ),
)
_NUMBERS: tuple[Any, ...] = (
    *(0, 1, -1, 2, 3, 5, 255, 65_536, 2**31 - 1, 2**31, -(2**31), 2**53, 2**63, 2**64, 10**30, 10**400),
    *(0.5, -0.0, 1e-320, 1e30, 1e308, float("nan"), float("inf"), float("-inf")),
)


def _deep(rng: Random) -> Any:
    value: Any = []
    for _ in range(rng.choice((10, 150, 300))):
        value = [value] if rng.random() < 0.7 else {"config": value}
    return value


def _any_value(rng: Random) -> Any:
    kind = rng.randrange(8)
    if kind == 0:
        return _deep(rng)
    if kind == 1:
        return rng.choice(_TEXTS)
    if kind == 2:
        return [rng.choice(_NUMBERS) for _ in range(rng.choice((0, 1, 2, 3, 50, 2000)))]
    if kind == 3:
        return {rng.choice(_TEXTS): rng.choice(_NUMBERS)}
    return rng.choice((*_NUMBERS, None, True, False, [], {}, [None], [[]]))


def _alike(value: Any, rng: Random) -> Any:
    """Return another value of the same type, so that it gets past a check of types."""
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int):
        return rng.choice((value + 1, value - 1, -value, value * 2, *[n for n in _NUMBERS if isinstance(n, int)]))
    if isinstance(value, float):
        return rng.choice((-value, value * 1e20, *_NUMBERS))
    if isinstance(value, str):
        return rng.choice((*_TEXTS, value + "_1", value[:-1], value.upper()))
    if isinstance(value, list):
        return rng.choice((value[::-1], value[:-1], value + value, value * 20, []))
    return {} if rng.random() < 0.2 else dict(reversed(value.items()))


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield (container, key) of everything inside a value."""
    level = [value]
    while level:
        inner = level.pop()
        keys = list(inner) if isinstance(inner, dict) else range(len(inner)) if isinstance(inner, list) else ()
        for key in keys:
            yield inner, key
            if isinstance(inner[key], (dict, list)):
                level.append(inner[key])


def _copy(value: Any) -> Any:
    return json.loads(json.dumps(value))


def _replace(box: Any, key: Any, _others: list[Any], rng: Random) -> None:
    box[key] = _any_value(rng)


def _vary(box: Any, key: Any, _others: list[Any], rng: Random) -> None:
    box[key] = _alike(box[key], rng)


def _drop(box: Any, key: Any, _others: list[Any], _rng: Random) -> None:
    del box[key]


def _swap(box: Any, key: Any, others: list[Any], rng: Random) -> None:
    there, other = rng.choice(others)
    box[key] = _copy(there[other])


def _rename(box: Any, key: Any, _others: list[Any], rng: Random) -> None:
    if isinstance(box, dict):
        box[rng.choice(_TEXTS)] = box.pop(key)
    else:
        box.insert(key, _copy(box[key]))


_EDITS: tuple[Callable[[Any, Any, list[Any], Random], None], ...] = (
    _replace,
    _vary,
    _vary,
    _vary,
    _drop,
    _swap,
    _rename,
)


def edit_json(text: bytes, rng: Random) -> bytes:
    """Return JSON text with one to four of its values changed, or with one so deep that only text can hold it."""
    if rng.random() < 0.02:
        depth = rng.choice((500, 5_000, 1_000_000))
        return b'{"a": ' + b"[" * depth + b"]" * depth + b", " + text.lstrip()[1:]
    try:
        value = json.loads(text)
    except RecursionError:  # an edit before this one made it that deep
        return text
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        places = list(_places(value))
        if places:
            box, key = rng.choice(places)
            rng.choice(_EDITS)(box, key, places, rng)
    return json.dumps(value).encode()
