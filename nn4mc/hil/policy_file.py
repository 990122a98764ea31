"""A policy as its table in a file says it."""

from collections.abc import Mapping

from msgspec.structs import astuple

from nn4mc.control.action import Action
from nn4mc.control.observation import Observed
from nn4mc.control.policy import Policy
from nn4mc.hil.rig_file import ObservedTable, PolicyTable


def policy_of_table(
    table: PolicyTable, sensors: Mapping[str, int], reference: Mapping[str, int], command_len: int
) -> Policy:
    """Return the policy of a table, with the layouts (name -> words) of whatever it shall fly."""
    entries = [one if isinstance(one, ObservedTable) else ObservedTable(one) for one in table.observation]
    return Policy(
        model=table.model,
        observation=tuple(Observed(*astuple(one)) for one in entries),
        sensors=sensors,
        reference=reference,
        command_len=command_len,
        variables=table.variables,
        action=Action(*astuple(table.action)),
        frames=table.frames,
        stateful=table.stateful,
    )
