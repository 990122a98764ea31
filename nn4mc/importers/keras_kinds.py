"""The table of all layers and operations the Keras importer reads."""

from collections.abc import Iterator, Mapping

from nn4mc.errors import UnsupportedError
from nn4mc.importers import (
    keras_activations,
    keras_conv,
    keras_core,
    keras_merge,
    keras_norm,
    keras_operations,
    keras_pool,
    keras_recurrent,
)
from nn4mc.importers.keras_calls import Call, Reference, leaves
from nn4mc.importers.keras_config import MODELS, LayerConfig
from nn4mc.importers.keras_layer import Kind
from nn4mc.importers.keras_weights import Variable

LAYERS: Mapping[str, Kind] = {
    **keras_core.KINDS,
    **keras_activations.KINDS,
    **keras_conv.KINDS,
    **keras_pool.KINDS,
    **keras_recurrent.KINDS,
    **keras_norm.KINDS,
    **keras_merge.KINDS,
    **keras_operations.KINDS,
}
"""How each class of layer is read."""

OPERATIONS = keras_operations.OPERATIONS
"""How each function of keras.ops is read."""

STRUCTURE = (*MODELS, "InputLayer", "TimeDistributed")
"""What holds layers instead of computing."""

WHY_NOT = {
    "Lambda": "holds Python code, which is never run; build the same from layers",
    "Masking": "masks have no C kernel; cut or pad the sequences before",
    "Embedding": "has no C kernel; look the vectors up before, and give them to the net",
    "Dot": "has no C kernel; Multiply and Dense have",
}
"""What to do about layers that many models have and that are not read."""


def kind_of(config: LayerConfig) -> Kind:
    """Return how a layer is read; UnsupportedError, without the layer's name, for one that has no reader."""
    _refuse_strangers(config)
    table = OPERATIONS if config.operation else LAYERS
    if config.kind not in table:
        what = "operation" if config.operation else "layer"
        raise UnsupportedError(WHY_NOT.get(config.kind, f"this {what} has no C kernel"))
    return table[config.kind]


def variables_of(config: LayerConfig) -> tuple[Variable, ...]:
    """Return the weights of a layer without children, in the order of Keras."""
    return () if config.kind in STRUCTURE else kind_of(config).variables(config)


def refusals(root: LayerConfig, version: int) -> Iterator[str]:
    """Yield what configuration alone rules out, for every layer of the tree: one sentence each, the layer first."""
    for config in root.tree():
        try:
            _check(config, version)
        except UnsupportedError as error:
            yield f"{config.label}: {error}"


def _check(config: LayerConfig, version: int) -> None:
    _refuse_strangers(config)
    _check_type(config)
    _check_calls(config)
    if config.kind == "Sequential" or config.kind not in STRUCTURE or config.operation:
        if config.kind in MODELS:
            return
        kind_of(config).check(config, version)


def _refuse_strangers(config: LayerConfig) -> None:
    """Refuse classes that are not Keras' own, whatever their name."""
    module, registered = config.module, config.registered
    ours = module is None or module.split(".")[0] in {"keras", "tf_keras", "tensorflow"}
    if not ours or ">" in (registered or "") or ">" in config.kind:
        raise UnsupportedError("is a class of its own, whose code is never run; build the same from Keras' layers")


def _check_type(config: LayerConfig) -> None:
    """Refuse what computes in another type than float32."""
    policy = config.values.get("dtype")
    if isinstance(policy, dict):
        inner = policy.get("config")
        policy = inner.get("name") if isinstance(inner, dict) else "?"
    if policy is not None and policy != "float32":
        raise UnsupportedError(f"computes in {str(policy)[:40]}; save the model with the policy float32")
    if config.kind == "InputLayer" and (config.flag("sparse") or config.flag("ragged")):
        raise UnsupportedError("sparse and ragged inputs have no C kernel; dense ones have")


def _check_calls(config: LayerConfig) -> None:
    for call in config.calls:
        training = call.kwargs.get("training")
        if training is not None and training is not False:
            raise UnsupportedError("is called with training=True, which keeps the chance of training; leave it out")
        if any(isinstance(leaf, Reference) for leaf in leaves(call.kwargs.get("mask"))):
            raise UnsupportedError("is called with a mask; masks have no C kernel")
        if not config.operation and config.kind != "TFOpLambda":
            _check_arguments(call)


def _check_arguments(call: Call) -> None:
    """Refuse what a layer's reader would pass over: constants among its inputs, and tensors it does not know."""
    given = [*leaves(call.args), *leaves(call.kwargs.get("initial_state"))]
    if not all(isinstance(leaf, Reference) or leaf is None or leaf is False for leaf in given):
        raise UnsupportedError("is called with constants or flags among its inputs; give it tensors alone")
    known = {"inputs", "x", "sequences", "initial_state"} if not call.args else {"initial_state"}
    for key, value in call.kwargs.items():
        if key not in known and any(isinstance(leaf, Reference) for leaf in leaves(value)):
            raise UnsupportedError(f"is called with the tensor argument '{key[:40]}', which has no C kernel")
