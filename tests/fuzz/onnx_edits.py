"""Edits of ONNX models field by field: any field of any message inside, found by reflection."""

from collections.abc import Iterator
from random import Random
from typing import Any

from tests.fuzz.bytes_edits import WIDE

_TEXTS = ("", "x", "a" * 5000, "*/", "\u00e9\n", "Gemm", "Loop", "GRU", "com.microsoft", "../../weights.bin", "Softmax")
_FLOATS = (0.0, -1.0, 1e38, float("nan"), float("inf"), 1e-45)


def _messages(message: Any) -> Iterator[Any]:
    """Yield a message and all messages inside it."""
    yield message
    for field, value in message.ListFields():
        if field.message_type is not None:
            for inner in value if field.is_repeated else (value,):
                yield from _messages(inner)


def _number(field: Any, rng: Random) -> int:
    """Return a number that fits the field's type."""
    value = rng.choice((*WIDE, -1, -2, 3, 4, 5, 6, 13, 17, 18))
    wide = field.cpp_type in {field.CPPTYPE_INT64, field.CPPTYPE_UINT64}
    bits = 64 if wide else 32
    value %= 1 << bits
    signed = field.cpp_type in {field.CPPTYPE_INT32, field.CPPTYPE_INT64, field.CPPTYPE_ENUM}
    return value - (1 << bits) if signed and value >> (bits - 1) else value


def _scalar(field: Any, old: Any, rng: Random) -> Any:
    if field.type == field.TYPE_STRING:
        return rng.choice((*_TEXTS, str(old or "")[:-1]))
    if field.type == field.TYPE_BYTES:
        return rng.choice(
            (b"", (old or b"")[:-1], (old or b"") + b"\0" * 4, rng.randbytes(16), b"\xff" * len(old or b""))
        )
    if field.cpp_type in {field.CPPTYPE_FLOAT, field.CPPTYPE_DOUBLE}:
        return rng.choice(_FLOATS)
    if field.cpp_type == field.CPPTYPE_BOOL:
        return rng.random() < 0.5
    return _number(field, rng)


def _edit_list(field: Any, values: Any, rng: Random) -> None:
    at = rng.randrange(len(values)) if len(values) else 0
    choice = rng.randrange(4)
    if not len(values):
        values.add() if field.message_type is not None else values.append(_scalar(field, None, rng))
    elif choice == 0:
        del values[at]
    elif choice == 1:
        values.append(values[at])
    elif field.message_type is not None:
        values[at].CopyFrom(values[rng.randrange(len(values))])
    else:
        values[at] = _scalar(field, values[at], rng)


def _edit(message: Any, rng: Random) -> None:
    stored = [field for field, _ in message.ListFields()]
    fields = stored if stored and rng.random() < 0.9 else list(message.DESCRIPTOR.fields)
    field = rng.choice(fields)
    value = getattr(message, field.name)
    if field.is_repeated:
        _edit_list(field, value, rng)
    elif rng.random() < 0.15:
        message.ClearField(field.name)
    elif field.message_type is not None:
        value.SetInParent()
    else:
        setattr(message, field.name, _scalar(field, value, rng))


def edit_onnx(content: bytes, rng: Random) -> bytes:
    """Return a model with one to three of its fields changed; needs the package onnx."""
    import onnx

    model = onnx.load_model_from_string(content)
    for _ in range(rng.choice((1, 1, 2, 3))):
        try:
            _edit(rng.choice(list(_messages(model))), rng)
        except (ValueError, TypeError):  # an enumeration that takes no other value
            continue
    return bytes(model.SerializeToString())
