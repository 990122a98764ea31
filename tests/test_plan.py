"""The memory plan, checked by executing it: every tensor's words are poisoned where the plan lets others write."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nn4mc.ir import Graph, Node, State, Tensor
from nn4mc.ops import operator
from nn4mc.ops.base import size
from nn4mc.passes import lower
from nn4mc.plan import Location, Plan, Region, make_plan
from nn4mc.reference import initial_state, step
from tests.graphs import constant, graph, random_graph

Memory = dict[Region, np.ndarray]


@st.composite
def lowered_graphs(draw: st.DrawFn) -> Graph:
    return lower(random_graph(lambda low, high: draw(st.integers(low, high))))


def words(one: Graph, name: str) -> int:
    return size(one.tensors[name].shape)


def roots(one: Graph) -> dict[str, str]:
    """Map each tensor to the one whose memory it shows: itself, or what it is a view of."""
    root = {name: name for name in one.tensors}
    for node in one.nodes:
        if node.op == "reshape":
            root[node.outputs[0]] = root[node.inputs[0]]
    return root


def may_go_without_memory(one: Graph, node: Node, name: str) -> bool:
    """Whether nobody reads ``name``, and its operator can do without it while it makes another output."""
    read = {*one.outputs, *(state.after for state in one.states), *(n for other in one.nodes for n in other.inputs)}
    return name not in read and node.outputs.index(name) in operator(node.op).optional and len(node.outputs) > 1


def intervals(one: Graph, plan: Plan) -> list[tuple[int, int, int, int, str]]:
    """Return (first node, last node, offset, end, name) of all that lives in the arena, each lifetime on its own."""
    end, root = len(one.nodes), roots(one)
    needed = {root[name] for name in (*one.outputs, *(state.after for state in one.states))}
    found = []
    for i, node in enumerate(one.nodes):
        for name in node.outputs:
            uses = [j for j, other in enumerate(one.nodes) if name in {root[read] for read in other.inputs}]
            last = end if name in needed else max(uses, default=i)
            at = plan.locations.get(name)
            if at is None:
                assert may_go_without_memory(one, node, name), f"{name} has no memory"
            elif root[name] != name:
                assert at == plan.locations[root[name]], f"{name} is a view and stands elsewhere"
            elif at.region is Region.ARENA:
                found.append((i, last, at.offset, at.offset + words(one, name), name))
        if node.name in plan.scratch:
            at = plan.scratch[node.name]
            need = operator(node.op).scratch(node, [one.tensors[name].shape for name in node.inputs])
            found.append((i, i, at.offset, at.offset + need, f"scratch of {node.name}"))
    return found


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lowered_graphs())
def test_no_two_live_buffers_overlap(one: Graph):
    plan = make_plan(one)
    found = intervals(one, plan)
    for a in found:
        for b in found:
            if a[4] >= b[4] or a[3] <= b[2] or b[3] <= a[2]:
                continue
            first, second = sorted((a, b))
            handover = first[1] == second[0] and in_place(one, first, second)
            assert first[1] < second[0] or handover, f"{a} and {b} overlap"


def in_place(one: Graph, old: tuple[int, int, int, int, str], new: tuple[int, int, int, int, str]) -> bool:
    """Whether the node that makes ``new`` may write over ``old``: same place, read alone or by element."""
    node = one.nodes[new[0]]
    if new[4] not in node.outputs:
        return False
    op, output = operator(node.op), node.outputs.index(new[4])
    indices = op.in_place if output == 0 else [read for read, made in op.carried if made == output]
    read = [roots(one)[name] for name in node.inputs]
    taken_over = any(read[index] == old[4] for index in indices)
    return taken_over and old[2:4] == new[2:4] and (op.pointwise or read.count(old[4]) == 1)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lowered_graphs())
def test_the_arena_is_at_least_the_largest_live_set_and_at_most_the_sum(one: Graph):
    plan = make_plan(one)
    found = intervals(one, plan)
    shared = max((sum(b[3] - b[2] for b in found if b[0] <= i <= b[1]) for i in range(len(one.nodes))), default=0)
    handed_over = max((words(one, name) for node in one.nodes for name in node.outputs), default=0)
    aside = sum(copy.count for copy in plan.copies if copy.target.region is Region.ARENA)
    assert shared - handed_over <= plan.arena_len
    assert plan.arena_len <= sum(b[3] - b[2] for b in found) + aside
    assert all(b[3] <= plan.arena_len for b in found)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lowered_graphs())
def test_a_machine_that_keeps_nothing_but_the_planned_memory_computes_the_same(one: Graph):
    plan = make_plan(one)
    memory: Memory = {
        Region.INPUT: np.zeros(plan.in_len),
        Region.OUTPUT: np.full(plan.out_len, np.nan),
        Region.STATE: np.concatenate([np.zeros(0), *(state.initial.ravel() for state in one.states)]),
        Region.ARENA: np.full(plan.arena_len, np.nan),
    }
    state = initial_state(one)
    rng = np.random.default_rng(0)
    for _ in range(3):
        row = rng.uniform(-1, 1, plan.in_len)
        done = step(one, row, state)
        memory[Region.INPUT][:] = row
        execute(one, plan, memory)
        np.testing.assert_array_equal(memory[Region.OUTPUT], done.outputs)
        np.testing.assert_array_equal(memory[Region.INPUT], row)
        state = dict(done.state)


def execute(one: Graph, plan: Plan, memory: Memory) -> None:
    """Run the nodes on the planned memory, scratch poisoned, then the copies."""

    def view(at: Location, count: int) -> np.ndarray:
        return memory[at.region][at.offset : at.offset + count]

    def read(name: str) -> np.ndarray:
        tensor = one.tensors[name]
        source = tensor.data if tensor.data is not None else view(plan.locations[name], words(one, name))
        return np.asarray(source, np.float64).reshape(tensor.shape).copy()

    for node in one.nodes:
        if node.op == "reshape":
            continue
        if node.name in plan.scratch:
            need = operator(node.op).scratch(node, [one.tensors[name].shape for name in node.inputs])
            view(plan.scratch[node.name], need)[:] = np.nan
        made = operator(node.op).reference(node, [read(name) for name in node.inputs])
        kept = [(name, values) for name, values in zip(node.outputs, made, strict=True) if name in plan.locations]
        for name, values in kept:
            view(plan.locations[name], values.size)[:] = values.ravel()
    for copy in plan.copies:
        constant_value = one.tensors[copy.tensor].data
        source = constant_value.ravel() if copy.source.region is Region.CONSTANT else view(copy.source, copy.count)
        view(copy.target, copy.count)[:] = source.copy()


def gru_net(*, output: str) -> Graph:
    tensors = [Tensor("x", (1, 1, 2)), Tensor("unread", (1, 1, 2)), *(Tensor(name, (1, 2)) for name in "hgy")]
    constants = [constant("w", np.ones((6, 2))), constant("u", np.ones((6, 2))), constant("b", np.ones(8))]
    nodes = [
        Node("g", "gru", ("x", "h", "w", "u", "b"), ("unread", "g"), {"reset_after": True}),
        Node("r", "concat", ("g",), ("y",), {"axis": 1}),
    ]
    return graph([*tensors, *constants], nodes, outputs=output, states=[State("h", "g", np.zeros((1, 2), np.float32))])


def test_a_gru_updates_its_state_in_place():
    plan = make_plan(gru_net(output="y"))
    assert plan.locations["g"] == plan.locations["h"] == Location(Region.STATE, 0)
    assert plan.copies == () and plan.arena_len == 8


def test_a_gru_keeps_the_old_state_that_is_also_an_output():
    plan = make_plan(gru_net(output="h y"))
    assert plan.locations["g"].region is Region.ARENA


@pytest.mark.parametrize("target", ["cortex-m4f", "generic"])
def test_raptor_takes_16_words_of_state_and_80_of_arena(raptor, target: str):
    """dense_0 -> 16 words, live with the 64 of the gate scratch; the GRU writes its state in place."""
    assert (raptor.plan.state_len, raptor.plan.arena_len) == (16, 80)
    assert raptor.plan.copies == ()


def carried(name: str, after: str) -> State:
    return State(name, after, np.arange(2, dtype=np.float32))


def test_states_that_change_places_go_through_the_arena_first():
    tensors = [Tensor(name, (2,)) for name in ("x", "s", "q")]
    plan = make_plan(graph(tensors, [], outputs="x", states=[carried("s", "q"), carried("q", "s")]))
    moves = [(copy.source.region, copy.target.region) for copy in plan.copies if copy.tensor != "x"]
    aside, back = (Region.STATE, Region.ARENA), (Region.ARENA, Region.STATE)
    assert moves == [aside, aside, back, back] and plan.arena_len == 4


def test_a_state_read_twice_by_the_node_that_replaces_it_is_not_replaced_in_place():
    one = gru_net(output="y")
    node = one.nodes[0]
    view = Node("v", "reshape", ("h",), ("window",), {"shape": (1, 1, 2)})
    doubled = Node(node.name, "gru", ("window", *node.inputs[1:]), node.outputs, node.attributes)
    tensors = [*one.tensors.values(), Tensor("window", (1, 1, 2))]
    plan = make_plan(graph(tensors, [view, doubled, one.nodes[1]], states=one.states))
    assert plan.locations["g"].region is Region.ARENA


def pointwise_net(*inputs: str, op: str = "add", wide: int = 3) -> Graph:
    """Return y = concat(op(inputs)), its operands u = tanh(x), v = sigmoid(x) and the one element w."""
    tensors = [Tensor("x", (wide,)), Tensor("n", (1,)), *(Tensor(name, (wide,)) for name in ("u", "v", "s", "y"))]
    tensors.append(Tensor("w", (1,)))
    nodes = [
        Node("u", "tanh", ("x",), ("u",)),
        Node("v", "sigmoid", ("x",), ("v",)),
        Node("w", "tanh", ("n",), ("w",)),
        Node("s", op, inputs, ("s",)),
        Node("y", "concat", ("s",), ("y",), {"axis": 0}),
    ]
    kept = [node for node in nodes if node.outputs[0] in (*inputs, "s", "y")]
    used = {"x", "n", *(name for node in kept for name in (*node.inputs, *node.outputs))}
    return graph([one for one in tensors if one.name in used], kept, inputs="x n")


@pytest.mark.parametrize(
    ("inputs", "over"), [(("u", "x"), "u"), (("x", "v"), "v"), (("u", "v"), "u"), (("w", "v"), "v"), (("u", "u"), "u")]
)
def test_a_pointwise_node_writes_over_whichever_input_ends_there(inputs: tuple[str, ...], over: str):
    plan = make_plan(pointwise_net(*inputs))
    assert plan.locations["s"] == plan.locations[over]


@pytest.mark.parametrize("wide", [2, 4])
def test_a_stretched_input_is_not_written_over(wide: int):
    """One element for all others: it is read until the last one is written."""
    plan = make_plan(pointwise_net("w", "x", wide=wide))
    assert plan.locations["s"] != plan.locations["w"]


def test_int8_inputs_that_fill_as_many_words_are_not_written_over_when_stretched():
    terms = {f"{name}_{i}": 1 for i in (1, 2) for name in ("zero", "multiplier", "shift")}
    attributes = {**terms, "multiplier": 1 << 30, "shift": 0, "output_zero": 0, "minimum": -128, "maximum": 127}
    shapes = {"x": (1,), "z": (4,), "u": (1,), "s": (4,), "y": (4,)}
    tensors = [Tensor(name, shape, None, "int8") for name, shape in shapes.items()]
    table = Tensor("t", (256,), np.zeros(256, np.int8), "int8")
    nodes = [
        Node("u", "q_table", ("x", "t"), ("u",)),
        Node("s", "q_add", ("u", "z"), ("s",), attributes),
        Node("y", "concat", ("s",), ("y",), {"axis": 0}),
    ]
    plan = make_plan(graph([*tensors, table], nodes, inputs="x z"))
    assert plan.locations["s"] != plan.locations["u"]


def test_what_goes_aside_uses_memory_that_is_free_by_then():
    """Two states change places behind a layer whose four words nobody needs at the end."""
    tensors = [Tensor(name, (2,)) for name in ("s", "q")] + [Tensor(name, (4,)) for name in ("x", "u", "y")]
    nodes = [Node("u", "tanh", ("x",), ("u",)), Node("y", "concat", ("u",), ("y",), {"axis": 0})]
    plan = make_plan(graph(tensors, nodes, states=[carried("s", "q"), carried("q", "s")]))
    assert plan.arena_len == 4
