"""Calls at a regular interval, and which of them the executor makes native steps: what a batch of flights needs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

from nn4mc.control.executor import EXECUTOR_VARIABLES, Clock, Turn
from nn4mc.errors import ConfigError


@dataclass(frozen=True)
class Call:
    """Whether a call is a native step, and the part of a period, at most all of it, since the call before."""

    native: bool
    share: float


@dataclass(frozen=True)
class RegularCalls:
    """Calls every ``interval_s``, without jitter; ``values`` goes over the initial values of `EXECUTOR_VARIABLES`.

    The clock reads whole microseconds. ``{"keep_phase": 0.0}`` lets the period begin anew at each native step, as
    RLtools does.
    """

    interval_s: float
    values: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what is no variable of the executor, and intermediate steps that are skipped."""
        unknown = set(self.values) - {one.name for one in EXECUTOR_VARIABLES}
        if unknown:
            raise ConfigError(f"regular calls: the executor has no variable {', '.join(sorted(unknown))}")
        if self.values.get("skip_intermediate", 0.0) >= 0.5:
            raise ConfigError(
                "regular calls: intermediate steps are always made in a batch, skip_intermediate must be 0"
            )

    def calls(self) -> Iterator[Call]:
        """Yield the calls from a reset on, without end.

        >>> from itertools import islice
        >>> [call.native for call in islice(RegularCalls(0.004).calls(), 6)]
        [True, False, True, False, False, True]
        >>> [call.native for call in islice(RegularCalls(0.004, {"keep_phase": 0.0}).calls(), 6)]
        [True, False, False, True, False, False]
        """
        clock = Clock({**{one.name: one.initial for one in EXECUTOR_VARIABLES}, **self.values})
        for number in count():
            native = clock.begin(round(number * self.interval_s * 1e6) % (1 << 32), number) is not Turn.INTERMEDIATE
            if native:
                clock.advanced()
            yield Call(native, clock.share())
