"""Torch functions that the layers of torch_cases.py leave out, each a module of its own."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own convention
from torch import nn

Function = Callable[..., Any]


class Rare(nn.Module):
    """A function as a module."""

    def __init__(self, function: Function) -> None:
        super().__init__()
        self.function = function
        self.register_buffer("matrix", torch.linspace(-1.0, 1.0, 24).reshape(4, 6))

    def forward(self, x: torch.Tensor) -> Any:
        return self.function(self, x)


def _compared(c: torch.Tensor) -> torch.Tensor:
    """Compare a constant in every way: only a constant may decide."""
    return ((c > -0.9) & (c <= 0.7)) | c.lt(-0.8) | ~c.ge(-0.3) | c.eq(1.0) & c.ne(0.5)


def _logical(c: torch.Tensor) -> torch.Tensor:
    return torch.logical_or(torch.logical_and(c > 0, c < 0.2), torch.logical_not(c > -0.5))


ONE_ROW: Mapping[str, Function] = {
    "comparisons": lambda net, x: torch.where(
        _compared(net.matrix[:1]), torch.where(net.matrix[1:2].ne(0.5), x, 2 * x), -x
    ),
    "logic": lambda net, x: torch.where(_logical(net.matrix[2:3]), x, -x),
    "clamps": lambda _, x: torch.clamp_max(x, 0.4) + torch.clamp_min(x, -0.2) + F.relu6(9 * x),
    "subtracted": lambda _, x: torch.rsub(x, 1.0, alpha=2.0) + (2.0 - x),
    "products": lambda net, x: torch.addmv(net.matrix[:, 0], net.matrix, x[0]) + torch.dot(x[0], net.matrix[1]),
    "extremes": lambda _, x: x.max() + x.min() + torch.max(x, -x) * torch.min(x, 0.5 * x),
    "filled": lambda _, x: x + x.new_full((1, 6), 0.25) + x.new_ones(6) * x.new_zeros(1) + torch.ones_like(x),
    "triangles": lambda net, x: x @ (torch.triu(torch.eye(6)) + 2 * torch.eye(6).tril()),
    "norms": lambda _, x: torch.norm(x, 2, dim=1) + torch.norm(x),
    "turned": lambda net, x: (x.T * net.matrix[:1].T).view_as(x.T).type_as(x),
    "scatters": lambda _, x: torch.select_scatter(x, 2 * x[:, 1], 1, 3).slice_scatter(x[:, :2] - 1, 1, 4, 6),
    "splits": lambda _, x: torch.split(x, 4, 1)[1] * torch.split(x, [2, 4], 1)[0],
    "in_place": lambda _, x: (x.clone().zero_() + x.clone().fill_(0.5)) * x,
    "dropouts": lambda _, x: F.feature_alpha_dropout(
        F.alpha_dropout(x, training=False) + F.dropout1d(x[None], training=False)[0], training=False
    ),
    "log_softmax": lambda _, x: F.log_softmax(x, 1),
}
IMAGES: Mapping[str, Function] = {
    "reflect": lambda _, x: F.pad(F.pad(x, (1, 2, 2, 1), "reflect")[:, 0], (2, 1), "reflect"),
    "replicate": lambda _, x: F.pad(F.pad(x, (1, 2, 0, 3), "replicate")[:, 0], (2, 2), "replicate"),
    "pools": lambda _, x: F.adaptive_max_pool1d(x[:, 0, :, :4], 2) + F.max_pool1d(x[:, 1], 2, 1)[..., :2],
    "nearest": lambda _, x: F.interpolate(x, scale_factor=2),
    "groups": lambda _, x: F.group_norm(x, 2),
    "matrices": lambda net, x: (x[0] @ net.matrix[:, :5].T)[None],
}


def rare_cases() -> dict[str, tuple[Rare, torch.Tensor]]:
    """Return each module with an example input."""
    row = torch.linspace(-1.2, 1.3, 6).reshape(1, 6)
    image = torch.sin(torch.arange(2 * 6 * 5, dtype=torch.float32)).reshape(1, 2, 6, 5)
    rows = {name: (Rare(function), row) for name, function in ONE_ROW.items()}
    return rows | {name: (Rare(function), image) for name, function in IMAGES.items()}
