"""Where every tensor lives: lifetimes become offsets in one arena, states and outputs are written in place if safe.

Offsets into inputs and outputs count elements; those into state and arena count 32-bit words. The arena is filled
greedily, largest buffer first, each at the lowest offset that no buffer alive at the same time occupies. A view (a
reshape) is its input under another name: it has no memory of its own. An optional output that nobody reads has no
memory at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from nn4mc.ir import FLOAT32, INT8, INT32, Graph, Node, Tensor
from nn4mc.ops import operator
from nn4mc.ops.base import size

_BYTES = {FLOAT32: 4, INT8: 1, INT32: 4}


class Region(Enum):
    """The memory a tensor lives in."""

    CONSTANT = "constant"
    INPUT = "input"
    OUTPUT = "output"
    STATE = "state"
    ARENA = "arena"


@dataclass(frozen=True)
class Location:
    """A place: ``offset`` elements or words into a region (0 for constants, which have their own array)."""

    region: Region
    offset: int


@dataclass(frozen=True)
class Copy:
    """Elements of ``tensor`` to move after the last node ran."""

    tensor: str
    source: Location
    target: Location
    count: int
    dtype: str


@dataclass(frozen=True)
class Plan:
    """The memory of one network. ``scratch`` is each node's working memory in the arena, by node name."""

    locations: Mapping[str, Location]
    scratch: Mapping[str, Location]
    copies: tuple[Copy, ...]
    in_len: int
    out_len: int
    state_len: int
    arena_len: int


@dataclass
class _Buffer:
    """A stretch of the arena: ``names`` share it; it is alive from node ``first`` to node ``last``."""

    names: list[str]
    words: int
    first: int
    last: int
    offset: int = 0

    def meets(self, other: "_Buffer") -> bool:
        return self.first <= other.last and other.first <= self.last


def unread_outputs(graph: Graph) -> frozenset[str]:
    """Return the optional outputs that nobody reads; of each node's, the last one stays when none is read."""
    read = {*graph.outputs, *(state.after for state in graph.states)}
    read.update(name for node in graph.nodes for name in node.inputs)
    unread: set[str] = set()
    for node in graph.nodes:
        optional = [node.outputs[index] for index in operator(node.op).optional]
        idle = [name for name in optional if name not in read]
        unread.update(idle[:-1] if idle == optional else idle)
    return frozenset(unread)


def shown_outputs(graph: Graph) -> dict[str, str]:
    """Return, by the name of each node, its first output that is in memory: what stands for it in traces."""
    unread = unread_outputs(graph)
    return {node.name: next(name for name in node.outputs if name not in unread) for node in graph.nodes}


def make_plan(graph: Graph) -> Plan:
    """Lay out the memory of a lowered graph."""
    planner = _Planner(graph)
    planner.place_fixed()
    planner.place_outputs()
    planner.place_states()
    planner.place_rest()
    return planner.finish()


