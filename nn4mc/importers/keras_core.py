"""Dense, and the layers that only change the shape or the order of their input."""

import math

import numpy as np

from nn4mc.importers.keras_activations import activation
from nn4mc.importers.keras_layer import Call, Kind, Layer, LayerConfig, Variable, require, single
from nn4mc.importers.limits import cap

CHANNELS_LAST, CHANNELS_FIRST = "channels_last", "channels_first"
FORMATS = (CHANNELS_LAST, CHANNELS_FIRST)


def check_activation(config: LayerConfig, version: int) -> None:
    """Raise UnsupportedError when the layer's activation has no C kernel."""
    activation(config, version)


def finish(layer: Layer, x: str) -> str:
    """Add the layer's own activation."""
    return activation(layer.config, layer.context.version)(layer, x)


def bias(layer: Layer, width: int) -> str:
    """Return the layer's bias (width), zero when it has none."""
    if not layer.config.flag("use_bias", True):
        return layer.constant("bias", lambda: np.zeros(width))
    return layer.constant("bias", lambda: layer.weight("bias", (width,)))


def with_bias(config: LayerConfig, *names: tuple[str, ...]) -> tuple[Variable, ...]:
    """Return the named weights, and the bias if the layer has one."""
    own = tuple(Variable(one) for one in names)
    return (*own, Variable(("bias",))) if config.flag("use_bias", True) else own


def _dense(layer: Layer, x: str) -> str:
    units = layer.config.whole("units")
    shape = layer.own_shape(x)
    require(len(shape) >= 1, "its input is one number for a sample; give it an axis")
    layer.axis(-1, x)
    weights = layer.constant("weights", lambda: layer.weight("kernel", (shape[-1], units)).T)
    return finish(layer, layer.node("dense", [x, weights, bias(layer, units)]))


def _check_dense(config: LayerConfig, version: int) -> None:
    plain = config.values.get("lora_rank") is None and config.values.get("quantization_config") is None
    require(plain, "low-rank and quantised weights have no C kernel; merge them before saving")
    check_activation(config, version)


def _nothing(_layer: Layer, call: Call) -> tuple[str, ...]:
    return call.tensors()


def _flatten(layer: Layer, x: str) -> str:
    shape = layer.own_shape(x)
    if layer.config.choice("data_format", FORMATS, CHANNELS_LAST) == CHANNELS_FIRST and len(shape) > 1:
        lead = range(layer.lead)
        x = layer.transpose(x, (*lead, *(layer.lead + i for i in range(1, len(shape))), layer.lead))
    return layer.reshape(x, (*layer.shape(x)[: layer.lead], math.prod(shape)))


def _reshape(layer: Layer, x: str) -> str:
    target = layer.config.wholes("target_shape", least=-1)
    return layer.reshape(x, (*layer.shape(x)[: layer.lead], *filled(layer, target, math.prod(layer.own_shape(x)))))


def filled(layer: Layer, target: tuple[int, ...], count: int) -> tuple[int, ...]:
    """Return a target shape with its -1 replaced, so that it holds ``count`` elements."""
    known = math.prod(n for n in target if n != -1)
    if known > 0 and target.count(-1) == 1 and count % known == 0:
        target = tuple(count // known if n == -1 else n for n in target)
    if math.prod(target) != count or min(target, default=1) < 1:
        raise layer.config.error(f"cannot shape {count} elements as {target}")
    return target


def _permute(layer: Layer, x: str) -> str:
    dims = layer.config.wholes("dims")
    if sorted(dims) != list(range(1, len(layer.own_shape(x)) + 1)):
        raise layer.config.error(f"cannot permute {len(layer.own_shape(x))} axes by {dims}")
    return layer.transpose(x, (*range(layer.lead), *(layer.lead + axis - 1 for axis in dims)))


def _repeat(layer: Layer, x: str) -> str:
    layer.rank(x, 1)
    times = layer.config.whole("n")
    shape = layer.shape(x)
    cap(
        times * math.prod(shape),
        layer.context.limits.parameters,
        f"{layer.config.label}: its output",
        layer.config.file,
    )
    row = layer.reshape(x, (*shape[:-1], 1, shape[-1]))
    return layer.node("tile", [row], {"repeats": (*(1 for _ in shape[:-1]), times, 1)})


_IDENTITIES = (
    "ActivityRegularization",
    "AlphaDropout",
    "Dropout",
    "GaussianDropout",
    "GaussianNoise",
    "Identity",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
)
_KERNEL = ("kernel",)

KINDS: dict[str, Kind] = {
    "Dense": Kind(single(_dense), _check_dense, lambda config: with_bias(config, _KERNEL), stepwise=True),
    **{name: Kind(_nothing, stepwise=True) for name in _IDENTITIES},
    "Flatten": Kind(single(_flatten)),
    "Reshape": Kind(single(_reshape)),
    "Permute": Kind(single(_permute)),
    "RepeatVector": Kind(single(_repeat)),
}
"""Dense, the layers that do nothing when a net runs, and those that move no number."""
