"""A live torch module as a graph: exported by torch itself to a temporary `.pt2`, which the one reader reads."""

import hashlib
import re
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nn4mc.errors import ModelError, ToolMissingError
from nn4mc.importers import pt2
from nn4mc.importers.options import DEFAULT_OPTIONS, ImportOptions
from nn4mc.ir import Graph

if TYPE_CHECKING:
    import torch


def load_module(
    module: "torch.nn.Module",
    example_inputs: "torch.Tensor | Sequence[Any]",
    name: str | None = None,
    options: ImportOptions = DEFAULT_OPTIONS,
    keyword_inputs: Mapping[str, Any] | None = None,
) -> Graph:
    """Export a torch module in evaluation mode and return its graph.

    ``example_inputs`` are the arguments of forward (one tensor, or several in a sequence); the graph has their shapes.
    ``name`` is by default that of the module's class. Raises ToolMissingError without torch 2.9 or newer, ModelError
    when torch cannot export the module, UnsupportedError naming everything without a C kernel.
    """
    try:
        import torch  # noqa: PLC0415 - no part of nn4mc imports torch but this
    except ImportError as error:
        raise ToolMissingError("A live torch module needs torch 2.9 or newer: pip install torch") from error
    inputs = (example_inputs,) if isinstance(example_inputs, torch.Tensor) else tuple(example_inputs)
    title = name or _snake_case(type(module).__name__)
    with tempfile.TemporaryDirectory() as folder, _evaluation_mode(module), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / "model.pt2"
        try:
            torch.export.save(torch.export.export(module, inputs, dict(keyword_inputs or {})), path)
        except Exception as error:  # torch and the module's own code may raise anything
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise ModelError(f"{title}: torch.export cannot export the module ({reason[:300]})") from error
        graph = pt2.read(path.read_bytes(), Path(f"{title}.pt2"), title, options, "")
    return replace(graph, source=replace(graph.source, sha256=_fingerprint(graph)))


def _fingerprint(graph: Graph) -> str:
    """Return a sha256 of nodes and constants: torch's own file holds paths of the machine that wrote it."""
    digest = hashlib.sha256()
    for node in graph.nodes:
        digest.update(repr((node.op, node.inputs, node.outputs, sorted(node.attributes.items()))).encode())
    for tensor in graph.tensors.values():
        digest.update(repr((tensor.name, tensor.shape)).encode())
        digest.update(b"" if tensor.data is None else tensor.data.tobytes())
    return digest.hexdigest()


@contextmanager
def _evaluation_mode(module: "torch.nn.Module") -> Iterator[None]:
    """Set a module and all inside it to evaluation mode for a while."""
    training = {one: one.training for one in module.modules()}
    module.eval()
    try:
        yield
    finally:
        for one, was in training.items():
            one.training = was


def _snake_case(name: str) -> str:
    """Return a class name as a model name.

    >>> _snake_case("PolicyNet")
    'policy_net'
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
