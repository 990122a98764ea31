"""ONNX operators that work element by element: arithmetic and activations."""

from collections.abc import Callable, Mapping
from functools import reduce

import numpy as np

from nn4mc.importers.onnx_constants import cast_type
from nn4mc.importers.onnx_site import AnyArray, Made, Site, Value
from nn4mc.ir import Attribute

Reader = Callable[[Site], Made]

_SELU = (1.67326319217681884765625, 1.05070102214813232421875)
_FLOAT_TYPES = ("float32", "float64")


def unary(op: str) -> Reader:
    """Return the reader of an operator with one input and no attributes."""
    return lambda site: site.make(op, site.live(0))


def _binary(op: str) -> Reader:
    return lambda site: site.make(op, site.live(0), site.live(1))


def _many(op: str) -> Reader:
    """Any number of inputs, combined from the left."""

    def read(site: Site) -> Made:
        values = [site.live(i) for i in range(len(site.inputs))]
        return reduce(lambda a, b: site.make(op, a, b), values)

    return read


def _mean(site: Site) -> Made:
    total = _many("add")(site)
    assert isinstance(total, str)
    return total if len(site.inputs) == 1 else site.make("div", total, site.scalar(len(site.inputs)))


def same(site: Site) -> Made:
    """Read an operator that changes nothing when a network only runs: its output is its input."""
    return site.value(0)


def _dropout(site: Site) -> Made:
    if site.has(2) and site.known(2, "training_mode").any():
        raise site.refusal("trains. Export in evaluation mode.")
    if any(site.used[1:]):
        raise site.refusal("its mask is used. Export in evaluation mode.")
    return same(site)


def _cast(site: Site) -> Made:
    if cast_type(site) not in _FLOAT_TYPES:
        raise site.refusal(f"casts a computed value to {cast_type(site)}; only float32 has kernels")
    return same(site)


def _cast_like(site: Site) -> Made:
    like = site.value(1)
    if not isinstance(like, str) and str(like.dtype) not in _FLOAT_TYPES:
        raise site.refusal(f"casts a computed value to {like.dtype}; only float32 has kernels")
    return same(site)


def _parametric(op: str, defaults: Mapping[str, float]) -> Reader:
    """One input and float attributes that ONNX and the catalogue call the same."""
    return lambda site: site.make(op, site.live(0), **{name: site.number(name, d) for name, d in defaults.items()})


def _selu(site: Site) -> Made:
    alpha, gamma = site.number("alpha", _SELU[0]), site.number("gamma", _SELU[1])
    if np.allclose((alpha, gamma), _SELU, rtol=1e-7, atol=0.0):
        return site.make("selu", site.live(0))
    return site.make("mul", site.make("elu", site.live(0), alpha=alpha), site.scalar(gamma))


def _gelu(site: Site) -> Made:
    kinds = {"none": "gelu", "tanh": "gelu_tanh"}
    approximate = site.text("approximate", "none")
    if approximate not in kinds:
        raise site.fault(f"approximate is '{approximate[:40]}', expected none or tanh")
    return site.make(kinds[approximate], site.live(0))


def _swish(site: Site) -> Made:
    alpha, x = site.number("alpha", 1.0), site.live(0)
    if alpha == 1.0:
        return site.make("silu", x)
    return site.make("mul", x, site.make("sigmoid", site.make("mul", x, site.scalar(alpha))))


def _thresholded_relu(site: Site) -> Made:
    """ONNX keeps x > alpha, the catalogue x >= threshold: the next float after alpha makes them the same."""
    alpha = np.float32(site.number("alpha", 1.0))
    threshold = float(np.nextafter(alpha, np.float32(np.inf)))
    return site.make("relu_general", site.live(0), negative_slope=0.0, threshold=threshold)


def _prelu(site: Site) -> Made:
    x, slope = site.live(0), site.value(1)
    if isinstance(slope, str):
        below = site.make("minimum", x, site.scalar(0.0))
        return site.make("add", site.make("relu", x), site.make("mul", below, slope))
    return site.make("prelu", x, site.tensor(slope, "slope"))


def _bound(site: Site, index: int) -> AnyArray | str | None:
    """Return a bound of Clip: None where it is absent or infinite."""
    if not site.has(index):
        return None
    bound = site.value(index)
    if isinstance(bound, str):
        return bound
    if bound.size != 1:
        raise site.fault(f"bound has shape {bound.shape}, expected a scalar")
    return bound if np.isfinite(bound).all() and abs(float(bound.item())) <= np.finfo(np.float32).max else None


def _clip(site: Site) -> Made:
    x, low, high = site.live(0), _bound(site, 1), _bound(site, 2)
    limits: dict[str, Attribute] = {}
    if low is not None and not isinstance(low, str):
        limits["minimum"] = float(low.item())
    if high is not None and not isinstance(high, str):
        limits["maximum"] = float(high.item())
    if isinstance(low, str):
        x = site.make("maximum", x, low)
    if {"minimum", "maximum"} == set(limits) and limits["minimum"] > limits["maximum"]:  # type: ignore[operator]
        return site.make("clip", site.make("clip", x, minimum=limits["minimum"]), maximum=limits["maximum"])
    if limits:
        x = site.make("clip", x, **limits)
    return site.make("minimum", x, high) if isinstance(high, str) else x


