"""Where every tensor lives: lifetimes become offsets in one arena, states and outputs are written in place if safe.

Offsets into inputs and outputs count elements; those into state and arena count 32-bit words. A view (a reshape) is its
input under another name: it has no memory of its own. An optional output that nobody reads has no memory at all.
"""

from dataclasses import dataclass

from nn4mc.ir import FLOAT32, INT8, INT16, INT32, Graph, Node, State, Tensor
from nn4mc.ops import operator
from nn4mc.ops.base import size
from nn4mc.plan.arena import Lifetime, arena_length, assign_offsets
from nn4mc.plan.layout import Copy, Location, Plan, Region
from nn4mc.plan.unread import unread_outputs

_BYTES = {FLOAT32: 4, INT8: 1, INT16: 2, INT32: 4}


@dataclass
class _Buffer:
    """A stretch of the arena, alive from node ``first`` to node ``last``."""

    words: int
    first: int
    last: int
    offset: int = 0


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
        self.aside: dict[str, _Buffer] = {}
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
        """Whether the node that makes ``new`` may write it over ``old``, both roots.

        As many elements in each: then ``old`` is not stretched, and a pointwise operator has read an element, however
        often, before it writes in its place.
        """
        made = self.made_at.get(new)
        if made is None:
            return False
        node = self.graph.nodes[made]
        sources = [self.root[name] for name in node.inputs]
        takes_over = any(sources[index] == old for index in _overwritten(node, new))
        alone = sources.count(old) == 1 or operator(node.op).pointwise
        return takes_over and alone and self.count[old] == self.count[new] and self.last_use[old] == made

    def place_rest(self) -> None:
        """Everything else, and the scratch memory of each node, goes into the arena."""
        for i, node in enumerate(self.graph.nodes):
            words = operator(node.op).scratch(node, [self.graph.tensors[name].shape for name in node.inputs])
            if words:
                self.scratch[node.name] = _Buffer(words, i, i)
            for name in node.outputs:
                if name not in self.locations and self.root[name] == name and name not in self.unread:
                    self._place_output_of(node, i, name)
        for state in self._moved_states():
            end = len(self.graph.nodes)
            self.aside[state.after] = _Buffer(self.words[state.before], end, end)
        self._assign_offsets()

    def _place_output_of(self, node: Node, i: int, name: str) -> None:
        """Give an output the buffer of an input, if it may be written over it, or one of its own."""
        last = self.last_use.get(name, i)
        for index in _overwritten(node, name):
            source = self.root[node.inputs[index]]
            if source in self.buffers and self._in_place(source, name):
                self.buffers[name] = self.buffers[source]
                self.buffers[name].last = last
                return
        self.buffers[name] = _Buffer(self.words[name], i, last)

    def _moved_states(self) -> list[State]:
        """Return the states whose next value is another's old one: it goes aside before any is overwritten."""
        found = []
        for state in self.graph.states:
            at = self.locations.get(self.root[state.after])
            if at is not None and at.region is Region.STATE and at != self.locations[state.before]:
                found.append(state)
        return found

    def _assign_offsets(self) -> None:
        everything = (*self.buffers.values(), *self.scratch.values(), *self.aside.values())
        distinct = list({id(buffer): buffer for buffer in everything}.values())
        lifetimes = [Lifetime(one.words, one.first, one.last) for one in distinct]
        offsets = assign_offsets(lifetimes)
        for buffer, offset in zip(distinct, offsets, strict=True):
            buffer.offset = offset
        self.arena_len = arena_length(lifetimes, offsets)
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
                aside = Location(Region.ARENA, self.aside[state.after].offset)
                first.append(self._copy(state.after, source, aside))
                source = aside
            second.append(self._copy(state.after, source, target))
        return [*first, *second]


def _overwritten(node: Node, output: str) -> tuple[int, ...]:
    """Return the inputs of a node whose memory an output may reuse."""
    op, index = operator(node.op), node.outputs.index(output)
    return op.in_place if index == 0 else tuple(source for source, made in op.carried if made == index)


def _words(tensor: Tensor) -> int:
    """Return the 32-bit words a tensor takes in state or arena."""
    return -(-size(tensor.shape) * _BYTES[tensor.dtype] // 4)
