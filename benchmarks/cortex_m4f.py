"""What a step costs on a Cortex-M4F: the reference networks by nn4mc and by other tools, from one run.

python benchmarks/cortex_m4f.py            print the tables
python benchmarks/cortex_m4f.py --write    also write docs/benchmarks.md
"""

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from math import prod
from pathlib import Path

import numpy as np

from benchmarks.networks import NETWORKS
from benchmarks.quantised import recordings
from nn4mc import __version__
from nn4mc.api import Network, compile_graph, compile_model
from nn4mc.cli.console import err, out, table
from nn4mc.importers import load
from nn4mc.ir import Float32Array, Graph
from nn4mc.profile.cycles import HEADLINE
from nn4mc.profile.folder import read_folder
from nn4mc.profile.link import build
from nn4mc.profile.network import DEFAULT_CONDITIONS, profile_network
from nn4mc.profile.runner import NetworkRunner
from nn4mc.quantize import Quantizing, Recording, Scheme
from nn4mc.reference import run
from nn4mc.target import CodeOptions

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
STEPS = 3
PUBLISHED = {
    "N1": ("RLtools, -ffp-contract=off", 60_400),
    "N2": ("RLtools, -ffp-contract=off", 20_600),
    "N3": ("RLtools, -ffp-contract=off", 4_500),
    "N4": ("CMSIS-DSP, -ffp-contract=off", 580_000),
    "N5": ("CMSIS-DSP, -ffp-contract=off", 28_600),
}
"""The best other tool of an earlier side-by-side measurement under the same timing rules, in modelled cycles."""
VARIANTS = {
    "nn4mc": CodeOptions(),
    "nn4mc size": CodeOptions(optimize="size"),
    "nn4mc 4e-5": CodeOptions(activation_error="4e-5"),
    "nn4mc fma": CodeOptions(mac="fma"),
}
"""By name in the table: the defaults, `--optimize size`, `--activation-error 4e-5`, `--mac fma`."""


@dataclass(frozen=True)
class Row:
    """One network by one tool; flash without start-up and self-test, RAM with stack, error against float64."""

    network: str
    tool: str
    flags: str
    cycles: int
    instructions: int
    flash: int
    ram: int
    stack: int | None
    error: float


def inputs_of(graph: Graph) -> Float32Array:
    """Return the inputs (steps, in) that every tool is run on."""
    size = prod(graph.tensors[graph.inputs[0]].shape)
    return np.random.default_rng(0).uniform(-1.0, 1.0, (STEPS, size)).astype(np.float32)


def own_row(name: str, tool: str, network: Network, source: Graph) -> Row:
    """Measure one of our variants of the graph ``source``, which the error is against."""
    rows = inputs_of(network.graph)
    found = profile_network(network, rows)
    return Row(
        network=name,
        tool=tool,
        flags=" ".join(flag for flag in found.flags if flag.startswith(("-O", "-f"))),
        cycles=found.cycles,
        instructions=found.instructions,
        flash=found.flash_bytes,
        ram=found.ram_bytes + found.stack_painted,
        stack=found.stack_bound,
        error=float(np.abs(_outputs(network, rows) - run(source, rows)).max()),
    )


def _outputs(network: Network, rows: Float32Array) -> Float32Array:
    with tempfile.TemporaryDirectory(prefix="nn4mc-bench-") as name:
        folder = Path(name) / "c"
        network.write(folder)
        described = read_folder(folder)
        built = build(described, DEFAULT_CONDITIONS.target, Path(name) / "work")
        return NetworkRunner(built.elf, described).run_all(rows)


def peer_rows(name: str, graph: Graph) -> list[Row]:
    """Measure the other tools that are installed and take the network."""
    if find_spec("emlearn") is None or find_spec("emx_onnx_cgen") is None:
        return []
    from benchmarks.peers import measure_peer, peers  # noqa: PLC0415 - an extra

    rows = inputs_of(graph)
    with tempfile.TemporaryDirectory(prefix="nn4mc-bench-") as folder:
        found = [measure_peer(one, rows, run(graph, rows)) for one in peers(graph, Path(folder))]
    return [
        Row(name, one.tool, one.flags, one.cycles, one.instructions, one.flash, one.ram, None, one.error)
        for one in found
    ]


