"""Refuses torch's pickled files: loading a pickle runs the code inside it, so that none is ever opened."""

from pathlib import Path

from nn4mc.errors import UnsupportedError
from nn4mc.importers.options import ImportOptions
from nn4mc.importers.torch_advice import EXPORT_ADVICE
from nn4mc.ir import Graph


def load(path: Path, _name: str, _options: ImportOptions) -> Graph:
    """Raise UnsupportedError with the export that works; the file is not read."""
    raise UnsupportedError(
        f"{path}: '{path.suffix}' files are pickles, and loading one runs the code inside it. In Python, with the model:\n"
        f"{EXPORT_ADVICE}"
    )
