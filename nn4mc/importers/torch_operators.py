"""The table of ATen operators that are read, gathered from the files by family."""

from nn4mc.importers import (
    torch_conv,
    torch_create,
    torch_einsum,
    torch_elementwise,
    torch_linear,
    torch_masks,
    torch_norm,
    torch_parts,
    torch_rearrange,
    torch_recurrent,
    torch_reduce,
    torch_shape,
)
from nn4mc.importers.torch_network import Reader

READERS: dict[str, Reader] = {
    **torch_conv.READERS,
    **torch_create.PASSES,
    **torch_create.READERS,
    **torch_einsum.READERS,
    **torch_elementwise.READERS,
    **torch_linear.READERS,
    **torch_masks.READERS,
    **torch_norm.READERS,
    **torch_parts.READERS,
    **torch_parts.VIEWS,
    **torch_rearrange.READERS,
    **torch_recurrent.READERS,
    **torch_reduce.READERS,
    **torch_shape.READERS,
    **torch_shape.VIEWS,
}
"""By the name without "aten."; one with its overload (max.other) goes before one without."""

SHARED_MEMORY = frozenset((*torch_create.PASSES, *torch_parts.VIEWS, *torch_shape.VIEWS))
"""Operators whose result may be the memory of their input under another name."""

CHECKS = frozenset(
    (
        "_assert_async",
        "_assert_scalar",
        "_assert_tensor_metadata",
        "sym_constrain_range",
        "sym_constrain_range_for_size",
    )
)
"""Operators that check something and make nothing."""


def reader(op: str) -> Reader | None:
    """Return what reads an operator ("add.Tensor"; in place, "add_.Tensor"), or None when nothing does."""
    base, _, overload = op.partition(".")
    base = base if is_dunder(base) else base.removesuffix("_")
    return READERS.get(f"{base}.{overload}") or READERS.get(base)


def is_in_place(op: str) -> bool:
    """Return whether an operator overwrites its first argument: its name ends with an underscore.

    Only ``detach_`` leaves the values as they are.
    """
    base = op.partition(".")[0]
    return base.endswith("_") and base != "detach_" and not is_dunder(base)


def is_dunder(base: str) -> bool:
    """Return whether an operator bears the name of a Python method, ``__and__``; its underscores say nothing else."""
    return base.startswith("__") and base.endswith("__")
