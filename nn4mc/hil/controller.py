"""The C controller of a rig: from rig.toml to a folder that firmware and twin are built from.

``python -m nn4mc.hil.controller RIG DIR [CONTROLLER]`` writes the folder; the PlatformIO project calls it.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from nn4mc.api import ControllerCode, compile_nmpc, compile_pid, compile_policy
from nn4mc.control.executor import Executor
from nn4mc.control.nmpc import BarrierBox, Nmpc
from nn4mc.control.pid import Pid
from nn4mc.control.policy import Policy
from nn4mc.errors import ConfigError, Nn4mcError
from nn4mc.forward_model import ForwardModel
from nn4mc.hil.rig import Rig, load_rig, with_controller
from nn4mc.hil.rig_file import LayoutTable, NmpcTable, PidTable, PolicyTable, Signal, kind_of, read_controller
from nn4mc.quantize import Quantizing
from nn4mc.resources import resource
from nn4mc.target import DEFAULT_CODE, CodeOptions
from nn4mc.train.load import load_trained

RIG_FILE = "rig.toml"


def policy_of(rig: Rig) -> Policy:
    """Return the policy chosen for a rig; ConfigError for a controller of another kind."""
    table = rig.controller
    if not isinstance(table, PolicyTable):
        raise ConfigError(f"rig '{rig.name}': controller '{rig.controller_name}' is a {kind_of(table)}, not a policy")
    return Policy(
        model=table.model,
        observation=table.observation,
        sensors=_layout(rig.sensors),
        reference=_layout(rig.reference),
        command_len=rig.command_len,
        variables=table.variables,
        executor=Executor(table.executor.native_period_s, table.executor.rest) if table.executor else None,
    )


def pid_of(rig: Rig) -> Pid:
    """Return the PID chosen for a rig; ConfigError for another kind, or a rig that states no range for its commands."""
    table = rig.controller
    if not isinstance(table, PidTable):
        raise ConfigError(f"rig '{rig.name}': controller '{rig.controller_name}' is a {kind_of(table)}, not a PID")
    minimum, maximum = command_limits(rig)
    return Pid(
        period_s=rig.period_s,
        sensors=_layout(rig.sensors),
        reference=_layout(rig.reference),
        minimum=minimum,
        maximum=maximum,
        **{name: getattr(table, name) for name in PidTable.__struct_fields__ if name != "tuning"},
    )


def nmpc_of(rig: Rig) -> Nmpc:
    """Return the predictive controller chosen for a rig; ConfigError for another kind or another sample time."""
    table = rig.controller
    if not isinstance(table, NmpcTable):
        raise ConfigError(f"rig '{rig.name}': controller '{rig.controller_name}' is a {kind_of(table)}, not an nmpc")
    minimum, maximum = command_limits(rig)
    layout = LayoutTable(_layout(rig.sensors), _layout(rig.reference), minimum, maximum)
    made = _nmpc(table, layout, rig.folder)
    if abs(made.model.sample_time_s - rig.period_s) > 1e-3 * rig.period_s:
        raise ConfigError(
            f"rig '{rig.name}' steps every {rig.period_s:g} s, and the model '{table.model}' was trained for "
            f"{made.model.sample_time_s:g} s. Train it with sample_time_s = {rig.period_s:g}."
        )
    return made


def _nmpc(table: NmpcTable, layout: LayoutTable, folder: Path) -> Nmpc:
    model = load_trained(_model_folder(table.model, folder))
    given = {
        name: getattr(table, name)
        for name in NmpcTable.__struct_fields__
        if name not in ("model", "plausible", "barrier", "layout")
    }
    box = table.barrier
    return Nmpc(
        model=model,
        sensors=layout.sensors,
        reference=layout.reference,
        minimum=layout.minimum,
        maximum=layout.maximum,
        plausible=table.plausible or _wide(model),
        barrier=None if box is None else BarrierBox(box.s, box.r, box.b),
        **given,
    )


def _wide(model: ForwardModel) -> tuple[tuple[float, float], ...]:
    """Return for each output its range in training, three times as wide."""
    return tuple((2 * one.low - one.high, 2 * one.high - one.low) for one in model.outputs)


def _model_folder(name: str, folder: Path) -> Path:
    """Return the folder of a model: beside the controller's file, or among those that come with nn4mc."""
    beside = folder / name
    if beside.is_dir():
        return beside
    try:
        return resource("models", name)
    except FileNotFoundError as error:
        raise ConfigError(
            f"model '{name}' is neither a folder in {folder} nor a model that comes with nn4mc. Train it: nn4mc train."
        ) from error


def compile_controller_file(path: Path, code: CodeOptions = DEFAULT_CODE) -> ControllerCode:
    """Compile a controller's own file: with the rig.toml beside it, or with the layout that it states.

    Raises ConfigError where there is neither, and what its compiler raises.
    """
    table = read_controller(path)
    if isinstance(table, NmpcTable) and table.layout is not None:
        return compile_nmpc(_nmpc(table, table.layout, path.parent), code)
    if not (path.parent / RIG_FILE).is_file():
        raise ConfigError(
            f"{path}: there is no {RIG_FILE} beside it to say what the sensors, the reference and the commands are. "
            "A controller of kind nmpc may say so in a table [layout]."
        )
    rig = load_rig(path.parent)
    return compile_controller(replace(rig, controllers={path.stem: table}, controller_name=path.stem), code=code)


def command_limits(rig: Rig) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the least and the greatest command (command_len each); ConfigError where the rig states no range."""
    limits: list[tuple[float, float]] = []
    for signal in rig.command:
        if signal.range is None:
            raise ConfigError(f"rig '{rig.name}': command '{signal.name}' needs a range for this controller")
        limits += [signal.range] * signal.size
    return tuple(low for low, _ in limits), tuple(high for _, high in limits)


def compile_controller(
    rig: Rig, quantizing: Quantizing | None = None, code: CodeOptions = DEFAULT_CODE
) -> ControllerCode:
    """Compile the controller chosen for a rig, its network quantised if asked for; raises what its compiler raises.

    Raises ConfigError for a controller without a network to quantise.
    """
    if isinstance(rig.controller, PidTable):
        _refuse_quantizing(rig, quantizing)
        return compile_pid(pid_of(rig), code)
    if isinstance(rig.controller, NmpcTable):
        _refuse_quantizing(rig, quantizing)
        return compile_nmpc(nmpc_of(rig), code)
    return compile_policy(policy_of(rig), quantizing, code)


def _refuse_quantizing(rig: Rig, quantizing: Quantizing | None) -> None:
    """A PID has no network, and integers have no derivative."""
    if quantizing is not None:
        what = "no network to quantise" if isinstance(rig.controller, PidTable) else "a network that must be float"
        raise ConfigError(f"rig '{rig.name}': controller '{rig.controller_name}' has {what}")


def _layout(signals: Sequence[Signal]) -> dict[str, int]:
    return {signal.name: signal.size for signal in signals}


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
