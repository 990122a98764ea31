"""The manual's tables are the protocol's."""

import pytest

from nn4mc.hil.messages import REPLY_TO, REQUEST
from nn4mc.hil.protocol import MESSAGES
from nn4mc.hil.protocol_page import protocol_page, updated_page
from nn4mc.hil.session import Patience
from nn4mc.resources import resource


def test_the_checked_in_page_is_true() -> None:
    page = resource("docs", "protocol.md").read_text(encoding="utf-8")
    assert page == updated_page(page), "run: python -m nn4mc.hil.protocol_page"


def test_the_time_limits_in_the_page_are_the_sessions() -> None:
    waits_s = list(Patience().waits_s())
    page = resource("docs", "protocol.md").read_text(encoding="utf-8")
    assert (waits_s[0], max(waits_s), len(waits_s), round(sum(waits_s), 1)) == (0.1, 0.8, 8, 4.7)
    assert "after 0.1 s" in page and "up to 0.8 s, eight times in all, 4.7 s" in page


@pytest.mark.parametrize("name", [message.name for message in MESSAGES])
def test_every_message_has_its_section_and_every_field_a_row(name: str) -> None:
    _, _, rest = protocol_page().partition(f"## {name}\n")
    section, _, _ = rest.partition("\n## ")
    for codec in (REQUEST[name], REPLY_TO[name]):
        for field in codec.fields:
            assert f"| `{field.name}` | {field.kind} | {field.about} |" in section
