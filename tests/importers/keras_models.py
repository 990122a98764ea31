"""Small Keras models that together use every layer and option the importer reads, by name."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers as kl
from keras import ops

Case = Callable[[], Any]
CASES: dict[str, Case] = {}


def case(function: Case) -> Case:
    CASES[function.__name__] = function
    return function


def chain(shape: tuple[int, ...], *layers: Any) -> Any:
    return keras.Sequential([keras.Input(shape), *layers])


def randomise(model: Any, seed: int) -> None:
    """Give every weight a value that training could have given it, statistics included."""
    rng = np.random.default_rng(seed)
    for variable in model.weights:
        shape, name = tuple(variable.shape), variable.name
        if "variance" in name:
            value = rng.uniform(0.3, 2.0, shape)
        elif name == "gamma":
            value = rng.uniform(0.5, 1.5, shape)
        elif "kernel" in name:
            fan_in = max(1, int(np.prod(shape[:-1])))
            value = rng.normal(0.0, 1.0 / np.sqrt(fan_in), shape)
        elif name == "alpha":
            value = rng.uniform(0.05, 0.5, shape)
        else:
            value = rng.normal(0.0, 0.3, shape)
        if "float" in str(variable.dtype):
            variable.assign(value.astype("float32"))


def _one(name: str, shape: tuple[int, ...], make: Callable[[], list[Any]]) -> None:
    CASES[name] = lambda: chain(shape, *make())


ACTIVATIONS = (
    "linear relu relu6 tanh sigmoid silu softplus softsign mish selu gelu exponential hard_silu elu celu leaky_relu "
    "hard_tanh softmax log_sigmoid tanh_shrink squareplus hard_sigmoid sparse_plus"
).split()


@case
def activations_by_name() -> Any:
    x = keras.Input((6,))
    return keras.Model(x, [kl.Dense(4, activation=name)(x) for name in ACTIVATIONS])


@case
def activations_by_layer() -> Any:
    x = keras.Input((6,))
    found = [
        kl.ReLU(),
        kl.ReLU(max_value=1.0),
        kl.ReLU(negative_slope=0.1, threshold=0.2, max_value=0.9),
        kl.LeakyReLU(),
        kl.LeakyReLU(negative_slope=0.05),
        kl.ELU(),
        kl.ELU(alpha=0.5),
        kl.Softmax(),
        kl.Activation("tanh"),
        kl.Activation("swish"),
    ]
    outputs = [one(kl.Dense(5)(x)) for one in found]
    return keras.Model(x, [*outputs, kl.Dense(3, activation=kl.LeakyReLU(negative_slope=0.3))(x)])


_one("dense", (5,), lambda: [kl.Dense(7, activation="relu"), kl.Dense(3)])
_one("dense_no_bias", (5,), lambda: [kl.Dense(7, activation="tanh", use_bias=False), kl.Dense(3)])
_one("dense_on_matrix", (4, 5), lambda: [kl.Dense(3, activation="sigmoid")])
_one("dense_on_image", (3, 4, 5), lambda: [kl.Dense(2)])
_one("prelu", (4, 5), lambda: [kl.PReLU(), kl.PReLU(shared_axes=[1]), kl.Dense(2)])
_one("prelu_image", (4, 5, 3), lambda: [kl.Conv2D(4, 2), kl.PReLU(shared_axes=[1, 2])])
_one("softmax_axis", (4, 5), lambda: [kl.Dense(3), kl.Softmax(axis=1)])

_one("conv1d_valid", (12, 3), lambda: [kl.Conv1D(4, 3, activation="relu"), kl.Conv1D(2, 2, strides=2)])
_one("conv1d_same", (11, 3), lambda: [kl.Conv1D(4, 4, padding="same", strides=2), kl.Conv1D(3, 5, padding="same")])
_one("conv1d_causal", (12, 3), lambda: [kl.Conv1D(4, 3, padding="causal", dilation_rate=2, activation="tanh")])
_one("conv1d_causal_stride", (13, 3), lambda: [kl.Conv1D(4, 3, padding="causal", strides=2)])
_one("conv1d_groups", (10, 4), lambda: [kl.Conv1D(6, 3, groups=2, use_bias=False)])
_one("conv1d_first", (3, 12), lambda: [kl.Conv1D(4, 3, data_format="channels_first", padding="same")])
_one("conv2d_valid", (7, 8, 2), lambda: [kl.Conv2D(4, (3, 2), activation="relu"), kl.Conv2D(3, 2, strides=(2, 1))])
_one("conv2d_same", (7, 8, 2), lambda: [kl.Conv2D(3, (4, 3), strides=(2, 3), padding="same"), kl.Conv2D(2, 3)])
_one("conv2d_dilated", (9, 9, 2), lambda: [kl.Conv2D(3, 3, dilation_rate=(2, 3)), kl.Conv2D(2, 2, padding="same")])
_one("conv2d_same_dilated", (7, 7, 2), lambda: [kl.Conv2D(3, 3, dilation_rate=2, padding="same")])
_one("conv2d_groups", (6, 6, 4), lambda: [kl.Conv2D(6, 3, groups=2, padding="same", activation="silu")])
_one("conv2d_first", (2, 7, 8), lambda: [kl.Conv2D(3, 3, data_format="channels_first", strides=2, padding="same")])
_one("depthwise2d", (7, 8, 3), lambda: [kl.DepthwiseConv2D(3, depth_multiplier=2, padding="same", activation="relu")])
_one("depthwise2d_stride", (8, 8, 3), lambda: [kl.DepthwiseConv2D(3, strides=2, padding="same", use_bias=False)])
_one("depthwise2d_dilated", (8, 8, 3), lambda: [kl.DepthwiseConv2D((3, 2), dilation_rate=2)])
_one("depthwise1d", (9, 3), lambda: [kl.DepthwiseConv1D(3, depth_multiplier=2, strides=2, padding="same")])
_one("separable2d", (7, 8, 3), lambda: [kl.SeparableConv2D(5, 3, depth_multiplier=2, padding="same", strides=2)])
_one("separable2d_dilated", (8, 8, 3), lambda: [kl.SeparableConv2D(4, 3, dilation_rate=2, activation="relu")])
_one("separable1d", (10, 3), lambda: [kl.SeparableConv1D(5, 3, depth_multiplier=2, use_bias=False)])

_one("max_pool1d", (11, 3), lambda: [kl.MaxPooling1D(3, strides=2, padding="same"), kl.MaxPooling1D(2)])
_one("max_pool2d", (7, 9, 3), lambda: [kl.MaxPooling2D((3, 2), strides=2, padding="same"), kl.MaxPooling2D(2)])
_one("average_pool1d", (11, 3), lambda: [kl.AveragePooling1D(3, strides=2, padding="same"), kl.AveragePooling1D(2)])
_one("average_pool2d", (7, 9, 3), lambda: [kl.AveragePooling2D(3, strides=2, padding="same"), kl.AveragePooling2D(2)])
_one("pool2d_first", (3, 6, 8), lambda: [kl.AveragePooling2D(2, data_format="channels_first")])


@case
def global_pools() -> Any:
    image, row = keras.Input((5, 4, 3)), keras.Input((6, 2))
    outputs = [
        kl.GlobalAveragePooling2D()(image),
        kl.GlobalMaxPooling2D(keepdims=True)(image),
        kl.GlobalAveragePooling2D(data_format="channels_first")(image),
        kl.GlobalAveragePooling1D()(row),
        kl.GlobalMaxPooling1D(keepdims=True)(row),
        kl.GlobalMaxPooling1D(data_format="channels_first")(row),
    ]
    return keras.Model([image, row], outputs)


@case
def image_classifier() -> Any:
    return chain(
        (12, 12, 1),
        kl.Rescaling(1 / 255.0, offset=-0.5),
        kl.Conv2D(4, 3, use_bias=False),
        kl.BatchNormalization(),
        kl.ReLU(),
        kl.MaxPooling2D(),
        kl.SeparableConv2D(6, 3, padding="same"),
        kl.BatchNormalization(),
        kl.ReLU(),
        kl.GlobalAveragePooling2D(),
        kl.Dropout(0.5),
        kl.Dense(5, activation="softmax"),
    )


for _name, _layer in (("simple_rnn", kl.SimpleRNN), ("gru", kl.GRU), ("lstm", kl.LSTM)):
    _one(f"{_name}_last", (6, 4), lambda kind=_layer: [kind(5), kl.Dense(2)])
    _one(f"{_name}_sequence", (6, 4), lambda kind=_layer: [kind(5, return_sequences=True), kind(3)])
    _one(f"{_name}_backwards", (6, 4), lambda kind=_layer: [kind(5, go_backwards=True, return_sequences=True)])
    _one(f"{_name}_backwards_last", (6, 4), lambda kind=_layer: [kind(5, go_backwards=True)])
    _one(f"{_name}_no_bias", (6, 4), lambda kind=_layer: [kind(5, use_bias=False)])
    _one(f"{_name}_relu", (6, 4), lambda kind=_layer: [kind(4, activation="relu")])
_one("gru_reset_before", (6, 4), lambda: [kl.GRU(5, reset_after=False, return_sequences=True)])
_one("gru_reset_before_no_bias", (6, 4), lambda: [kl.GRU(5, reset_after=False, use_bias=False)])
_one("gru_hard", (6, 4), lambda: [kl.GRU(5, activation="softsign", recurrent_activation="hard_sigmoid")])
_one("lstm_hard", (6, 4), lambda: [kl.LSTM(5, activation="linear", recurrent_activation="hard_sigmoid")])
_one("lstm_dropout", (6, 4), lambda: [kl.LSTM(5, dropout=0.2, recurrent_dropout=0.3, unit_forget_bias=False)])


@case
def initial_states() -> Any:
    x, h = keras.Input((5, 4)), keras.Input((3,))
    gru = kl.GRU(3, return_sequences=True)(x, initial_state=h)
    y, state, cell = kl.LSTM(3, return_sequences=True, return_state=True)(gru, initial_state=[h, kl.Dense(3)(h)])
    return keras.Model([x, h], [y, state, cell, kl.SimpleRNN(3)(x, initial_state=state)])


@case
def encoder_decoder() -> Any:
    x = keras.Input((6, 3))
    code, h, c = kl.LSTM(4, return_state=True)(x)
    y = kl.LSTM(4, return_sequences=True)(kl.RepeatVector(5)(code), initial_state=[h, c])
    return keras.Model(x, kl.TimeDistributed(kl.Dense(2))(y))


for _mode in ("concat", "sum", "mul", "ave"):
    _one(
        f"bidirectional_{_mode}",
        (5, 3),
        lambda mode=_mode: [
            kl.Bidirectional(kl.GRU(4, return_sequences=True), merge_mode=mode),
            kl.Bidirectional(kl.LSTM(3), merge_mode=mode),
        ],
    )


@case
def bidirectional_two_outputs() -> Any:
    x = keras.Input((5, 3))
    forward = kl.SimpleRNN(4, return_sequences=True, go_backwards=True)
    backward = kl.SimpleRNN(4, return_sequences=True)
    return keras.Model(x, kl.Bidirectional(forward, backward_layer=backward, merge_mode=None)(x))


@case
def bidirectional_states() -> Any:
    x, a, b = keras.Input((5, 3)), keras.Input((4,)), keras.Input((4,))
    back = kl.GRU(4, return_sequences=True, return_state=True, go_backwards=True)
    both = kl.Bidirectional(kl.GRU(4, return_sequences=True, return_state=True), backward_layer=back)
    return keras.Model([x, a, b], both(x, initial_state=[a, b]))


_one("time_distributed_dense", (5, 4), lambda: [kl.TimeDistributed(kl.Dense(3, activation="relu")), kl.GRU(2)])
_one(
    "time_distributed_conv",
    (3, 6, 6, 2),
    lambda: [
        kl.TimeDistributed(kl.Conv2D(3, 3, padding="same", strides=2)),
        kl.TimeDistributed(kl.BatchNormalization()),
        kl.TimeDistributed(kl.MaxPooling2D(2)),
        kl.TimeDistributed(kl.Flatten()),
        kl.LSTM(4),
    ],
)
_one(
    "time_distributed_model",
    (3, 8, 2),
    lambda: [
        kl.TimeDistributed(
            chain((8, 2), kl.Conv1D(3, 3), kl.GlobalAveragePooling1D(), kl.Reshape((3, 1)), kl.Permute((2, 1)))
        ),
        kl.Flatten(),
    ],
)

_one("batch_norm", (6,), lambda: [kl.Dense(5), kl.BatchNormalization(), kl.Dense(3)])
_one("batch_norm_bare", (6,), lambda: [kl.BatchNormalization(center=False), kl.BatchNormalization(scale=False)])
_one("batch_norm_axis", (4, 5, 3), lambda: [kl.BatchNormalization(axis=1), kl.BatchNormalization(axis=2, epsilon=0.1)])
_one(
    "batch_norm_frozen", (6,), lambda: [kl.Dense(4), kl.BatchNormalization(trainable=False, center=False, scale=False)]
)
_one("layer_norm", (4, 6), lambda: [kl.LayerNormalization(), kl.LayerNormalization(axis=[1, 2], epsilon=0.01)])
_one("layer_norm_bare", (6,), lambda: [kl.LayerNormalization(center=False), kl.LayerNormalization(scale=False)])


@case
def normalization() -> Any:
    rng = np.random.default_rng(3)
    adapted, everywhere, inverted = (
        kl.Normalization(),
        kl.Normalization(axis=None),
        kl.Normalization(axis=1, invert=True),
    )
    data = rng.normal(3.0, 2.0, (50, 4, 3)).astype("float32")
    for one in (adapted, everywhere, inverted):
        one.adapt(data)
    given = kl.Normalization(mean=[0.5, 1.0, 2.0], variance=[1.0, 2.0, 0.5])
    x = keras.Input((4, 3))
    model = keras.Model(x, [one(x) for one in (adapted, everywhere, inverted, given)])
    model.fitted = True
    return model


@case
def merges() -> Any:
    a, b, c = keras.Input((4, 3)), keras.Input((4, 3)), keras.Input((3,))
    outputs = [kl.Add()([a, b, c]), kl.Subtract()([a, b]), kl.Multiply()([a, b, c]), kl.Average()([a, b, a])]
    outputs += [kl.Maximum()([a, b]), kl.Minimum()([a, b, c]), kl.Concatenate()([a, b]), kl.Concatenate(axis=1)([a, b])]
    return keras.Model([a, b, c], outputs)


@case
def shapes() -> Any:
    x = keras.Input((4, 6))
    image = kl.Reshape((4, -1, 2))(x)
    outputs = [
        kl.Reshape((-1,))(x),
        kl.Permute((2, 1))(x),
        kl.Permute((3, 1, 2))(image),
        kl.Cropping1D((1, 2))(x),
        kl.Cropping2D(((1, 0), (0, 1)))(image),
        kl.ZeroPadding1D(2)(x),
        kl.ZeroPadding2D(((1, 2), (0, 3)))(image),
        kl.ZeroPadding2D(1, data_format="channels_first")(image),
        kl.UpSampling1D(3)(x),
        kl.UpSampling2D((2, 3))(image),
        kl.Flatten()(image),
        kl.Flatten(data_format="channels_first")(image),
    ]
    return keras.Model(x, outputs)


_one(
    "noise",
    (4, 5),
    lambda: [
        kl.Dropout(0.5),
        kl.SpatialDropout1D(0.5),
        kl.GaussianNoise(1.0),
        kl.GaussianDropout(0.5),
        kl.ActivityRegularization(0.1),
        kl.Identity(),
        kl.Dense(2),
    ],
)


@case
def operators() -> Any:
    x, y = keras.Input((4, 3)), keras.Input((4, 3))
    row = np.array([0.5, -1.0, 2.0], "float32")
    z = 1.0 - (x + y) * 2.0
    outputs = [
        z,
        x - y,
        x / 2.0,
        x * row,
        ops.subtract(row, x),
        ops.maximum(x, y),
        ops.minimum(x, 0.1),
        -x,
        ops.square(x),
        x**2,
    ]
    outputs += [ops.relu(z), ops.tanh(z), ops.sigmoid(x), ops.exp(x), ops.absolute(x), ops.sqrt(ops.absolute(x))]
    outputs += [ops.leaky_relu(x, 0.1), ops.clip(x, -0.5, 0.5), ops.softmax(x, axis=1), ops.gelu(x), ops.silu(x)]
    outputs += [ops.gelu(x, approximate=False), ops.elu(x), ops.hard_sigmoid(x), ops.softplus(x), ops.hard_silu(x)]
    return keras.Model([x, y], outputs)


@case
def operators_of_shape() -> Any:
    x = keras.Input((4, 6))
    matrix = np.random.default_rng(0).normal(size=(6, 2)).astype("float32")
    outputs = [x[:, -1], x[:, 1:4:2, ::-1], x[:, :, 2], ops.reshape(x, (-1, 6, 4)), ops.transpose(x, (0, 2, 1))]
    outputs += [ops.mean(x, axis=1), ops.max(x, axis=-1, keepdims=True), ops.sum(x, axis=(1, 2), keepdims=True)]
    outputs += [ops.squeeze(ops.expand_dims(x, 2), 2), ops.concatenate([x, x], axis=1), ops.flip(x, axis=1)]
    outputs += [ops.matmul(x, matrix), ops.matmul(x, ops.transpose(x, (0, 2, 1)))]
    return keras.Model(x, outputs)


@case
def shared_layers() -> Any:
    a, b = keras.Input((5,)), keras.Input((5,))
    shared, head = kl.Dense(4, activation="relu"), kl.Dense(2)
    x, y = shared(a), shared(b)
    return keras.Model([a, b], [head(kl.Add()([x, y])), kl.Concatenate()([head(x), y])])


@case
def residual() -> Any:
    x = keras.Input((8, 8, 3))
    y = kl.Conv2D(3, 3, padding="same")(x)
    y = kl.ReLU()(kl.BatchNormalization()(y))
    y = kl.Add()([x, kl.BatchNormalization()(kl.Conv2D(3, 3, padding="same", use_bias=False)(y))])
    return keras.Model(x, kl.Dense(2)(kl.Flatten()(kl.AveragePooling2D(2)(kl.ReLU()(y)))))


def _block(width: int, out: int) -> Any:
    x = keras.Input((width,))
    return keras.Model(x, kl.Add()([kl.Dense(out)(x), kl.BatchNormalization()(kl.Dense(out, activation="tanh")(x))]))


@case
def nested() -> Any:
    block = _block(4, 4)
    inner = keras.Sequential([keras.Input((4,)), block, kl.Dense(4, name="same_name")])
    x, y = keras.Input((4,)), keras.Input((4,))
    deep = inner(block(x))
    return keras.Model([x, y], {"b": kl.Dense(2, name="same_name")(deep), "a": inner(y)})


@case
def nested_frozen() -> Any:
    frozen = keras.Sequential([keras.Input((4,)), kl.Dense(3), kl.BatchNormalization(), kl.Dense(3)])
    frozen.layers[0].trainable = False
    whole = keras.Sequential([keras.Input((4,)), frozen, kl.BatchNormalization(), kl.Dense(2)])
    frozen.layers[-1].trainable = False
    return whole


@case
def nested_all_frozen() -> Any:
    inner = keras.Sequential([keras.Input((4,)), kl.Dense(3), kl.BatchNormalization(), kl.Dense(3)])
    inner.trainable = False
    return keras.Sequential([keras.Input((4,)), inner, kl.Dense(2)])


@case
def nested_several() -> Any:
    a, b = keras.Input((3,), name="left"), keras.Input((3,), name="right")
    pair = keras.Model([a, b], [kl.Add()([a, b]), kl.Dense(2)(kl.Multiply()([a, b]))], name="pair")
    x = keras.Input((3,))
    total, small = pair([x, kl.Dense(3)(x)])
    again, _ = pair([total, x])
    return keras.Model(x, [total, small, again, x])


@case
def rare_operations() -> Any:
    x, image = keras.Input((2, 4)), keras.Input((4, 4, 2))
    y = ops.erf(x) + ops.log(ops.abs(x) + 1.5) + ops.reciprocal(ops.square(x) + 0.5)
    y += ops.hard_tanh(x) + ops.log_sigmoid(x) + ops.relu6(4.0 * x) + ops.selu(x) + ops.celu(x, 0.7)
    y += ops.softsign(x) / ops.divide(x + 9.0, 2.0) + ops.tanh_shrink(x) + ops.min(x, axis=2, keepdims=True)
    return keras.Model([x, image], [kl.AlphaDropout(0.1)(y), kl.SpatialDropout2D(0.2)(image)])


@case
def nested_by_name() -> Any:
    a, b = keras.Input((3,), name="second"), keras.Input((3,), name="first")
    by_list = keras.Model([a, b], kl.Subtract()([a, kl.Dense(3)(b)]), name="by_list")
    c, d = keras.Input((3,)), keras.Input((3,))
    by_key = keras.Model({"z": c, "b": d}, kl.Subtract()([c, kl.Dense(3)(d)]), name="by_key")
    x, y = keras.Input((3,)), keras.Input((3,))
    named = by_list({"first": x, "second": y})
    return keras.Model([x, y], [named, by_key({"z": named, "b": y}), by_key({"b": x, "z": y})])


@case
def nested_recurrent() -> Any:
    inner = keras.Sequential(
        [
            keras.Input((5, 4)),
            kl.Bidirectional(kl.LSTM(2, return_sequences=True)),
            kl.TimeDistributed(kl.Dense(3)),
            kl.BatchNormalization(),
        ]
    )
    x = keras.Input((5, 4))
    return keras.Model(x, kl.GRU(3)(inner(kl.Dense(4)(inner(x) @ np.eye(3, dtype="float32")))))


@case
def several_inputs() -> Any:
    image, speed = keras.Input((6, 6, 1), name="image"), keras.Input((2,), name="speed")
    x = kl.Flatten()(kl.Conv2D(3, 3, strides=2, activation="relu")(image))
    x = kl.Concatenate()([x, kl.LayerNormalization()(kl.Dense(4)(speed))])
    return keras.Model({"image": image, "speed": speed}, [kl.Dense(2, name="turn")(x), kl.Dense(1, name="gas")(x)])


def _fitted(model: Any, loss: str = "mse") -> Any:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(32, *model.input_shape[1:])).astype("float32")
    y = rng.normal(size=(32, *model.output_shape[1:])).astype("float32")
    model.compile("adam", loss)
    model.fit(x, y, batch_size=8, epochs=1, verbose=0)
    model.fitted = True
    return model


@case
def fitted_conv() -> Any:
    return _fitted(
        chain(
            (8, 8, 2), kl.Conv2D(4, 3), kl.BatchNormalization(), kl.ReLU(), kl.Flatten(), kl.Dropout(0.2), kl.Dense(3)
        )
    )


@case
def fitted_recurrent() -> Any:
    return _fitted(chain((6, 3), kl.GRU(6, return_sequences=True), kl.LSTM(4), kl.BatchNormalization(), kl.Dense(2)))
