"""Payloads by the table: every message survives the way there and back, and nothing of a wrong size does."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn4mc.errors import LinkError
from nn4mc.hil.messages import REPLY_TO, REQUEST, PayloadCodec, unpack_reply
from nn4mc.hil.protocol import MESSAGES, Field

CODECS = {
    codec.where: (codec, fields)
    for message in MESSAGES
    for codec, fields in ((REQUEST[message.name], message.request), (REPLY_TO[message.name], message.reply))
}
RANGE = {"u8": (0, 255), "i8": (-128, 127), "u16": (0, 65535), "u32": (0, 2**32 - 1)}


def values_of(field: Field) -> st.SearchStrategy[Any]:
    if field.kind in RANGE:
        return st.integers(*RANGE[field.kind])
    if field.kind == "f32":
        return st.floats(width=32, allow_nan=False)
    if field.kind == "floats":
        return st.lists(st.floats(width=32, allow_nan=False), max_size=50)
    if field.kind == "text":
        return st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
    return st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=int(field.kind[5:-1]))


@pytest.mark.parametrize("where", CODECS)
@given(data=st.data())
def test_every_payload_arrives_as_packed(where: str, data: st.DataObject) -> None:
    codec, fields = CODECS[where]
    values = {field.name: data.draw(values_of(field)) for field in fields}
    arrived = codec.unpack(codec.pack(**values))
    for field in fields:
        if field.kind == "floats":
            assert np.array_equal(arrived[field.name], np.array(values[field.name], np.float32))
        else:
            assert arrived[field.name] == values[field.name]


@pytest.mark.parametrize("where", CODECS)
@given(payload=st.binary(max_size=240))
def test_any_bytes_unpack_or_are_a_link_error(where: str, payload: bytes) -> None:
    codec, _ = CODECS[where]
    try:
        codec.unpack(payload)
    except LinkError as error:
        assert where in str(error)


def test_a_payload_of_another_size_says_found_and_expected() -> None:
    with pytest.raises(LinkError, match="came with 2 bytes, expected 1:"):
        REPLY_TO["RESET"].unpack(b"\0\0")
    with pytest.raises(LinkError, match="came with 3 bytes, expected at least 6:"):
        REPLY_TO["STEP"].unpack(bytes(3))
    with pytest.raises(LinkError, match="no whole number of float32 words"):
        REPLY_TO["STEP"].unpack(bytes(9))


def test_an_unknown_code_is_a_link_error() -> None:
    with pytest.raises(LinkError, match="77 is not a valid Mode"):
        unpack_reply("STEP", REPLY_TO["STEP"].pack(status=0, mode=77, cycles=0, command=[]))


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"index": 1},
        {"index": 1, "value": 2.0, "more": 3},
        {"index": 256, "value": 1.0},
        {"index": -1, "value": 1.0},
    ],
)
def test_wrong_fields_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(LinkError, match="request SET"):
        REQUEST["SET"].pack(**values)


def test_a_tail_may_only_come_last() -> None:
    with pytest.raises(LinkError, match="may only come last"):
        PayloadCodec("x", (Field("a", "floats", ""), Field("b", "u8", "")))


def test_a_payload_longer_than_a_frame_is_refused() -> None:
    with pytest.raises(LinkError, match="longer than 240"):
        REQUEST["STEP"].pack(time_us=0, words=np.zeros(60))
