"""torch.export programs (`.pt2`): a zip with the graph as JSON and weights as raw bytes, read without torch.

Layout, written by torch.export.save since torch 2.9: models/NAME.json (the schema of torch/_export/serde/schema.py),
data/weights and data/constants (one file a storage, and a table NAME_weights_config.json), data/sample_inputs (a
pickle, never opened). Older ones store the weights as pickles, which are refused.
"""

import hashlib
from pathlib import Path

from nn4mc.errors import ModelError, UnsupportedError
from nn4mc.importers.builder import GraphBuilder
from nn4mc.importers.options import ImportOptions
from nn4mc.importers.pt2_archive import Archive, model_name
from nn4mc.importers.pt2_graph import read_program
from nn4mc.importers.pt2_schema import Program
from nn4mc.importers.pt2_weights import Weights
from nn4mc.ir import Graph

_SCHEMA = 8


def load(path: Path, name: str, options: ImportOptions) -> Graph:
    """Read a torch.export program into a graph.

    Raises ModelError for a damaged or hostile file, UnsupportedError naming everything without a C kernel.
    """
    data = path.read_bytes()
    return read(data, path, name, options, hashlib.sha256(data).hexdigest())


def read(data: bytes, path: Path, name: str, options: ImportOptions, digest: str) -> Graph:
    """Read the bytes of a torch.export program; ``path`` is for messages. Raises as :func:`load`."""
    archive = Archive(data, path, options.limits)
    model = model_name(archive)
    if "byteorder" in archive.names and archive.read("byteorder", 16).strip() != b"little":
        raise ModelError(f"{path}: weights are not little-endian; export on the machine you compile on")
    program = archive.json(f"models/{model}.json", Program)
    if program.schema_version.major != _SCHEMA:
        raise UnsupportedError(
            f"{path}: schema version {program.schema_version.major} (torch {program.torch_version[:20]}), expected "
            f"{_SCHEMA}; export with torch 2.9 to 2.13"
        )
    weights = Weights(archive, model, options.limits)
    return read_program(program, weights, GraphBuilder(name, str(path)), options, digest)
