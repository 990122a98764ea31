"""Writes `.pt2` archives by hand, as torch.export.save lays them out, so that reading them is tested without torch."""

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

FLOAT, LONG = 7, 5


def meta(shape: Sequence[int], dtype: int = FLOAT, strides: Sequence[int] | None = None, offset: int = 0) -> dict:
    """A tensor's type and layout; rows of C order unless strides are given."""
    if strides is None:
        strides = [int(np.prod(shape[axis + 1 :])) for axis in range(len(shape))]
    return {
        "dtype": dtype,
        "sizes": [{"as_int": size} for size in shape],
        "strides": [{"as_int": stride} for stride in strides],
        "storage_offset": {"as_int": offset},
        "layout": 7,
        "requires_grad": False,
        "device": {"type": "cpu", "index": None},
    }


def argument(value: Any) -> dict:
    """A value as torch's schema writes it; text is a tensor's name, a list of text a list of tensors."""
    if value is None:
        return {"as_none": True}
    if isinstance(value, dict):
        return value
    if isinstance(value, str):
        return {"as_tensor": {"name": value}}
    if isinstance(value, list):
        names = value and isinstance(value[0], str)
        return {"as_tensors": [{"name": one} for one in value]} if names else {"as_ints": value}
    kind = "as_bool" if isinstance(value, bool) else "as_int" if isinstance(value, int) else "as_float"
    return {kind: value}


@dataclass
class Archive:
    """A program under construction: inputs, weights, calls in order, outputs."""

    inputs: dict[str, dict] = field(default_factory=dict)
    weights: dict[str, np.ndarray] = field(default_factory=dict)
    nodes: list[dict] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    metas: dict[str, dict] = field(default_factory=dict)
    changed: dict[str, dict] = field(default_factory=dict)

    def call(self, target: str, outputs: Mapping[str, Sequence[int]], module: str = "", **arguments: Any) -> "Archive":
        """Add a call; ``outputs`` gives names and shapes."""
        self.nodes.append(
            {
                "target": target if "." in target else f"torch.ops.aten.{target}.default",
                "inputs": [
                    {"name": name.removeprefix("_"), "arg": argument(value), "kind": 1}
                    for name, value in arguments.items()
                ],
                "outputs": [argument(name) for name in outputs],
                "metadata": {
                    "nn_module_stack": f"L__self__,,Net{module and ';L__self__,' + module}",
                    "stack_trace": "x",
                },
                "is_hop_single_tensor_return": None,
            }
        )
        self.metas.update({name: meta(shape) for name, shape in outputs.items()})
        return self

    def program(self) -> dict:
        """models/model.json."""
        stored = [{"parameter": {"arg": {"name": f"p_{key}"}, "parameter_name": key}} for key in self.weights]
        users = [{"user_input": {"arg": argument(name)}} for name in self.inputs]
        tensors = {f"p_{key}": meta(value.shape) for key, value in self.weights.items()} | self.inputs | self.metas
        graph = {
            "inputs": [argument(name) for name in tensors if name not in self.metas],
            "outputs": [argument(name) for name in self.outputs],
            "nodes": self.nodes,
            "tensor_values": tensors,
        }
        outputs = [{"user_output": {"arg": argument(name)}} for name in self.outputs]
        signature = {"input_specs": stored + users, "output_specs": outputs}
        return {
            "graph_module": {"graph": graph, "signature": signature},
            "schema_version": {"major": 8, "minor": 20},
            "torch_version": "2.13.0",
            "verifiers": ["TRAINING"],
        }

    def members(self) -> dict[str, bytes]:
        """Every file of the archive."""
        config = {
            key: {"path_name": f"weight_{i}", "is_param": True, "use_pickle": False, "tensor_meta": meta(value.shape)}
            for i, (key, value) in enumerate(self.weights.items())
        }
        for key, change in self.changed.items():
            config[key].update(change)
        raw = {
            f"data/weights/weight_{i}": np.asarray(value, "<f4").tobytes()
            for i, value in enumerate(self.weights.values())
        }
        return {
            "archive_format": b"pt2",
            "byteorder": b"little",
            "models/model.json": json.dumps(self.program()).encode(),
            **raw,
            "data/weights/model_weights_config.json": json.dumps({"config": config}).encode(),
            "data/constants/model_constants_config.json": b'{"config": {}}',
            "data/sample_inputs/model.pt": b"a pickle, never opened",
        }

    def write(self, path: Path) -> Path:
        """Write the archive and return its path."""
        return write_members(path, self.members())


def write_members(path: Path, members: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    """Write files under torch's root folder into a zip and return its path."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(f"{path.stem}/{name}", data)
    return path


def small_network() -> Archive:
    """A convolution, a GRU over what it makes, and a linear layer: (1, 2, 5) -> (1, 3)."""
    draw = np.random.default_rng(5)
    shapes = {
        "conv.weight": (4, 2, 2), "conv.bias": (4,), "w_ih": (9, 4), "w_hh": (9, 3), "b_ih": (9,), "b_hh": (9,),
        "out.weight": (3, 3), "out.bias": (3,),
    }  # fmt: skip
    made = Archive(
        inputs={"x": meta((1, 2, 5))},
        weights={key: draw.normal(0.0, 0.5, shape).astype(np.float32) for key, shape in shapes.items()},
        outputs=["y"],
    )
    made.call("conv1d", {"c": (1, 4, 4)}, "conv,nn.Conv1d", input="x", weight="p_conv.weight", bias="p_conv.bias")
    made.call("permute", {"p": (1, 4, 4)}, _self="c", dims=[0, 2, 1])
    made.call("zeros", {"h": (1, 1, 3)}, size=[1, 1, 3])
    made.call(
        "torch.ops.aten.gru.input", {"o": (1, 4, 3), "n": (1, 1, 3)}, "rnn,nn.GRU", input="p", hx="h",
        params=["p_w_ih", "p_w_hh", "p_b_ih", "p_b_hh"], has_biases=True, num_layers=1, dropout=0.0, train=False,
        bidirectional=False, batch_first=True,
    )  # fmt: skip
    made.call("torch.ops.aten.select.int", {"s": (1, 3)}, _self="o", dim=1, index=-1)
    return made.call("linear", {"y": (1, 3)}, "out,nn.Linear", input="s", weight="p_out.weight", bias="p_out.bias")
