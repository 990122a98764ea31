"""How each tensor of a network is spelled in its generated C."""

from collections.abc import Mapping

from nn4mc.codegen.identifiers import c_identifier
from nn4mc.ir import FLOAT32, INT8, INT16, INT32, Graph
from nn4mc.plan import Location, Plan, Region

_TAKEN = frozenset(
    "network in out golden_in golden_out axes conv pool rnn gru lstm window i step error size worst "
    "factor image layer point product range sum run rows parts gates candidate hidden_part stretch stretches sweep "
    "gru_before state memory next sequence row outputs steps sums "
    "q_gru q_gru_before q_lstm q_rnn".split()
)
"""What generated code calls its own variables, those of the operators' templates included."""
_FUNCTIONS = ("init", "run", "save", "restore", "selftest", "t", "status_t")
_MACROS = (
    "H",
    "MODEL_ID",
    "MODEL_SHA256",
    "IN_LEN",
    "OUT_LEN",
    "STATE_LEN",
    "ARENA_LEN",
    "CONST_BYTES",
    "SELFTEST_LIMIT",
)
_BASE = {
    Region.INPUT: "in",
    Region.OUTPUT: "out",
    Region.STATE: "network->state",
    Region.ARENA: "network->arena",
}


def unique(name: str, taken: set[str]) -> str:
    """Return the C identifier for ``name``, numbered if an earlier one is the same; ``taken`` grows by it."""
    plain = c_identifier(name)
    candidate, number = plain, 2
    while candidate in taken:
        candidate, number = f"{plain}_{number}", number + 1
    taken.add(candidate)
    return candidate


C_TYPES = {FLOAT32: "float", INT8: "int8_t", INT16: "nn4mc_int16_t", INT32: "int32_t"}


def place(location: Location, dtype: str = FLOAT32) -> str:
    """Return the C expression of a place in memory, such as ``network->arena + 64``."""
    base = _BASE[location.region]
    expression = f"{base} + {location.offset}" if location.offset else base
    if dtype != FLOAT32 and location.region in (Region.STATE, Region.ARENA):
        return f"({C_TYPES[dtype]} *)({expression})"
    return expression


def initial_state_name(index: int) -> str:
    """Return the name of the array that holds the initial value of a graph's state number ``index``."""
    return f"initial_state_{index}"


def reserved_names(graph: Graph, network: str) -> set[str]:
    """Return what no constant may be called in the C of ``network``: its functions, macros and variables."""
    taken = {*_TAKEN, *(f"{network}_{name}" for name in _FUNCTIONS), *(f"{network.upper()}_{name}" for name in _MACROS)}
    return taken | {initial_state_name(index) for index in range(len(graph.states))}


def tensor_names(graph: Graph, plan: Plan, taken: set[str]) -> Mapping[str, str]:
    """Return the C expression of every tensor: an array's name for constants, a place for the others.

    It is empty for an optional output that nobody reads. ``taken`` grows by the constants' names.
    """
    names = {}
    for name, tensor in graph.tensors.items():
        if tensor.data is not None:
            names[name] = unique(name, taken)
        elif name in plan.locations:
            names[name] = place(plan.locations[name], tensor.dtype)
        else:
            names[name] = ""
    return names
