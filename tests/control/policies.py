"""Policies with layouts of their own, on networks drawn at random, and their C built for this machine."""

from dataclasses import dataclass, replace
from pathlib import Path

from nn4mc.api import ControllerCode, compile_graph, policy_code
from nn4mc.control.action import Action
from nn4mc.control.observation import Observed, observed
from nn4mc.control.policy import Policy, observation_len
from nn4mc.hil.twin import Twin, build_twin
from nn4mc.ir import Graph
from tests.control.nmpcs import feedforward, recurrent

SENSORS = {"position": 3, "quaternion": 4, "velocity": 3, "angular_velocity": 3}
REFERENCE = {"position": 3, "velocity": 3}
EVERY_TERM = (
    Observed("position_error", clip=1.5),
    Observed("body_position_error", scale=2.0, clip=(0.5, 0.75, 1.0)),
    Observed("velocity_error", scale=(0.5, 0.25, 2.0), offset=(0.1, -0.2, 0.3)),
    Observed("body_velocity_error", steps=2),
    *observed("rotation_matrix", "projected_gravity"),
    Observed("angular_velocity", scale=0.2, offset=0.01, clip=0.3, steps=3),
    Observed("sensor.quaternion"),
    Observed("sensor.velocity", scale=-0.3),
    Observed("reference.position", offset=0.5),
    Observed("previous_action", steps=4),
)


def policy(observation: tuple[Observed, ...] = EVERY_TERM, command_len: int = 4, **changes: object) -> Policy:
    made = Policy("", observation, SENSORS, REFERENCE, command_len)
    return replace(made, **changes)  # type: ignore[arg-type]


MIXED = Action(order=(2, 0, 3, 1), scale=(0.5, 0.4, -0.3, 2.0), offset=(0.1, -0.2, 0.3, 0.0))
POLICIES = {
    "every term, mlp": policy(),
    "three frames, action mapped": policy(EVERY_TERM[3:], frames=3, action=MIXED),
    "rate-limited and clipped": policy(
        action=MIXED, variables={"rate_limit": 0.05, "initial_action": 0.3, "position_clip": 0.4, "velocity_clip": 0.7}
    ),
    "gru": policy(observed("body_position_error", "sensor.velocity", "previous_action"), action=MIXED),
    "lstm": policy((*EVERY_TERM[1:4], Observed("previous_action", scale=0.5, offset=0.5, steps=2)), frames=2),
}


def graph_of(case: str) -> Graph:
    words = observation_len(POLICIES[case])
    if case in ("gru", "lstm"):
        return recurrent(case, words, 8, 4, seed=3)
    return feedforward((words, 16, 16, 4), seed=5)


@dataclass(frozen=True)
class Built:
    policy: Policy
    code: ControllerCode
    folder: Path

    def twin(self) -> Twin:
        return Twin(build_twin(self.folder / "c", self.folder / "twin"))


def build(made: Policy, graph: Graph, folder: Path) -> Built:
    code = policy_code(made, compile_graph(graph))
    code.write(folder / "c")
    return Built(made, code, folder)
