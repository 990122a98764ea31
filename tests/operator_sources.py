"""Records which operators each name of a format becomes: ``python -m tests.operator_sources`` writes the table.

Nothing is said by hand: the readers that the importers dispatch on are watched while they read the models of the
importers' own tests, and every node they add is noted under the name that is being read.
"""

import contextlib
import json
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from nn4mc.errors import UnsupportedError
from nn4mc.importers import load
from nn4mc.importers.builder import GraphBuilder
from nn4mc.importers.support import SOURCES

Table = dict[str, list[str]]


@dataclass
class Recorder:
    """What was read under each name so far, and the names being read, the innermost last."""

    found: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    reading: list[str] = field(default_factory=list)

    def watched(self, name: str, read: Callable[..., Any]) -> Callable[..., Any]:
        """Return a reader that notes what it adds under ``name``."""

        def run(*arguments: Any) -> Any:
            self.reading.append(name)
            self.found[name]  # a name that was read and made nothing is known too
            try:
                return read(*arguments)
            finally:
                self.reading.pop()

        return run

    def load(self, path: Path) -> None:
        """Read a model; one that is refused leaves no notes."""
        before = {name: set(ops) for name, ops in self.found.items()}
        try:
            load(path)
        except UnsupportedError:
            self.found = defaultdict(set, before)

    def note(self, op: str) -> None:
        if self.reading:
            self.found[self.reading[-1]].add(op)

    def table(self) -> Table:
        return {name: sorted(ops) for name, ops in sorted(self.found.items())}


@contextlib.contextmanager
def recording(*tables: Mapping[str, Any], prefixes: Sequence[str] = ()) -> Iterator[Recorder]:
    """Watch the readers of tables, and every node that is added; ``prefixes`` stand before the names of each table."""
    recorder, add = Recorder(), GraphBuilder.node

    def node(self: GraphBuilder, op: str, *arguments: Any, **options: Any) -> str:
        recorder.note(op)
        return add(self, op, *arguments, **options)

    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch("nn4mc.importers.isolated", lambda read, _where: read()))
        stack.enter_context(mock.patch.object(GraphBuilder, "node", node))
        for table, prefix in zip(tables, prefixes or [""] * len(tables), strict=True):
            stack.enter_context(mock.patch.dict(_mutable(table), _watched(recorder, table, prefix)))
        yield recorder


def _mutable(table: Mapping[str, Any]) -> MutableMapping[str, Any]:
    assert isinstance(table, dict)
    return table


