"""A trained forward model as controllers take it: one step of a plant as a graph, with the meaning of its words."""

from dataclasses import dataclass

from nn4mc.ir import Graph


@dataclass(frozen=True)
class Signal:
    """One input, output or sensor: name, unit (empty for none), and the range it had in training, in that unit."""

    name: str
    unit: str
    low: float
    high: float


@dataclass(frozen=True)
class ForwardModel:
    """y(k) = f(u(k), u(k-1), .. [nd blocks of m]; y(k-1), .. [dd blocks of p]; current sensors [q]), every sample time.

    The graph takes these words in this order, newest block first, and gives y(k). u(k) is in force over the step that
    ends at sample k. A recurrent graph also carries states, one step a sample.
    """

    graph: Graph
    nd: int
    dd: int
    inputs: tuple[Signal, ...]
    outputs: tuple[Signal, ...]
    sensors: tuple[Signal, ...]
    sample_time_s: float

    @property
    def m(self) -> int:
        """Number of inputs."""
        return len(self.inputs)

    @property
    def p(self) -> int:
        """Number of outputs."""
        return len(self.outputs)

    @property
    def q(self) -> int:
        """Number of sensors, 0 where the model sees none."""
        return len(self.sensors)

    @property
    def window_len(self) -> int:
        """Words that the graph takes: nd m + dd p + q."""
        return self.nd * self.m + self.dd * self.p + self.q

    @property
    def stateful(self) -> bool:
        """Whether the graph carries a state from step to step."""
        return bool(self.graph.states)
