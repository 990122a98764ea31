"""The optical lace: light that is lost where the arm bends, read as 11 intensities.

An input guide leaks light into output guides where the lattice around them is strained (Xu, Mishra, Bai, Aubin, Zullo,
Shepherd 2019, "Optical lace for synthetic afferent neural networks"). Here a channel lies at an angle around the arm
and dims exponentially (Beer and Lambert) with the strain on its side.
"""

from typing import Annotated

import msgspec
import numpy as np

from nn4mc.hil.record import Vector

NotNegative = Annotated[float, msgspec.Meta(ge=0, lt=1e6)]


class Lace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The numbers of the lace; units and meaning are explained in rig.toml."""

    channels: Annotated[int, msgspec.Meta(ge=1, le=40)]
    dead: tuple[int, ...]
    bright: tuple[float, float]
    loss_rad: tuple[float, float]
    bias_rad: float
    levels: Annotated[int, msgspec.Meta(ge=2)]
    noise: NotNegative


def intensities(lace: Lace, q1: float, q2: float, noise: Vector) -> Vector:
    """Return the intensities (channels,), 0 to 1, of an arm bent by (q1, q2) rad.

    Channel j lies at the angle 2 pi j / channels; its brightness and loss lie evenly between the ends given. It reads
    bright exp(-loss max(0, bias + q . n_j)), plus noise, clipped and rounded to ``levels``; a dead channel reads 0.
    """
    number = np.arange(lace.channels)
    angle = 2 * np.pi * number / lace.channels
    share = (number * 7 % lace.channels) / max(lace.channels - 1, 1)
    bright = lace.bright[0] + share * (lace.bright[1] - lace.bright[0])
    loss = lace.loss_rad[0] + share * (lace.loss_rad[1] - lace.loss_rad[0])
    strain = np.maximum(0.0, lace.bias_rad + q1 * np.cos(angle) + q2 * np.sin(angle))
    read = np.clip(bright * np.exp(-loss * strain) + noise, 0.0, 1.0)
    read = np.round(read * (lace.levels - 1)) / (lace.levels - 1)
    read[list(lace.dead)] = 0.0
    result: Vector = read
    return result
