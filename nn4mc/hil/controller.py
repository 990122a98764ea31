"""The C controller of a rig: from rig.toml to a folder that firmware and twin are built from.

``python -m nn4mc.hil.controller RIG DIR [CONTROLLER]`` writes the folder; the PlatformIO project calls it.
"""

import sys
from dataclasses import replace
from pathlib import Path

from nn4mc.api import ControllerCode, compile_nmpc, compile_pid, compile_policy
from nn4mc.control.nmpc import BarrierBox, Nmpc
from nn4mc.control.pid import Pid
from nn4mc.control.policy import Policy
from nn4mc.errors import ConfigError, Nn4mcError
from nn4mc.forward_model import ForwardModel
from nn4mc.hil.policy_file import policy_of_table
from nn4mc.hil.rig import Rig, load_rig, with_controller
from nn4mc.hil.rig_file import Controller, NmpcTable, PidTable, PolicyTable, kind_of
from nn4mc.hil.surroundings import Surroundings, around_rig, limits_of
from nn4mc.importers import BUILT_IN
from nn4mc.quantize import Quantizing
from nn4mc.resources import resource
from nn4mc.target import DEFAULT_CODE, CodeOptions
from nn4mc.train.load import load_trained


def policy_of(rig: Rig) -> Policy:
    """Return the policy chosen for a rig; ConfigError for a controller of another kind."""
    table = rig.controller
    if not isinstance(table, PolicyTable):
        raise ConfigError(f"rig '{rig.name}': controller '{rig.controller_name}' is a {kind_of(table)}, not a policy")
    return _policy(table, around_rig(rig))


def _policy(table: PolicyTable, around: Surroundings) -> Policy:
    return replace(policy_of_table(table, around), model=find_model_file(table.model, around.folder))


def pid_of(rig: Rig) -> Pid:
    """Return the PID chosen for a rig; ConfigError for another kind, or a rig that states no range for its commands."""
    table = rig.controller
    if not isinstance(table, PidTable):
        raise ConfigError(f"rig '{rig.name}': controller '{rig.controller_name}' is a {kind_of(table)}, not a PID")
    return _pid(table, around_rig(rig))


def _pid(table: PidTable, around: Surroundings) -> Pid:
    if around.period_s is None:
        raise ConfigError(f"{around.owner}, at layout: a PID needs period_s there, the time between two steps in s")
    minimum, maximum = limits_of(around)
    return Pid(
        period_s=around.period_s,
        sensors=around.sensors,
        reference=around.reference,
        minimum=minimum,
        maximum=maximum,
        **{name: getattr(table, name) for name in PidTable.__struct_fields__ if name not in ("tuning", "layout")},
    )


def nmpc_of(rig: Rig) -> Nmpc:
    """Return the predictive controller chosen for a rig; ConfigError for another kind or another sample time."""
    table = rig.controller
    if not isinstance(table, NmpcTable):
        raise ConfigError(f"rig '{rig.name}': controller '{rig.controller_name}' is a {kind_of(table)}, not an nmpc")
    return _nmpc(table, around_rig(rig))


def _nmpc(table: NmpcTable, around: Surroundings) -> Nmpc:
    model = load_trained(find_model_folder(table.model, around.folder))
    period_s = around.period_s
    if period_s is not None and abs(model.sample_time_s - period_s) > 1e-3 * period_s:
        raise ConfigError(
            f"{around.owner} steps every {period_s:g} s, and the model '{table.model}' was trained for "
            f"{model.sample_time_s:g} s. Train it with sample_time_s = {period_s:g}."
        )
    given = {
        name: getattr(table, name)
        for name in NmpcTable.__struct_fields__
        if name not in ("model", "plausible", "barrier", "layout")
    }
    box, (minimum, maximum) = table.barrier, limits_of(around)
    return Nmpc(
        model=model,
        sensors=around.sensors,
        reference=around.reference,
        minimum=minimum,
        maximum=maximum,
        plausible=table.plausible or _wide(model),
        barrier=None if box is None else BarrierBox(box.s, box.r, box.b),
        **given,
    )


def _wide(model: ForwardModel) -> tuple[tuple[float, float], ...]:
    """Return for each output its range in training, three times as wide."""
    return tuple((2 * one.low - one.high, 2 * one.high - one.low) for one in model.outputs)


def find_model_folder(name: str, folder: Path) -> Path:
    """Return the folder of a model: in ``folder``, or among those that come with nn4mc; ConfigError for neither."""
    if (folder / name).is_dir():
        return (folder / name).resolve()
    try:
        return resource("models", name)
    except FileNotFoundError as error:
        raise ConfigError(
            f"model '{name}' is neither a folder in {folder.resolve()} nor a model that comes with nn4mc.\n"
            "Train it: nn4mc train."
        ) from error


def find_model_file(name: str, folder: Path) -> str:
    """Return the path of a policy's model in ``folder``, or a built-in name as it is; ConfigError for neither."""
    if (folder / name).is_file():
        return str((folder / name).resolve())
    if name not in BUILT_IN:
        raise ConfigError(
            f"model '{name}' is neither a file in {folder.resolve()} nor built in. Built-in: {', '.join(BUILT_IN)}."
        )
    return name


def compile_controller(
    rig: Rig, quantizing: Quantizing | None = None, code: CodeOptions = DEFAULT_CODE
) -> ControllerCode:
    """Compile the controller chosen for a rig, its network quantised if asked for; raises what its compiler raises.

    Raises ConfigError for a controller without a network to quantise.
    """
    return compile_table(rig.controller, around_rig(rig), quantizing, code)


def compile_table(
    table: Controller, around: Surroundings, quantizing: Quantizing | None, code: CodeOptions
) -> ControllerCode:
    """Compile a controller of any kind within its surroundings; otherwise as `compile_controller`."""
    if isinstance(table, PolicyTable):
        return compile_policy(_policy(table, around), quantizing, code)
    if quantizing is not None:
        what = "has no network to quantise" if isinstance(table, PidTable) else "needs its network in float"
        raise ConfigError(f"{around.owner}: a controller of kind {kind_of(table)} {what}. Leave --quantize out.")
    if isinstance(table, PidTable):
        return compile_pid(_pid(table, around), code)
    return compile_nmpc(_nmpc(table, around), code)


def write_controller(rig: Rig, folder: Path, code: CodeOptions = DEFAULT_CODE) -> ControllerCode:
    """Write the rig's controller into ``folder`` and return what was written; raises as `compile_controller`."""
    controller = compile_controller(rig, code=code)
    controller.write(folder)
    return controller


def main() -> int:
    """Write controller ``argv[3]``, or the first, of rig ``argv[1]`` into folder ``argv[2]``; the exit status."""
    rig_name, folder, *names = sys.argv[1:]
    try:
        rig = load_rig(rig_name)
        write_controller(with_controller(rig, names[0]) if names else rig, Path(folder))
    except Nn4mcError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
