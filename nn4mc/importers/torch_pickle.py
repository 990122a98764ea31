"""Refuses torch's pickled files: loading a pickle runs the code inside it, so that none is ever opened."""

from pathlib import Path

from nn4mc.errors import UnsupportedError
from nn4mc.importers.options import ImportOptions
from nn4mc.importers.torch_advice import EXPORT_ADVICE
from nn4mc.ir import Graph


def load(path: Path, _name: str, _options: ImportOptions) -> Graph:
    """Raise UnsupportedError with the export that works; the file is not read."""
    raise UnsupportedError(
        f"{path}: a '{path.suffix}' file is a pickle, and loading one runs the code inside it. Where the model is:\n"
        f"{EXPORT_ADVICE}"
    )
