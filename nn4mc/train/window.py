"""What a forward model sees to predict y(k): u(k), u(k-1), .. [nd blocks]; y(k-1), .. [dd blocks]; the sensors now."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from nn4mc.ir import Array
from nn4mc.train.resample import Segment


@dataclass(frozen=True)
class Layout:
    """Sizes of a window: m inputs, p outputs, q sensors, nd blocks of inputs, dd blocks of outputs, newest first."""

    m: int
    p: int
    q: int
    nd: int
    dd: int

    @property
    def commands(self) -> int:
        """Elements of the input blocks, which come first."""
        return self.nd * self.m

    @property
    def width(self) -> int:
        """Elements of a window.

        >>> Layout(m=2, p=3, q=11, nd=3, dd=3).width
        26
        """
        return self.commands + self.dd * self.p + self.q

    @property
    def first(self) -> int:
        """Index of the first sample that has a whole window before it."""
        return max(self.nd - 1, self.dd)


def window(layout: Layout, commands: list[Array], outputs: list[Array], sensors: Array) -> Array:
    """Put blocks (n, m), (n, p), newest first, and sensors (n, q) side by side: (n, width)."""
    return np.concatenate([*commands[: layout.nd], *outputs[: layout.dd], sensors[:, : layout.q]], axis=1)


def windows(segment: Segment, layout: Layout) -> tuple[Array, Array]:
    """Return the windows (n, width) of measured values, and the outputs (n, p) that follow them.

    The sensors are those of the sample before: the newest there are when the prediction is made.
    """
    at = np.arange(layout.first, len(segment))
    commands = [segment.u[at - i] for i in range(layout.nd)]
    outputs = [segment.y[at - 1 - i] for i in range(layout.dd)]
    return window(layout, commands, outputs, segment.s[at - 1]), segment.y[at]


@lru_cache(maxsize=32)
def differences(layout: Layout, levels: bool) -> Array:
    """Return the matrix (width, z) that makes features of a window.

    In order: steps of the commands, steps of the outputs, the newest command, with ``levels`` the newest output, and
    the sensors. Runs differ in offsets, and steps do not know them.
    """
    eye = np.eye(layout.width)
    commands, outputs = np.split(eye[:, : layout.commands + layout.dd * layout.p], [layout.commands], axis=1)
    parts = [
        commands[:, : -layout.m] - commands[:, layout.m :],
        outputs[:, : -layout.p] - outputs[:, layout.p :],
        commands[:, : layout.m],
        outputs[:, : layout.p if levels else 0],
        eye[:, layout.width - layout.q :],
    ]
    made = np.concatenate(parts, axis=1)
    made.setflags(write=False)
    return made


def newest_output(layout: Layout) -> Array:
    """Return the matrix (width, p) that picks y(k-1) from a window."""
    picked = np.zeros((layout.width, layout.p))
    picked[layout.commands : layout.commands + layout.p] = np.eye(layout.p)
    return picked