def _watched(recorder: Recorder, table: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {
        name: recorder.watched(prefix + name, one)
        if callable(one)
        else replace(one, read=recorder.watched(prefix + name, one.read))
        for name, one in table.items()
    }


def keras_sources(folder: Path) -> Table:
    """Return what is recorded over the Keras models."""
    from nn4mc.importers import keras_activations, keras_kinds
    from tests.importers.keras_draws import DRAWS
    from tests.importers.keras_models import CASES

    models = {**CASES, **DRAWS}
    with recording(keras_kinds.LAYERS, keras_kinds.OPERATIONS, prefixes=("", "ops.")) as recorder:
        named = keras_activations.named_activation

        def watched(name: str, version: int) -> Callable[..., str]:
            return recorder.watched(f"activation={name}", named(name, version))

        with mock.patch.object(keras_activations, "named_activation", watched):
            for name, make in models.items():
                make().save(folder / f"{name}.keras")
                recorder.load(folder / f"{name}.keras")
            for path in _old_keras_files(folder):
                recorder.load(path)
    return recorder.table()


def _old_keras_files(folder: Path) -> Iterator[Path]:
    """Yield files with what Keras 2 has under other names, or alone."""
    from tests.importers.keras_files import write_keras_2
    from tests.importers.test_keras_2 import old, old_input

    line, image, one = old_input(5, 2), old_input(5, 5, 2), np.ones((3, 2, 2))
    axis = old("BatchNormalizationV1", "n", axis=[2], epsilon=0.1)
    functions = {"math.multiply": {"y": 2.0}, "nn.relu": {}, "math.tanh": {}, "math.subtract": {"y": 1.0}}
    layers: list[Any] = [old_input(3)]
    for name, more in functions.items():
        before = layers[-1]["config"]["name"]
        layers.append(old("TFOpLambda", f"tf.{name}", function=name, calls=[[before, 0, 0, more]]))
    ends = {"input_layers": [["x", 0, 0]], "output_layers": [[layers[-1]["config"]["name"], 0, 0]]}
    norms = {f"n/{name}:0": np.ones(2) for name in ("gamma", "beta", "moving_mean", "moving_variance")}
    stacks: list[tuple[list[Any], dict[str, dict[str, Any]]]] = [
        ([old_input(3), old("ThresholdedReLU", "t", theta=0.7)], {}),
        ([line, axis], {"n": norms}),
        ([line, old("Convolution1D", "c", filters=2, kernel_size=[3], use_bias=False)], {"c": {"c/kernel:0": one}}),
        (
            [image, old("Convolution2D", "c", filters=2, kernel_size=[1, 3], use_bias=False)],
            {"c": {"c/kernel:0": one[None]}},
        ),
    ]
    for index, (stack, weights) in enumerate(stacks):
        config = {"class_name": "Sequential", "config": {"name": "net", "layers": stack}}
        yield write_keras_2(folder / f"old_{index}.h5", config, weights)
    config = {"class_name": "Model", "config": {"name": "net", "layers": layers, **ends}}
    yield write_keras_2(folder / "functions.h5", config, {})


def tflite_sources(folder: Path) -> Table:
    """Return what is recorded over the TensorFlow Lite models, float32 and int8."""
    from nn4mc.importers import tflite
    from tests.importers import test_tflite, test_tflite_int8
    from tests.importers.tflite_models import convert, save

    contents = {name: convert(build()) for name, build in test_tflite.CASES.items()} | dict(test_tflite.BY_HAND)
    quantised = {**test_tflite_int8.MANY, **test_tflite_int8.FEW, **test_tflite_int8.FLOAT_ENDS}
    contents |= {f"int8_{name}": convert(build(), "int8") for name, build in quantised.items()}
    contents |= {f"io_{name}": convert(build(), "int8_float_io") for name, build in test_tflite_int8.FLOAT_ENDS.items()}
    with recording(tflite.FLOAT_READERS, tflite.INT8_READERS) as recorder:
        for name, content in contents.items():
            recorder.load(save(folder, name, content))
    return recorder.table()


def torch_sources(folder: Path) -> Table:
    """Return what is recorded over the torch modules, as exported and decomposed to core ATen."""
    from nn4mc.importers.torch_operators import READERS
    from tests.importers.test_torch_conformance import CASES, DECOMPOSED, _export
    from tests.importers.torch_cases import Case
    from tests.importers.torch_rare import rare_cases

    paths = [_export(case, folder / f"{name}.pt2") for name, case in CASES.items()]
    paths += [_export(CASES[name], folder / f"core_{name}.pt2", decompose=True) for name in DECOMPOSED]
    for name, (module, example) in rare_cases().items():
        case = Case(f"rare_{name}", module, (tuple(example.shape),))
        paths += [_export(case, folder / f"rare_{name}_{core}.pt2", decompose=core) for core in (False, True)]
    with recording(READERS) as recorder:
        for path in paths:
            recorder.load(path)
    return recorder.table()


def onnx_sources(folder: Path) -> Table:
    """Return what is recorded over the ONNX project's own node tests, as far as they are in scope."""
    from nn4mc.importers.onnx_nodes import READERS
    from tests.conformance.cases import Case
    from tests.conformance.run import _collected

    path = folder / "model.onnx"
    with recording(READERS) as recorder:
        for case in _collected():
            if isinstance(case, Case):
                path.write_bytes(case.model.SerializeToString())
                recorder.load(path)
    return recorder.table()


def rltools_sources(folder: Path) -> Table:
    """Return what is recorded over small checkpoints with each activation."""
    from nn4mc.importers import rltools
    from tests.importers.checkpoints import write_checkpoint

    activate = rltools._activate
    with recording(rltools._READERS) as recorder:

        def watched(name: str, *arguments: Any) -> Any:
            return recorder.watched(name, activate)(name, *arguments)

        with mock.patch.object(rltools, "_activate", watched):
            for name in rltools._ACTIVATIONS:
                recorder.load(write_checkpoint(folder / f"{name}.h5", name))
    return recorder.table()


RECORDERS: Mapping[str, Callable[[Path], Table]] = {
    "keras": keras_sources,
    "tflite": tflite_sources,
    "torch": torch_sources,
    "onnx": onnx_sources,
    "rltools": rltools_sources,
}
"""By format."""


def record(name: str) -> Table:
    """Return what every name of a format that some test reads becomes."""
    with tempfile.TemporaryDirectory() as folder:
        return RECORDERS[name](Path(folder))


def written(tables: Mapping[str, Table]) -> str:
    """Return the tables as they are stored: JSON, a line a name."""
    formats = []
    for name, table in tables.items():
        lines = ",\n".join(f"    {json.dumps(one)}: {json.dumps(ops)}" for one, ops in table.items())
        formats.append(f'  "{name}": {{\n{lines}\n  }}')
    return "{\n" + ",\n".join(formats) + "\n}\n"


if __name__ == "__main__":
    SOURCES.write_text(written({name: record(name) for name in RECORDERS}))
