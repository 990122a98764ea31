"""From what a network gives to a command: order, scale and offset, and back."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from nn4mc.control.observation import Numbers, word_values
from nn4mc.errors import ConfigError
from nn4mc.ir import Array


@dataclass(frozen=True)
class Action:
    """How the words of a command are made of a network's outputs, as a user says it.

    ``command[i] = output[order[i]] * scale[i] + offset[i]``; an empty order is the network's own.
    """

    order: tuple[int, ...] = ()
    scale: Numbers = 1.0
    offset: Numbers = 0.0


@dataclass(frozen=True)
class ActionMap:
    """An `Action` with its numbers spread over the words of a command."""

    order: npt.NDArray[np.intp]
    scale: Array
    offset: Array

    @cached_property
    def plain(self) -> bool:
        """Whether a command is the network's output as it is."""
        own = np.arange(self.order.size)
        return bool((self.order == own).all() and (self.scale == 1).all() and not self.offset.any())

    def command(self, output: Array) -> Array:
        """Return the command (..., command_len) that a network's output asks for."""
        return output[..., self.order] * self.scale + self.offset

    def output(self, command: Array) -> Array:
        """Return the output (..., command_len) that asks for a command."""
        found = np.empty_like(command)
        found[..., self.order] = (command - self.offset) / self.scale
        return found


def make_action_map(action: Action, command_len: int) -> ActionMap:
    """Return the map of an action; ConfigError where its numbers do not fit a command of ``command_len`` words."""
    order = action.order or tuple(range(command_len))
    if sorted(order) != list(range(command_len)):
        raise ConfigError(f"action: order is {list(order)}, expected each of 0 to {command_len - 1} once")
    scale = word_values(action.scale, command_len, "action: scale")
    if not np.float32(scale).all():
        raise ConfigError("action: scale is 0, and no output would move the command")
    return ActionMap(np.array(order), scale, word_values(action.offset, command_len, "action: offset"))