def int8(graph: Graph) -> Quantizing:
    """Return int8 weights and activations, calibrated as in benchmarks/quantised.py."""
    return Quantizing(Scheme("int8", "int8"), (Recording("random", recordings(graph)[0]),))


def measure() -> list[Row]:
    """Return all rows: by network, ours first."""
    rows = []
    for name, make in NETWORKS.items():
        err.print(f"{name}: {make.__doc__}", highlight=False)
        graph = make()
        for tool, code in VARIANTS.items():
            rows.append(own_row(name, tool, compile_graph(graph, code=code), graph))
        rows.append(own_row(name, "nn4mc int8", compile_graph(graph, quantizing=int8(graph)), graph))
        rows += peer_rows(name, graph)
    raptor = load("raptor")
    for tool, code in VARIANTS.items():
        rows.append(own_row("RAPTOR", tool, compile_graph(raptor, code=code), raptor))
    rows.append(own_row("RAPTOR", "nn4mc int8", compile_graph(raptor, quantizing=int8(raptor)), raptor))
    return rows


_PAGE = """# Benchmarks

Written by `make bench` (`python -m benchmarks.cortex_m4f --write`): every figure of the table is of one run.
nn4mc {version}, {compiler}, Cortex-M4F with hard float.

Instructions are exact: the real program in an emulated core. **Cycles are a model**: {model};
[profile.md](profile.md) has its rules and its doubts. Nothing here was measured on silicon. Flash is code and constants
without start-up and self-test; RAM is variables, the network's own struct and the stack that one step used, without
input and output; stack is the bound of the call graph. Errors are the largest against float64 over {steps} inputs.
Networks, batch 1, weights uniform within 1/sqrt(inputs of a unit):

{networks}

nn4mc is measured with its defaults, with `--optimize size`, with `--activation-error 4e-5`, with `--mac fma` and with
`--quantize int8` (quantising and dequantising included). Each
other tool is built with {flag_sets} and told with its fastest. emlearn takes dense networks only. TensorFlow Lite
Micro's PyPI package holds no sources that could be built for a microcontroller. An earlier side-by-side measurement
under the same timing rules found, as the best other tool: {earlier}.

"""
COLUMNS = ("network", "tool", "cycles", "of ours", "instructions", "flash B", "RAM B", "stack B", "max error", "flags")


def cells(row: Row, rows: Sequence[Row]) -> tuple[str, ...]:
    """Return a row as text; cycles are also told relative to our default of the same network."""
    ours = next(one for one in rows if one.network == row.network)
    return (
        row.network,
        row.tool,
        f"{row.cycles:,}",
        f"{row.cycles / ours.cycles:.2f}",
        f"{row.instructions:,}",
        f"{row.flash:,}",
        f"{row.ram:,}",
        "" if row.stack is None else f"{row.stack:,}",
        f"{row.error:.0e}",
        row.flags,
    )


def page(rows: Sequence[Row]) -> str:
    """Return docs/benchmarks.md."""
    flag_sets = ", ".join(f"`{' '.join(one)}`" for one in _flag_sets())
    earlier = "; ".join(f"{name} {cycles:,} ({tool})" for name, (tool, cycles) in PUBLISHED.items())
    text = _PAGE.format(
        version=__version__,
        compiler=profile_network(compile_model("raptor")).compiler,
        model=HEADLINE.about,
        steps=STEPS,
        networks="\n".join(f"- {name}: {make.__doc__}" for name, make in NETWORKS.items()),
        flag_sets=flag_sets,
        earlier=earlier,
    )
    lines = [f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}"]
    lines += [f"| {' | '.join(cells(row, rows))} |" for row in rows]
    return text + "\n".join(lines) + "\n"


def _flag_sets() -> Sequence[Sequence[str]]:
    from benchmarks.peers import FLAG_SETS  # noqa: PLC0415 - an extra

    return FLAG_SETS


def main() -> None:
    """Measure, print, and write the page where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    asked = parser.parse_args()
    rows = measure()
    shown = [cells(row, rows)[:-1] for row in rows]  # the flags are on the page
    out.print(table("One step on a Cortex-M4F", COLUMNS[:-1], shown, COLUMNS[2:9], COLUMNS[:1]))
    if asked.write:
        PAGE.write_text(page(rows))


if __name__ == "__main__":
    main()
