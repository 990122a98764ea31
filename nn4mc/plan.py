"""Where every tensor lives: lifetimes become offsets in one arena, states and outputs are written in place if safe.

All sizes and offsets are in float32 words. The arena is filled greedily, largest buffer first, each at the lowest
offset that no buffer alive at the same time occupies.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from nn4mc.ir import Graph, Node
from nn4mc.ops import operator
from nn4mc.ops.base import size


class Region(Enum):
    """The memory a tensor lives in."""

    CONSTANT = "constant"
    INPUT = "input"
    OUTPUT = "output"
    STATE = "state"
    ARENA = "arena"


@dataclass(frozen=True)
class Location:
    """A place: ``offset`` words into a region (0 for constants, which have their own array)."""

    region: Region
    offset: int


@dataclass(frozen=True)
class Copy:
    """Words of ``tensor`` to move after the last node ran."""

    tensor: str
    source: Location
    target: Location
    words: int


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
        self.words = {name: size(tensor.shape) for name, tensor in graph.tensors.items()}
        self.made_at = {name: i for i, node in enumerate(graph.nodes) for name in node.outputs}
        self.last_use = self._last_uses()
        self.locations: dict[str, Location] = {}
        self.copied_outputs: list[tuple[str, Location]] = []
        self.buffers: dict[str, _Buffer] = {}
        self.scratch: dict[str, _Buffer] = {}
        self.in_len = self.out_len = self.state_len = self.arena_len = 0

    def _last_uses(self) -> dict[str, int]:
        end = len(self.graph.nodes)
        last = {name: i for i, node in enumerate(self.graph.nodes) for name in node.inputs}
        last.update(dict.fromkeys(self.graph.outputs, end))
        last.update(dict.fromkeys((state.after for state in self.graph.states), end))
        return last

    def place_fixed(self) -> None:
        """Constants, inputs and the states before the step."""
        for name, tensor in self.graph.tensors.items():
            if tensor.data is not None:
                self.locations[name] = Location(Region.CONSTANT, 0)
        for name in self.graph.inputs:
            self.locations[name] = Location(Region.INPUT, self.in_len)
            self.in_len += self.words[name]
        for state in self.graph.states:
            self.locations[state.before] = Location(Region.STATE, self.state_len)
            self.state_len += self.words[state.before]

    def place_outputs(self) -> None:
        """A node writes an output straight to the caller, unless it is a state too or stands there already."""
        states = {state.after for state in self.graph.states}
        for name in self.graph.outputs:
            target = Location(Region.OUTPUT, self.out_len)
            self.out_len += self.words[name]
            if name in self.made_at and name not in states and name not in self.locations:
                self.locations[name] = target
            else:
                self.copied_outputs.append((name, target))

    def place_states(self) -> None:
        """A node updates its state in place, where nobody needs the old one any more."""
        for state in self.graph.states:
            if state.after not in self.locations and self._in_place(state.before, state.after):
                self.locations[state.after] = self.locations[state.before]

    def _in_place(self, old: str, new: str) -> bool:
        made = self.made_at.get(new)
        if made is None:
            return False
        node = self.graph.nodes[made]
        index = operator(node.op).in_place
        takes_over = index is not None and node.inputs[index] == old and node.inputs.count(old) == 1
        return takes_over and self.last_use[old] == made and self.words[old] == self.words[new]

    def place_rest(self) -> None:
        """Everything else, and the scratch memory of each node, goes into the arena."""
        for i, node in enumerate(self.graph.nodes):
            words = operator(node.op).scratch(node, [self.graph.tensors[name].shape for name in node.inputs])
            if words:
                self.scratch[node.name] = _Buffer([], words, i, i)
            for name in node.outputs:
                if name not in self.locations:
                    self._place_output_of(node, i, name)
        self._assign_offsets()

    def _place_output_of(self, node: Node, i: int, name: str) -> None:
        last = self.last_use.get(name, i)
        index = operator(node.op).in_place
        source = node.inputs[index] if index is not None else None
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
        return [Copy(name, self.locations[name], target, self.words[name]) for name, target in self.copied_outputs]

    def _state_copies(self) -> list[Copy]:
        """Old states that become other states go through the arena first, so that no order of copies matters."""
        first, second = [], []
        for state in self.graph.states:
            source, target = self.locations[state.after], self.locations[state.before]
            words = self.words[state.before]
            if source == target:
                continue
            if source.region is Region.STATE:
                aside = Location(Region.ARENA, self.arena_len)
                self.arena_len += words
                first.append(Copy(state.after, source, aside, words))
                source = aside
            second.append(Copy(state.after, source, target, words))
        return [*first, *second]
