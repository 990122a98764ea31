"""Layer options drawn at random from seeds: each draw is a model of one or two layers, by name."""

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import layers as kl

from tests.importers.keras_models import Case, chain

Generator = np.random.Generator
ACTIVATIONS = ("linear", "relu", "tanh", "sigmoid", "silu", "softplus", "hard_sigmoid", "gelu")


def _pick(rng: Generator, *values: Any) -> Any:
    return values[int(rng.integers(len(values)))]


def _window(rng: Generator, dims: int, square: bool = False) -> dict[str, Any]:
    """Return strides or dilations, never both: Keras refuses that."""
    kernel = tuple(int(n) for n in rng.integers(1, 4, dims))
    many = tuple(int(n) for n in rng.integers(1, 3, dims))
    many = (many[0],) * dims if square else many
    ones = (1,) * dims
    strides, dilations = (many, ones) if rng.random() < 0.6 else (ones, many)
    return {"kernel_size": kernel, "strides": strides, "dilation_rate": dilations}


def _conv(rng: Generator, dims: int) -> Any:
    groups = int(rng.integers(1, 3))
    padding = _pick(rng, "valid", "same", "causal") if dims == 1 else _pick(rng, "valid", "same")
    layer = (kl.Conv1D, kl.Conv2D)[dims - 1](
        2 * groups,
        **_window(rng, dims),
        groups=groups,
        padding=padding,
        use_bias=bool(rng.integers(2)),
        activation=_pick(rng, *ACTIVATIONS),
    )
    return chain((*(int(n) for n in rng.integers(6, 10, dims)), 2 * groups), layer)


def _depthwise(rng: Generator, dims: int) -> Any:
    window = _window(rng, dims, square=True)
    options = {"padding": _pick(rng, "valid", "same"), "depth_multiplier": int(rng.integers(1, 3)), **window}
    options["use_bias"] = bool(rng.integers(2))
    plain = bool(rng.integers(2))
    if plain:
        layer = (kl.DepthwiseConv1D, kl.DepthwiseConv2D)[dims - 1](**options)
    else:
        layer = (kl.SeparableConv1D, kl.SeparableConv2D)[dims - 1](3, **options)
    return chain((*(int(n) for n in rng.integers(6, 10, dims)), 2), layer)


def _pool(rng: Generator, dims: int) -> Any:
    kind = {1: (kl.MaxPooling1D, kl.AveragePooling1D), 2: (kl.MaxPooling2D, kl.AveragePooling2D)}[dims]
    size, strides = (tuple(int(n) for n in rng.integers(1, 4, dims)) for _ in range(2))
    layer = _pick(rng, *kind)(
        size if dims == 2 else size[0],
        strides=_pick(rng, None, strides if dims == 2 else strides[0]),
        padding=_pick(rng, "valid", "same"),
        data_format=_pick(rng, "channels_last", "channels_first"),
    )
    return chain(tuple(int(n) for n in rng.integers(5, 9, dims + 1)), layer)


def _recurrent(rng: Generator, _dims: int) -> Any:
    kind = _pick(rng, kl.SimpleRNN, kl.GRU, kl.LSTM)
    wrapped = rng.random() < 0.4
    options: dict[str, Any] = {
        "units": int(rng.integers(1, 6)),
        "activation": _pick(rng, "tanh", "relu", "sigmoid", "softsign", "linear"),
        "use_bias": bool(rng.integers(2)),
        "return_sequences": bool(rng.integers(2)),
        "go_backwards": bool(rng.integers(2)) and not wrapped,
    }
    if kind is not kl.SimpleRNN:
        options["recurrent_activation"] = _pick(rng, "sigmoid", "hard_sigmoid", "tanh")
    if kind is kl.GRU:
        options["reset_after"] = bool(rng.integers(2))
    layer = kind(**options)
    if wrapped:
        layer = kl.Bidirectional(layer, merge_mode=_pick(rng, "concat", "sum", "mul", "ave"))
    return chain((int(rng.integers(1, 6)), int(rng.integers(1, 5))), layer)


FAMILIES: tuple[tuple[str, Callable[[Generator, int], Any], int, int], ...] = (
    ("draw_conv1d", _conv, 1, 6),
    ("draw_conv2d", _conv, 2, 8),
    ("draw_depthwise1d", _depthwise, 1, 4),
    ("draw_depthwise2d", _depthwise, 2, 6),
    ("draw_pool1d", _pool, 1, 5),
    ("draw_pool2d", _pool, 2, 6),
    ("draw_recurrent", _recurrent, 1, 15),
)


def _draw(make: Callable[[Generator, int], Any], dims: int, seed: int) -> Case:
    return lambda: make(np.random.default_rng(seed), dims)


DRAWS: dict[str, Case] = {
    f"{name}_{seed}": _draw(make, dims, 1000 * dims + seed)
    for name, make, dims, count in FAMILIES
    for seed in range(count)
}
