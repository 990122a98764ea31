"""Who is on the other end: a board is refused unless it runs the model the host expects."""

import math
from dataclasses import dataclass

from nn4mc.errors import DeviceError
from nn4mc.hil.messages import Hello


@dataclass(frozen=True)
class Expected:
    """What the host wants to talk to: the board is refused when it is something else.

    ``selftest_limit`` is the largest self-test error the model allows, ``build_id`` None where the firmware is not
    ours to build; ``how_to_mend`` ends the message. ``variable_len``, where known, tells a policy with an executor from
    one without.
    """

    model_id: str
    sensor_len: int
    reference_len: int
    command_len: int
    selftest_limit: float
    how_to_mend: str
    build_id: str | None = None
    variable_len: int | None = None


def check_hello(hello: Hello, expected: Expected, board: str) -> None:
    """Refuse with DeviceError a board of another model, of other sizes, or whose self-test failed."""
    if hello.model_id != expected.model_id:
        raise DeviceError(f"{board} runs model {hello.model_id}, expected {expected.model_id}.\n{expected.how_to_mend}")
    if expected.build_id is not None and hello.build_id != expected.build_id:
        raise DeviceError(f"{board} runs build {hello.build_id}, expected {expected.build_id}.\n{expected.how_to_mend}")
    sizes = (hello.sensor_len, hello.reference_len, hello.command_len)
    wanted = (expected.sensor_len, expected.reference_len, expected.command_len)
    if sizes != wanted:
        raise DeviceError(
            f"{board} takes {sizes[0]} sensors and {sizes[1]} references and answers {sizes[2]} commands, "
            f"expected {wanted[0]}, {wanted[1]} and {wanted[2]}.\n{expected.how_to_mend}"
        )
    if expected.variable_len not in (None, hello.variable_len):
        raise DeviceError(
            f"{board} has {hello.variable_len} variables, expected {expected.variable_len}: the same model in another "
            f"controller, such as one without an executor.\n{expected.how_to_mend}"
        )
    if not hello.selftest_error <= expected.selftest_limit or math.isnan(hello.selftest_error):
        raise DeviceError(
            f"{board} failed its self-test: error {hello.selftest_error:.3g}, "
            f"limit {expected.selftest_limit:.3g}.\nIts flash or its compiler is at fault."
        )
