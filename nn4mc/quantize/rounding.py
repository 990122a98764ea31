"""Rounding of weights that makes up for itself: what one column's rounding changes, the columns behind it take back.

The layer's output on the calibration inputs X decides, not the weights: with H the covariance of X, the rounding error
of column j is spread over the columns not rounded yet so that W X changes least; what then remains of its mean goes
into the bias. Sources: Frantar et al., GPTQ, ICLR 2023, section 3; Nagel et al., ICCV 2019, section 4.2, for the bias.
"""

import numpy as np
import numpy.typing as npt

from nn4mc.ir import Array, Float32Array

_DAMPING = 0.01
"""Of the mean of H's diagonal, added to it: few inputs, or one that is always 0, leave H singular."""


def round_rows(
    weights: Array | Float32Array, scales: Array, largest: int, inputs: Array | None
) -> npt.NDArray[np.int64]:
    """Return weights (rows, columns) over scales (rows) as whole numbers within +-largest.

    ``inputs`` (n, columns) are what the columns meet; without them, or with n times the same, each is rounded alone.
    """
    rest = weights.astype(np.float64) / scales[:, None]
    if inputs is None or not np.ptp(inputs, axis=0).any():
        return np.clip(np.rint(rest), -largest, largest).astype(np.int64)
    spread = _spread(inputs)
    steps = np.zeros(rest.shape, np.int64)
    for column in range(rest.shape[1]):
        steps[:, column] = np.clip(np.rint(rest[:, column]), -largest, largest)
        error = (rest[:, column] - steps[:, column]) / spread[column, column]
        rest[:, column:] -= np.outer(error, spread[column, column:])
    return steps


def mean_error(weights: Array | Float32Array, restored: Array, inputs: Array | None) -> Array:
    """Return by how much the products of ``restored`` weights fall short on average (rows); 0 without inputs."""
    if inputs is None:
        return np.zeros(len(weights))
    return np.asarray((weights.astype(np.float64) - restored) @ inputs.mean(axis=0))


def _spread(inputs: Array) -> Array:
    """Return the upper Cholesky factor of the inverse of H: how an error moves to the columns behind its own."""
    centred = inputs - inputs.mean(axis=0)
    gram = centred.T @ centred / len(inputs)
    damped = gram + np.eye(len(gram)) * max(_DAMPING * float(np.mean(np.diag(gram))), np.finfo(np.float64).tiny)
    return np.asarray(np.linalg.cholesky(np.linalg.inv(damped)).T)
