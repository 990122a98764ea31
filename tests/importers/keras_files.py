"""Writes Keras files by hand, without Keras: the zip of Keras 3, and the HDF5 of Keras 2."""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

Weights = Mapping[str, Sequence[Any]]
"""Arrays, or links, by the group they are numbered in."""


def entry(kind: str, name: str, /, **config: Any) -> dict[str, Any]:
    """Return a layer of Keras 3 in JSON."""
    return {"module": "keras.layers", "class_name": kind, "config": {"name": name, **config}, "registered_name": None}


def start(*shape: int | None) -> dict[str, Any]:
    return entry("InputLayer", "x", batch_shape=[None, *shape], dtype="float32")


def sequential(*layers: Any) -> dict[str, Any]:
    return {"module": "keras", "class_name": "Sequential", "config": {"name": "net", "layers": list(layers)}}


def dense(name: str, units: int, **more: Any) -> dict[str, Any]:
    return entry("Dense", name, units=units, activation="linear", use_bias=True, **more)


def weights_file(weights: Weights) -> bytes:
    """Return model.weights.h5 with the numbered weights of each group."""
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        for group, arrays in weights.items():
            for i, array in enumerate(arrays):
                file[f"{group}/vars/{i}"] = array
    return stream.getvalue()


def write_keras(path: Path, config: Any, weights: Weights | bytes, version: str = "3.15.1") -> Path:
    """Write a ``.keras`` archive; ``weights`` maps groups to arrays, or is the file itself."""
    data = weights if isinstance(weights, bytes) else weights_file(weights)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": version}))
        archive.writestr("config.json", config if isinstance(config, str) else json.dumps(config))
        archive.writestr("model.weights.h5", data)
    return path


def write_keras_2(path: Path, config: Any, layers: Mapping[str, Mapping[str, Any]], version: str = "2.4.0") -> Path:
    """Write a legacy file as Keras 2 does: text as bytes, ``weights`` by names such as ``dense/kernel:0``."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = np.bytes_(version)
        file.attrs["backend"] = np.bytes_("tensorflow")
        file.attrs["model_config"] = np.bytes_(json.dumps(config))
        top = file.create_group("model_weights")
        top.attrs["layer_names"] = np.array(list(layers), dtype="S")
        for layer, weights in layers.items():
            group = top.create_group(layer)
            group.attrs["weight_names"] = np.array(list(weights), dtype="S64")
            for name, array in weights.items():
                group[name] = np.asarray(array, np.float32)
    return path
