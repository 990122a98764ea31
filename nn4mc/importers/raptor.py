"""Finds the published RAPTOR policy: the checkpoint inside the PyPI package foundation-policy."""

from importlib.util import find_spec
from pathlib import Path

from nn4mc.errors import ToolMissingError


def raptor_checkpoint() -> Path:
    """Return the path of RAPTOR's checkpoint; the package that holds it is found, not imported.

    Raises ToolMissingError when foundation-policy is not installed.
    """
    spec = find_spec("foundation_policy")
    if spec is None or spec.origin is None:
        raise ToolMissingError(
            "The model 'raptor' comes with the PyPI package foundation-policy: pip install 'nn4mc[raptor]'"
        )
    return Path(spec.origin).parent / "blob" / "checkpoint.h5"
