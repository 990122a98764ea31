"""The published RAPTOR network in plain numpy, from its definition: an oracle that shares no code with nn4mc."""

from pathlib import Path

import foundation_policy
import h5py
import numpy as np


class FloatPolicy:
    """Dense(22 to 16, ReLU), GRU(16, reset gate after the hidden product), Dense(16 to 4), clipped to [-1, 1]."""

    def __init__(self, first_action: float) -> None:
        with h5py.File(Path(foundation_policy.__file__).parent / "blob" / "checkpoint.h5") as file:
            layers = file["actor/layers"]

            def read(layer: str, name: str) -> np.ndarray:
                return np.asarray(layers[layer][name]["parameters"], np.float32)

            self.first = read("0", "weights"), read("0", "biases").ravel()
            self.input = read("1", "weights_input"), read("1", "biases_input").ravel()
            self.hidden = read("1", "weights_hidden"), read("1", "biases_hidden").ravel()
            self.last = read("2", "weights"), read("2", "biases").ravel()
        self.state = np.zeros(16, np.float32)
        self.previous = np.full(4, first_action, np.float32)

    def __call__(self, sensors: np.ndarray, reference: np.ndarray) -> np.ndarray:
        observation = np.concatenate(
            [
                sensors[0:3] - reference[0:3],
                rotation_matrix(sensors[3:7]).ravel(),
                sensors[7:10] - reference[3:6],
                sensors[10:13],
                self.previous,
            ]
        ).astype(np.float32)
        self.previous = np.clip(self._network(observation), -1, 1)
        return self.previous

    def _network(self, observation: np.ndarray) -> np.ndarray:
        x = np.maximum(self.first[0] @ observation + self.first[1], 0)
        from_input = self.input[0] @ x + self.input[1]
        from_hidden = self.hidden[0] @ self.state + self.hidden[1]
        reset, update = sigmoid(from_input[:32] + from_hidden[:32]).reshape(2, 16)
        candidate = np.tanh(from_input[32:] + reset * from_hidden[32:])
        self.state = update * self.state + (1 - update) * candidate
        return self.last[0] @ self.state + self.last[1]


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(0.5 * x))


def rotation_matrix(quaternion: np.ndarray) -> np.ndarray:
    """Body to world, from a unit quaternion (w, x, y, z)."""
    w, x, y, z = quaternion
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )
