"""A policy as its table in a file says it."""

from dataclasses import replace
from pathlib import Path

from msgspec.structs import astuple

from nn4mc.control.action import Action
from nn4mc.control.executor import Executor
from nn4mc.control.observation import Observed
from nn4mc.control.policy import Policy
from nn4mc.errors import ConfigError
from nn4mc.hil.rig import Rig, load_rig
from nn4mc.hil.rig_file import ObservedTable, PolicyTable, kind_of, read_controller
from nn4mc.hil.surroundings import Surroundings, around_layout, around_rig
from nn4mc.importers import BUILT_IN

RIG_FILE = "rig.toml"


def policy_of_table(table: PolicyTable, around: Surroundings) -> Policy:
    """Return the policy of a table within its surroundings, its model as it is named there.

    Raises ConfigError for other commands than -1 to 1.
    """
    if around.limits is not None and around.limits != ((-1.0,) * around.command_len, (1.0,) * around.command_len):
        raise ConfigError(f"{around.owner}: a policy's commands lie between -1 and 1, each; these have another range")
    entries = [one if isinstance(one, ObservedTable) else ObservedTable(one) for one in table.observation]
    return Policy(
        model=table.model,
        observation=tuple(Observed(*astuple(one)) for one in entries),
        sensors=around.sensors,
        reference=around.reference,
        command_len=around.command_len,
        variables=table.variables,
        executor=Executor(table.executor.native_period_s, table.executor.rest) if table.executor else None,
        action=Action(*astuple(table.action)),
        frames=table.frames,
        stateful=table.stateful,
    )


def read_policy(path: str | Path, rig: Rig | None = None) -> Policy:
    """Return the policy of a file for ``rig``, the one whose rig.toml is beside it, or with the layout it states.

    The model need not be there yet: what it shall be trained on is. Raises ConfigError for a file that cannot be read,
    of another kind, or that nothing says the sensors of.
    """
    path = Path(path)
    table = read_controller(path)
    if not isinstance(table, PolicyTable):
        raise ConfigError(f"{path}: is a controller of kind {kind_of(table)}, expected a policy")
    if rig is None and (path.parent / RIG_FILE).is_file():
        rig = load_rig(path.parent)
    if rig is not None:
        around = around_rig(replace(rig, controllers={path.stem: table}, controller_name=path.stem))
    elif table.layout is not None:
        around = around_layout(table.layout, path)
    else:
        raise ConfigError(
            f"{path}: nothing says what the sensors, the reference and the commands are.\n"
            f"Add a table [layout], name a rig with --rig, or put the file beside a {RIG_FILE}."
        )
    named = table.model in BUILT_IN and not (path.parent / table.model).is_file()
    return replace(policy_of_table(table, around), model=table.model if named else str(path.parent / table.model))