def _pow(site: Site) -> Made:
    exponent = site.known(1, "exponent")
    if exponent.size != 1:
        raise site.refusal(f"exponents of shape {exponent.shape}; a constant scalar has a kernel")
    shape = np.broadcast_shapes(site.shape(0), exponent.shape)
    wanted = float(exponent.item())
    made = _power(site, site.live(0), abs(wanted))
    return site.reshape(site.make("reciprocal", made) if wanted < 0.0 else made, shape)


def _power(site: Site, x: str, exponent: float) -> str:
    """Return x to a power that is a whole number up to 8, or such a number and a half: products and a root."""
    whole = int(exponent)
    if exponent not in (whole, whole + 0.5) or not 0.0 < exponent <= 8.5:
        raise site.refusal(f"exponent {exponent}; whole and half numbers between -8.5 and 8.5 have kernels, and not 0")
    product: str | None = None
    for _ in range(whole):
        product = x if product is None else site.make("mul", product, x)
    if exponent != whole:
        root = site.make("sqrt", x)
        product = root if product is None else site.make("mul", product, root)
    assert product is not None
    return product


def _where(site: Site) -> Made:
    """A selection by a known mask: products with 1 and 0."""
    mask = site.known(0, "condition").astype(bool)
    x, y = site.value(1), site.value(2)
    shape = np.broadcast_shapes(mask.shape, site.shape(1), site.shape(2))
    if mask.all() or not mask.any():
        return expand(site, x if mask.all() else y, shape)
    return site.make("add", _masked(site, x, mask), _masked(site, y, ~mask))


def _masked(site: Site, value: Value, mask: AnyArray) -> str:
    """Return a value with 0 where the mask is false."""
    if isinstance(value, str):
        return site.make("mul", value, site.constant("mask", mask.astype(np.float32)))
    shape = np.broadcast_shapes(value.shape, mask.shape)
    site.workshop.spend(int(np.prod(shape)), site.label)
    return site.constant("chosen", np.where(mask, value, np.zeros((), value.dtype)))


def expand(site: Site, value: Value, shape: tuple[int, ...]) -> Value:
    """Return a value broadcast to a larger shape, copied along its axes of size 1."""
    if not isinstance(value, str):
        site.workshop.spend(int(np.prod(shape)), site.label)
        return np.broadcast_to(value, shape)
    own = site.shape_of(value)
    padded = (1,) * (len(shape) - len(own)) + own
    repeats = tuple(n // m if m == 1 else 1 for n, m in zip(shape, padded, strict=True))
    longer = site.reshape(value, padded)
    return longer if set(repeats) <= {1} else site.make("tile", longer, repeats=repeats)


def _shrink(site: Site) -> Made:
    """x - bias above lambd, x + bias below -lambd, else 0: of two thresholded halves or two shifted ones."""
    lambd, bias = site.number("lambd", 0.5), site.number("bias", 0.0)
    if bias not in (0.0, lambd) or lambd < 0.0:
        raise site.refusal(f"lambd {lambd} and bias {bias}; bias must be 0 or lambd")
    x, minus = site.live(0), site.make("neg", site.live(0))
    if bias:
        shift = site.scalar(lambd)
        halves = [site.make("relu", site.make("sub", one, shift)) for one in (x, minus)]
    else:
        threshold = float(np.nextafter(np.float32(lambd), np.float32(np.inf)))
        halves = [site.make("relu_general", one, negative_slope=0.0, threshold=threshold) for one in (x, minus)]
    return site.make("sub", *halves)


READERS: Mapping[str, Reader] = {
    "Abs": unary("abs"),
    "Add": _binary("add"),
    "Cast": _cast,
    "CastLike": _cast_like,
    "Celu": _parametric("celu", {"alpha": 1.0}),
    "Clip": _clip,
    "Div": _binary("div"),
    "Dropout": _dropout,
    "Elu": _parametric("elu", {"alpha": 1.0}),
    "Erf": unary("erf"),
    "Exp": unary("exp"),
    "Gelu": _gelu,
    "HardSigmoid": _parametric("hard_sigmoid", {"alpha": 0.2, "beta": 0.5}),
    "HardSwish": unary("hard_swish"),
    "Identity": same,
    "LeakyRelu": _parametric("leaky_relu", {"alpha": 0.01}),
    "Log": unary("log"),
    "Max": _many("maximum"),
    "Mean": _mean,
    "Min": _many("minimum"),
    "Mish": unary("mish"),
    "Mul": _binary("mul"),
    "Neg": unary("neg"),
    "PRelu": _prelu,
    "Pow": _pow,
    "Reciprocal": unary("reciprocal"),
    "Relu": unary("relu"),
    "Selu": _selu,
    "Shrink": _shrink,
    "Sigmoid": unary("sigmoid"),
    "Softplus": unary("softplus"),
    "Softsign": unary("softsign"),
    "Sqrt": unary("sqrt"),
    "Sub": _binary("sub"),
    "Sum": _many("add"),
    "Swish": _swish,
    "Tanh": unary("tanh"),
    "ThresholdedRelu": _thresholded_relu,
    "Where": _where,
}
"""By ONNX operator."""
