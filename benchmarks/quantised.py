"""The reference networks and RAPTOR in float32, int8 and int16: flash, RAM, modelled cycles, error. Prints Markdown.

``python -m benchmarks.quantised``: 200 random inputs calibrate, 200 others are measured; RAPTOR has its own examples.
"""

from collections.abc import Callable, Mapping

import numpy as np

from benchmarks.networks import NETWORKS
from nn4mc.api import compile_graph
from nn4mc.codegen.golden import interface_len
from nn4mc.importers import load
from nn4mc.ir import Float32Array, Graph
from nn4mc.passes import lower
from nn4mc.profile.network import profile_network
from nn4mc.quantize import Quantizing, Recording, Scheme
from nn4mc.reference import run

SCHEMES: Mapping[str, Scheme | None] = {
    "float32": None,
    "int8": Scheme("int8", "int8"),
    "int8, int16 activations": Scheme("int8", "int16"),
    "int16": Scheme("int16", "int16"),
}
INPUTS = 200


def recordings(graph: Graph) -> tuple[Float32Array, Float32Array]:
    """Return inputs to calibrate with and inputs to measure on."""
    examples = graph.source.examples
    if examples is not None:
        return examples, examples
    rng = np.random.default_rng(5)
    width = interface_len(graph, graph.inputs)
    drawn = rng.uniform(-1.0, 1.0, (2, INPUTS, width)).astype(np.float32)
    return drawn[0], drawn[1]


def row(name: str, graph: Graph, kind: str, scheme: Scheme | None) -> str:
    """Return one line of the table."""
    calibrated, measured = recordings(graph)
    asked = None if scheme is None else Quantizing(scheme, (Recording(name, calibrated),))
    network = compile_graph(graph, quantizing=asked)
    found = profile_network(network, measured[:5])
    exact = run(lower(graph), measured)
    error = float(np.sqrt(np.mean((run(network.graph, measured) - exact) ** 2) / np.mean(exact**2)))
    said = "" if scheme is None else f"{100 * error:.2g} %"
    flash = found.flash_bytes + found.selftest_bytes
    return f"| {name} | {kind} | {flash:,} | {found.ram_bytes:,} | {found.cycles:,} | {said} |"


def main() -> None:
    """Print the table."""
    models: dict[str, Callable[[], Graph]] = {"RAPTOR": lambda: load("raptor"), **NETWORKS}
    print("| network | weights | flash, bytes | RAM, bytes | cycles | RMS error, of the signal |")
    print("|---|---|--:|--:|--:|--:|")
    for name, make in models.items():
        for kind, scheme in SCHEMES.items():
            print(row(name, make(), kind, scheme), flush=True)


if __name__ == "__main__":
    main()
