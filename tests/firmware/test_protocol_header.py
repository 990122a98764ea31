"""The C header of the protocol is what the table says."""

from nn4mc.hil.protocol import MESSAGES
from nn4mc.hil.protocol_header import fixed_size, header_path, protocol_header


def test_checked_in_header_is_the_generated_one():
    found = header_path().read_text(encoding="utf-8")
    assert found == protocol_header(), "run `python -m nn4mc.hil.protocol_header`"


def test_hello_reply_has_the_size_its_fields_add_up_to():
    hello = next(message for message in MESSAGES if message.name == "HELLO")
    assert fixed_size(hello.reply) == 4 * 16 + 4 * 1 + 4 + 2 * 1 + 4
