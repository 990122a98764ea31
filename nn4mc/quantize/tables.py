"""An activation behind an int8 product as a table of 256, with the clipping that costs least."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nn4mc.fixed_point import to_int8
from nn4mc.ir import Array
from nn4mc.quantize.calibrate import Seen
from nn4mc.quantize.scales import Steps, affine

_SHARES = tuple(1.0 - 0.05 * i for i in range(18))
"""Of the range before the activation: a saturating one needs but its middle, in finer steps."""


@dataclass(frozen=True)
class Table:
    """``before`` are the steps that the table is indexed by, ``values`` int8 in those of its result."""

    before: Steps
    values: npt.NDArray[np.int8]


def make_table(function: Callable[[Array], Array], seen: Seen, after: Steps) -> Table:
    """Return the table of ``function``, indexed by the part of the range that has the least mean square error."""
    tables = (_table(function, affine(Seen(share * seen.low, share * seen.high, seen.samples)), after)
              for share in _SHARES)  # fmt: skip
    expected = function(seen.samples)
    return min(tables, key=lambda table: _error(table, seen.samples, expected, after))


def fixed_table(function: Callable[[Array], Array], before: Steps, after: Steps) -> npt.NDArray[np.int8]:
    """Return what ``function`` makes of each of the 256 int8 of ``before``, in int8 of ``after``."""
    reals = before.scale * (np.arange(-128.0, 128.0) - before.zero)
    with np.errstate(all="ignore"):
        values = np.nan_to_num(function(reals), posinf=3e38, neginf=-3e38)
    return to_int8(values, after.scale, after.zero).astype(np.int8)


def _table(function: Callable[[Array], Array], before: Steps, after: Steps) -> Table:
    return Table(before, fixed_table(function, before, after))


def _error(table: Table, samples: Array, expected: Array, after: Steps) -> float:
    index = to_int8(samples, table.before.scale, table.before.zero).astype(int) + 128
    found = after.scale * (table.values[index].astype(np.float64) - after.zero)
    return float(np.mean((found - expected) ** 2))
