"""nn4mc: small trained networks and the controllers built on them, as verified C for a Cortex-M4.

The way from a model to a flight, and where each step lives:

    load      importers/   a model file becomes a graph (ir.py, ops/)
    check     gate.py      the graph's invariants, after every step
    lower     passes/      graph to graph
    plan      plan.py      every tensor gets its place in memory
    emit      codegen/     C, by one template an operator
    verify    verify.py    the C against float64, layer by layer
    build     build/       host compiler, cross compiler, PlatformIO
    fly       hil/         rig, board, wire, twin, log, report

>>> import nn4mc
>>> network = nn4mc.compile_model("raptor")
>>> network.plan.in_len, network.plan.out_len
(22, 4)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nn4mc.api import Network, compile_model
    from nn4mc.importers import load
    from nn4mc.importers.torch_module import load_module

__version__ = "0.1.0"

__all__ = ["Network", "__version__", "compile_model", "load", "load_module"]

_HOMES = {
    "Network": "nn4mc.api",
    "compile_model": "nn4mc.api",
    "load": "nn4mc.importers",
    "load_module": "nn4mc.importers.torch_module",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for, when it is asked for: the command line starts without numpy."""
    if name not in _HOMES:
        raise AttributeError(f"module 'nn4mc' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)
