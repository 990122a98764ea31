"""Other tools on the same networks: their C, built with the same compiler, run in the same emulated core.

emlearn (dense layers only) and emx-onnx-cgen come from PyPI with what they need to make C. TensorFlow Lite Micro's
PyPI package holds an interpreter for the laptop and no sources, so it cannot be built for a microcontroller from it.
"""

import contextlib
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from math import prod
from pathlib import Path

import numpy as np

from benchmarks.onnx_twins import write_onnx
from nn4mc.build.process import run
from nn4mc.ir import Array, Float32Array, Graph
from nn4mc.profile import tally
from nn4mc.profile.core import Core
from nn4mc.profile.cycles import HEADLINE
from nn4mc.profile.program import load_program
from nn4mc.target import TARGETS

FLAG_SETS = (("-O2",), ("-O2", "-ffp-contract=off"), ("-O3", "-ffast-math"))
"""Each peer is measured with all of them, and told with its best."""
_COMMON = ("-std=gnu11", "-ffunction-sections", "-fdata-sections", "-w")
_LINK = ("-nostartfiles", "-Wl,--gc-sections", "-Wl,-e,peer_run", "-Wl,-u,peer_run", "-Wl,--no-warn-rwx-segments")
_SCRIPT = Path(find_spec("nn4mc.profile").submodule_search_locations[0]) / "profile.ld"  # type: ignore[union-attr, index]
_STUBS = "void *_sbrk(int n){(void)n;return (void*)-1;} int *__errno(void){static int e;return &e;}\n"


@dataclass(frozen=True)
class PeerFigures:
    """What a tool's C costs: modelled cycles, bytes of flash, RAM and stack, and the largest error against float64."""

    tool: str
    flags: str
    cycles: int
    instructions: int
    flash: int
    ram: int
    error: float


@dataclass(frozen=True)
class _Source:
    """One file of C that defines ``void peer_run(const float in[], float out[])``, and where its headers are."""

    tool: str
    text: str
    includes: tuple[Path, ...] = ()


def peers(graph: Graph, folder: Path) -> list[_Source]:
    """Return the C of every tool that can compile the network."""
    made: list[Callable[[Graph, Path], _Source | None]] = [_emlearn, _emx]
    return [one for make in made if (one := make(graph, folder)) is not None]


def measure_peer(source: _Source, inputs: Float32Array, expected: Array) -> PeerFigures:
    """Build with each set of flags, run ``inputs`` (steps, in), and return the figures of the fastest."""
    return min((_measure(source, flags, inputs, expected) for flags in FLAG_SETS), key=lambda one: one.cycles)


def _measure(source: _Source, flags: Sequence[str], inputs: Float32Array, expected: Array) -> PeerFigures:
    with tempfile.TemporaryDirectory(prefix="nn4mc-peer-") as name:
        work = Path(name)
        (work / "peer.c").write_text(source.text + _STUBS)
        target = TARGETS["cortex-m4f"]
        includes = [f"-I{path}" for path in source.includes]
        words = [target.compiler, *target.flags, *_COMMON, *flags, *_LINK, f"-Wl,-T,{_SCRIPT}", *includes]
        run([*words, "peer.c", "-lm", "-lc", "-lgcc", "-o", "peer.elf"], stage=f"building {source.tool}", cwd=work)
        program = load_program(work / "peer.elf")
        core = Core(program)
        found, counts = [], core.counts()
        at = core.ram.at + (core.ram.size >> 1)
        for row in inputs:
            counts = core.counts()
            core.write(at, row.tobytes())
            core.call("peer_run", at, at + row.nbytes)
            found.append(core.read_floats(at + row.nbytes, expected.shape[1]))
        counts = core.counts() - counts
        decoded = tally.decode_blocks(program, counts)
        stack = core.painted_stack(lambda: core.call("peer_run", at, at + inputs[0].nbytes))
        sections = program.sections
        return PeerFigures(
            tool=source.tool,
            flags=" ".join(flags),
            cycles=tally.cycles(decoded, counts, HEADLINE),
            instructions=tally.instructions(decoded, counts),
            flash=sum(one.size for one in sections if one.stored),
            ram=sum(one.size for one in sections if one.writable) + stack,
            error=float(np.abs(np.array(found) - expected).max()),
        )


def _emx(graph: Graph, folder: Path) -> _Source:
    """emx-onnx-cgen reads ONNX; a carried state is an input and an output of its function."""
    path = folder / f"{graph.name}.onnx"
    shapes = write_onnx(graph, path)
    compiled = path.with_suffix(".c")
    subprocess.run(["emx-onnx-cgen", "compile", path, compiled], check=True, capture_output=True)
    lines = [compiled.read_text(), "#include <string.h>"]
    casts = ["(const void *)in"]
    after = []
    for index, shape in enumerate(shapes[1:]):
        size = prod(shape)
        lines.append(f"static float before_{index}[{size}], after_{index}[{size}];")
        casts.append(f"(const void *)before_{index}")
        after.append(f"(void *)after_{index}")
    copies = "".join(f"memcpy(before_{i}, after_{i}, sizeof before_{i});" for i in range(len(after)))
    call = ", ".join([*casts, "(void *)out", *after])
    lines.append(f"void peer_run(const float in[], float out[]) {{ model({call}); {copies} }}\n")
    return _Source(f"emx-onnx-cgen {version('emx-onnx-cgen')}", "\n".join(lines))


def _emlearn(graph: Graph, _folder: Path) -> _Source | None:
    """emlearn takes dense networks from Keras."""
    ops = [node.op for node in graph.nodes]
    if not set(ops) <= {"dense", "tanh", "relu"}:
        return None
    import emlearn  # noqa: PLC0415 - brings scikit-learn
    from keras import Sequential, layers  # noqa: PLC0415

    arrays = [[graph.tensors[name].data for name in node.inputs[1:]] for node in graph.nodes if node.op == "dense"]
    following = [*ops[1:], ""]
    behind = [then for op, then in zip(ops, following, strict=True) if op == "dense"]
    activations = [then if then in ("tanh", "relu") else "linear" for then in behind]
    model = Sequential([layers.Input(graph.tensors[graph.inputs[0]].shape)])
    for (weights, bias), activation in zip(arrays, activations, strict=True):
        layer = layers.Dense(len(bias), activation=activation)
        model.add(layer)
        layer.set_weights([weights.T, bias])
    text = _converted(model, graph.name)
    size, out = prod(graph.tensors[graph.inputs[0]].shape), prod(graph.tensors[graph.outputs[0]].shape)
    run_it = f"void peer_run(const float in[], float out[]) {{ {graph.name}_regress(in, {size}, out, {out}); }}\n"
    return _Source(f"emlearn {version('emlearn')}", text + run_it, (Path(emlearn.__file__).parent,))


def _converted(model: object, name: str) -> str:
    """Return emlearn's C for a Keras model; it leaves files where it is started."""
    import emlearn  # noqa: PLC0415 - brings scikit-learn

    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        path = Path(folder) / "net.h"
        emlearn.convert(model, method="inline").save(name=name, file=str(path))
        return path.read_text()