class _Planner:
    """The layout as it grows; each ``place_`` step leaves what is placed alone."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.count = {name: size(tensor.shape) for name, tensor in graph.tensors.items()}
        self.words = {name: _words(tensor) for name, tensor in graph.tensors.items()}
        self.made_at = {name: i for i, node in enumerate(graph.nodes) for name in node.outputs}
        self.root = self._roots()
        self.last_use = self._last_uses()
        self.unread = unread_outputs(graph)
        self.locations: dict[str, Location] = {}
        self.copied_outputs: list[tuple[str, Location]] = []
        self.buffers: dict[str, _Buffer] = {}
        self.scratch: dict[str, _Buffer] = {}
        self.in_len = self.out_len = self.state_len = self.arena_len = 0

    def _roots(self) -> dict[str, str]:
        """Map every tensor to the one whose memory it is: itself, or what it is a view of."""
        root = {name: name for name in self.graph.tensors}
        for node in self.graph.nodes:
            if operator(node.op).view:
                root[node.outputs[0]] = root[node.inputs[0]]
        return root

    def _last_uses(self) -> dict[str, int]:
        """Map every root to the index of the last node that reads it, or one past the end."""
        end = len(self.graph.nodes)
        last = {self.root[name]: i for i, node in enumerate(self.graph.nodes) for name in node.inputs}
        last.update({self.root[name]: end for name in self.graph.outputs})
        last.update({self.root[state.after]: end for state in self.graph.states})
        return last

    def place_fixed(self) -> None:
        """Constants, inputs and the states before the step."""
        for name, tensor in self.graph.tensors.items():
            if tensor.data is not None:
                self.locations[name] = Location(Region.CONSTANT, 0)
        for name in self.graph.inputs:
            self.locations[name] = Location(Region.INPUT, self.in_len)
            self.in_len += self.count[name]
        for state in self.graph.states:
            self.locations[state.before] = Location(Region.STATE, self.state_len)
            self.state_len += self.words[state.before]

    def place_outputs(self) -> None:
        """A node writes an output straight to the caller, unless it is a state too or stands there already."""
        states = {self.root[state.after] for state in self.graph.states}
        for name in self.graph.outputs:
            target = Location(Region.OUTPUT, self.out_len)
            self.out_len += self.count[name]
            root = self.root[name]
            if root in self.made_at and root not in states and root not in self.locations:
                self.locations[root] = target
            else:
                self.copied_outputs.append((name, target))

    def place_states(self) -> None:
        """A node updates its state in place, where nobody needs the old one any more."""
        for state in self.graph.states:
            after = self.root[state.after]
            if after not in self.locations and self._in_place(state.before, after):
                self.locations[after] = self.locations[state.before]

    def _in_place(self, old: str, new: str) -> bool:
        """Whether the node that makes ``new`` may write it over ``old``, both roots."""
        made = self.made_at.get(new)
        if made is None:
            return False
        node = self.graph.nodes[made]
        index = _overwritten(node, new)
        sources = [self.root[name] for name in node.inputs]
        takes_over = index is not None and sources[index] == old and sources.count(old) == 1
        return takes_over and self.words[old] == self.words[new] and self.last_use[old] == made

    def place_rest(self) -> None:
        """Everything else, and the scratch memory of each node, goes into the arena."""
        for i, node in enumerate(self.graph.nodes):
            words = operator(node.op).scratch(node, [self.graph.tensors[name].shape for name in node.inputs])
            if words:
                self.scratch[node.name] = _Buffer([], words, i, i)
            for name in node.outputs:
                if name not in self.locations and self.root[name] == name and name not in self.unread:
                    self._place_output_of(node, i, name)
        self._assign_offsets()

    def _place_output_of(self, node: Node, i: int, name: str) -> None:
        last = self.last_use.get(name, i)
        index = _overwritten(node, name)
        source = self.root[node.inputs[index]] if index is not None else None
        if source in self.buffers and self._in_place(source, name):
            shared = self.buffers[source]
            shared.names.append(name)
            shared.last = last
            self.buffers[name] = shared
        else:
            self.buffers[name] = _Buffer([name], self.words[name], i, last)

    def _assign_offsets(self) -> None:
        distinct = {id(buffer): buffer for buffer in (*self.buffers.values(), *self.scratch.values())}
        placed: list[_Buffer] = []
        for buffer in sorted(distinct.values(), key=lambda one: (-one.words, one.first)):
            neighbours = sorted((other for other in placed if other.meets(buffer)), key=lambda one: one.offset)
            for other in neighbours:
                if buffer.offset + buffer.words <= other.offset:
                    break
                buffer.offset = max(buffer.offset, other.offset + other.words)
            placed.append(buffer)
        self.arena_len = max((one.offset + one.words for one in placed), default=0)
        for name, buffer in self.buffers.items():
            self.locations[name] = Location(Region.ARENA, buffer.offset)
        for name, root in self.root.items():
            if root not in self.unread:
                self.locations[name] = self.locations[root]

    def finish(self) -> Plan:
        """Resolve the copies now that every tensor has its place."""
        scratch = {name: Location(Region.ARENA, buffer.offset) for name, buffer in self.scratch.items()}
        copies = (*self._output_copies(), *self._state_copies())
        return Plan(
            locations=self.locations,
            scratch=scratch,
            copies=copies,
            in_len=self.in_len,
            out_len=self.out_len,
            state_len=self.state_len,
            arena_len=self.arena_len,
        )

    def _output_copies(self) -> list[Copy]:
        return [self._copy(name, self.locations[name], target) for name, target in self.copied_outputs]

    def _copy(self, name: str, source: Location, target: Location) -> Copy:
        return Copy(name, source, target, self.count[name], self.graph.tensors[name].dtype)

    def _state_copies(self) -> list[Copy]:
        """Old states that become other states go through the arena first, so that no order of copies matters."""
        first, second = [], []
        for state in self.graph.states:
            source, target = self.locations[state.after], self.locations[state.before]
            if source == target:
                continue
            if source.region is Region.STATE:
                aside = Location(Region.ARENA, self.arena_len)
                self.arena_len += self.words[state.before]
                first.append(self._copy(state.after, source, aside))
                source = aside
            second.append(self._copy(state.after, source, target))
        return [*first, *second]


def _overwritten(node: Node, output: str) -> int | None:
    """Return the input of a node whose memory an output may reuse."""
    op, index = operator(node.op), node.outputs.index(output)
    carried = {made: source for source, made in op.carried}
    return op.in_place if index == 0 else carried.get(index)


def _words(tensor: Tensor) -> int:
    """Return the 32-bit words a tensor takes in state or arena."""
    return -(-size(tensor.shape) * _BYTES[tensor.dtype] // 4)
