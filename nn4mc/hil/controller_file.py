"""Controllers in files of their own: flown by a rig that does not list them, or compiled without any rig."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from nn4mc.api import ControllerCode
from nn4mc.errors import ConfigError
from nn4mc.hil.controller import compile_controller, compile_table, find_model_file, find_model_folder
from nn4mc.hil.rig import Rig, load_rig, with_controller
from nn4mc.hil.rig_file import Controller, NmpcTable, PidTable, read_controller
from nn4mc.hil.surroundings import around_layout
from nn4mc.quantize import Quantizing
from nn4mc.target import DEFAULT_CODE, CodeOptions

RIG_FILE = "rig.toml"
SUFFIX = ".toml"
EVERY = (("all",), ("both",))
"""What stands for every controller that a rig lists."""


def choose_controllers(rig: Rig, wanted: Sequence[str], model: str | None = None) -> tuple[Rig, ...]:
    """Return the rig once for each controller wanted: a name that it lists, or the path of a file that ends in .toml.

    None wanted is the rig's first; `all` and `both` are those that it lists. ``model`` goes in place of the one that a
    controller names; with it and none wanted, the first that has a model flies. Raises ConfigError for an unknown name,
    a file that cannot be taken, or a model that none of them has a use for.
    """
    names = []
    for name in tuple(rig.controllers) if tuple(wanted) in EVERY else wanted or (_first(rig, model),):
        rig, given = _with_file(rig, Path(name)) if name.endswith(SUFFIX) else (rig, name)
        names.append(given)
    chosen = [with_controller(rig, name) for name in names]
    if model is not None and all(isinstance(one.controller, PidTable) for one in chosen):
        raise ConfigError(f"--model {model}: a PID has none, and no other controller was chosen ({', '.join(names)}).")
    return tuple(one if model is None else with_model(one, model) for one in chosen)


def _first(rig: Rig, model: str | None) -> str:
    """Return the rig's chosen controller; to try a model, the first that has one."""
    with_one = [name for name, table in rig.controllers.items() if not isinstance(table, PidTable)]
    return rig.controller_name if model is None or not with_one else with_one[0]


def with_model(rig: Rig, model: str) -> Rig:
    """Return the rig with ``model``, a path or a model that comes with nn4mc, in place of its chosen controller's.

    A PID stays as it is. Raises ConfigError where there is no such model.
    """
    table = rig.controller
    if isinstance(table, PidTable):
        return rig
    changed = msgspec.structs.replace(table, model=_find(table, model, Path.cwd()))
    return replace(rig, controllers={**rig.controllers, rig.controller_name: changed})


def compile_controller_file(
    path: Path,
    rig: Rig | None = None,
    quantizing: Quantizing | None = None,
    code: CodeOptions = DEFAULT_CODE,
) -> ControllerCode:
    """Compile a controller's own file for ``rig``, the one whose rig.toml is beside it, or with the layout it states.

    Raises ConfigError where there is none of them, and what its compiler raises.
    """
    flown = rig_of_file(path, rig)
    if flown is not None:
        return compile_controller(flown, quantizing, code)
    table = read_controller(path)
    if table.layout is None:
        raise ConfigError(
            f"{path}: nothing says what the sensors, the reference and the commands are.\n"
            f"Add a table [layout], name a rig with --rig, or put the file beside a {RIG_FILE}."
        )
    return compile_table(table, around_layout(table.layout, path), quantizing, code)


def rig_of_file(path: Path, rig: Rig | None = None) -> Rig | None:
    """Return ``rig``, or the one whose rig.toml is beside a controller's file, with that file for its only controller.

    None where there is no rig. Raises ConfigError for a file that cannot be taken.
    """
    if rig is None and (path.parent / RIG_FILE).is_file():
        rig = load_rig(path.parent)
    if rig is None:
        return None
    flown, name = _with_file(replace(rig, controllers={}), path)
    return replace(flown, controller_name=name)


def _with_file(rig: Rig, path: Path) -> tuple[Rig, str]:
    """Return the rig with a file among its controllers, and the name it got: the file's, or the folder's with it."""
    table = read_controller(path)
    if not isinstance(table, PidTable):
        table = msgspec.structs.replace(table, model=_find(table, table.model, path.parent))
    name = path.stem if path.stem not in rig.controllers else f"{path.resolve().parent.name}-{path.stem}"
    if name in rig.controllers:
        raise ConfigError(f"{path}: there is another controller '{name}'. Rename the file.")
    return replace(rig, controllers={**rig.controllers, name: table}), name


def _find(table: Controller, model: str, folder: Path) -> str:
    find = find_model_folder if isinstance(table, NmpcTable) else find_model_file
    return str(find(model, folder))
