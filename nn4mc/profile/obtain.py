"""A profile from whatever a user names: a saved profile, a folder of generated C, or a model."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from nn4mc.api import compile_model
from nn4mc.errors import ConfigError
from nn4mc.importers.options import DEFAULT_OPTIONS, ImportOptions
from nn4mc.profile.network import DEFAULT_CONDITIONS, Conditions, profile_folder, profile_network
from nn4mc.profile.result import Profile, read_profile
from nn4mc.target import DEFAULT_CODE, CodeOptions


def read_rows(path: Path) -> npt.NDArray[np.generic]:
    """Read inputs from a .npy file; ConfigError when it is none."""
    try:
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ConfigError(f"{path}: cannot be read as .npy: {error}") from error
    if not isinstance(found, np.ndarray):
        raise ConfigError(f"{path}: is an archive of arrays, expected one array as numpy.save writes it.")
    return found


def obtain_profile(
    what: str,
    rows: npt.ArrayLike | None = None,
    conditions: Conditions = DEFAULT_CONDITIONS,
    options: ImportOptions = DEFAULT_OPTIONS,
    code: CodeOptions = DEFAULT_CODE,
) -> Profile:
    """Return the profile of ``what``: a ``.json`` file is read, a folder is built as it is, a model is compiled.

    Raises what :func:`nn4mc.profile.network.profile_network` and compiling raise.
    """
    path = Path(what)
    if path.suffix == ".json" and path.is_file():
        return read_profile(path)
    if path.is_dir():
        return profile_folder(path, rows, conditions)
    network = compile_model(what, target_name=conditions.target.name, options=options, code=code)
    return profile_network(network, rows, conditions)
