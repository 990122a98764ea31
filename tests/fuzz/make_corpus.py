"""Writes the seed files of the fuzzers with the real frameworks: ``python -m tests.fuzz.make_corpus``.

Run it by hand when a reader learns something new; the fuzzers read what is in ``corpus/`` and need no framework.
"""

import gzip
import tempfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

from nn4mc.export.rltools_tar import policy_tar
from tests.fuzz.corpus import FOLDER
from tests.importers.pt2_files import small_network

_SEED = 7


def _keras(folder: Path) -> None:
    import keras
    from keras import layers

    keras.utils.set_random_seed(_SEED)
    x = keras.Input((6, 5, 2))
    y = layers.Conv2D(3, 3, padding="same", activation="relu")(x)
    y = layers.MaxPooling2D(2)(layers.BatchNormalization()(y))
    y = layers.Flatten()(y)
    y = layers.Concatenate()([layers.Dense(4, activation="tanh")(y), layers.Dense(4)(y) * 0.5])
    image = keras.Model(x, layers.Softmax()(y))
    window = keras.Sequential(
        [keras.Input((4, 3)), layers.Bidirectional(layers.GRU(3)), layers.LayerNormalization(), layers.Dense(2)]
    )
    inner = keras.Sequential([keras.Input((5, 4)), layers.LSTM(3, return_sequences=True), layers.PReLU()])
    nested = keras.Sequential(
        [keras.Input((5, 4)), inner, layers.GlobalAveragePooling1D(), layers.Dense(2, activation="gelu")]
    )
    for name, model in (("image", image), ("window", window), ("nested", nested)):
        model.save(folder / f"{name}.keras")
        model.save(folder / f"{name}.h5")


def _rltools(folder: Path) -> None:
    rng = np.random.default_rng(_SEED)
    shapes = {"weights_input": (12, 5), "biases_input": (12,), "weights_hidden": (12, 4), "biases_hidden": (12,)}
    shapes["initial_hidden_state"] = (4,)
    with h5py.File(folder / "rltools.h5", "w") as file:
        actor = file.create_group("actor")
        actor.attrs["type"] = "sequential"
        layers = actor.create_group("layers")
        for index, (width, inputs, kind) in enumerate(((5, 6, "dense"), (4, 5, "gru"), (2, 4, "dense"))):
            layer = layers.create_group(str(index))
            layer.attrs["type"] = kind
            if kind == "dense":
                layer.attrs["activation_function"] = "RELU" if index == 0 else "IDENTITY"
            own = shapes if kind == "gru" else {"weights": (width, inputs), "biases": (width,)}
            for name, shape in own.items():
                layer.create_group(name)["parameters"] = rng.normal(0.0, 0.4, shape).astype("<f4")
    (folder / "rltools.tar").write_bytes(policy_tar(folder / "rltools.h5"))


def _tflite(folder: Path) -> None:
    import keras
    from keras import layers

    from tests.importers.tflite_models import convert, keras_function

    keras.utils.set_random_seed(_SEED)
    image = keras.Sequential(
        [
            *(
                keras.Input((6, 5, 2)),
                layers.Conv2D(3, 3, padding="same", activation="relu"),
                layers.DepthwiseConv2D(3),
            ),
            *(
                layers.AveragePooling2D(2),
                layers.Flatten(),
                layers.Dense(4, activation="tanh"),
                layers.Dense(3),
                layers.Softmax(),
            ),
        ]
    )
    window = keras.Sequential([keras.Input((3, 2)), layers.LSTM(2, unroll=True), layers.Dense(2)])
    (folder / "image.tflite").write_bytes(convert(keras_function(image)))
    (folder / "image_int8.tflite").write_bytes(convert(keras_function(image), "int8"))
    (folder / "window.tflite").write_bytes(convert(keras_function(window)))


def _torch(folder: Path) -> None:
    import torch
    from torch import nn

    torch.manual_seed(_SEED)
    image = nn.Sequential(
        *(nn.Conv2d(2, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()),
        *(nn.Linear(18, 4), nn.GELU(), nn.LayerNorm(4), nn.Softmax(-1)),
    )

    class Window(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gru, self.lstm, self.head = nn.GRU(3, 4, batch_first=True), nn.LSTM(4, 3), nn.Linear(3, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y, _ = self.gru(x)
            z, _ = self.lstm(y.transpose(0, 1))
            return torch.clamp(self.head(z[-1]) + x[:, -1, :2], -1.0, 1.0)

    for name, model, x in (("image", image, torch.zeros(1, 2, 6, 5)), ("window", Window(), torch.zeros(1, 4, 3))):
        torch.export.save(torch.export.export(model.eval(), (x,)), folder / f"{name}.pt2")
        torch.onnx.export(model, (x,), folder / f"{name}.onnx", dynamo=False, opset_version=17)


def _onnx(folder: Path) -> None:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(_SEED)
    constants = {
        **{
            "scale": rng.normal(size=(4, 6)),
            "axes": np.array([1]),
            "shape": np.array([0, -1]),
            "pads": np.arange(6) % 2,
        },
        **{
            "starts": np.array([1]),
            "ends": np.array([2**31]),
            "split": np.array([2, 4]),
            "slope": rng.normal(size=(4,)),
        },
    }
    initializers = [
        numpy_helper.from_array(value.astype(np.float32 if value.dtype.kind == "f" else np.int64), name)
        for name, value in constants.items()
    ]
    node = helper.make_node
    nodes = [
        *(node("MatMul", ["x", "scale"], ["a"]), node("Split", ["a", "split"], ["b", "c"], axis=-1)),
        *(node("Concat", ["b", "c", "b"], ["d"], axis=2), node("ReduceMean", ["d", "axes"], ["e"], keepdims=0)),
        *(node("Reshape", ["d", "shape"], ["f"]), node("Slice", ["f", "starts", "ends", "axes"], ["g"])),
        *(node("Gather", ["x", "starts"], ["h"], axis=1), node("Transpose", ["x"], ["i"], perm=[0, 2, 1])),
        *(node("Pad", ["i", "pads"], ["j"], mode="edge"), node("PRelu", ["x", "slope"], ["k"])),
        *(node("Softmax", ["g"], ["out"], axis=1), node("HardSigmoid", ["e"], ["out_1"], alpha=0.3)),
        *(
            node("Expand", ["h", "big"], ["out_2"]),
            node("Clip", ["k", "", "one"], ["out_3"]),
            node("Erf", ["j"], ["out_4"]),
        ),
    ]
    initializers.append(numpy_helper.from_array(np.array([1, 2, 4]), "big"))
    initializers.append(numpy_helper.from_array(np.array(1.0, np.float32), "one"))
    made = ["out", "out_1", "out_2", "out_3", "out_4"]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in made]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 3, 4))]
    graph = helper.make_graph(nodes, "shapes", inputs, outputs, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    onnx.save(model, folder / "shapes.onnx")


def _by_hand(folder: Path) -> None:
    small_network().write(folder / "hand.pt2")


_MAKERS: tuple[Callable[[Path], None], ...] = (_rltools, _onnx, _by_hand, _torch, _keras, _tflite)


def main() -> None:
    """Replace every seed file; gzip keeps HDF5's padding out of the repository."""
    with tempfile.TemporaryDirectory() as folder:
        for make in _MAKERS:
            make(Path(folder))
        for path in sorted(Path(folder).iterdir()):
            (FOLDER / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))


if __name__ == "__main__":
    main()
