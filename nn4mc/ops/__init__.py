"""The operators nn4mc knows, one module each; a module here is an operator, or the import fails."""

from importlib import import_module
from pkgutil import iter_modules

from nn4mc.errors import GraphError
from nn4mc.ops.base import Operator

_NOT_OPERATORS = {
    "base",
    "activation",
    "approximate",
    "axes",
    "broadcast",
    "functions",
    "integer_rows",
    "packing",
    "quantized",
    "quantized_recurrent",
    "recurrent",
    "reduction",
    "sliding",
    "strided",
}


def _find() -> dict[str, Operator]:
    names = sorted(module.name for module in iter_modules(__path__) if module.name not in _NOT_OPERATORS)
    found: dict[str, Operator] = {}
    for name in names:
        operator = import_module(f"{__name__}.{name}").OPERATOR
        assert isinstance(operator, Operator)
        found[operator.name] = operator
    return found


OPERATORS = _find()


def operator(name: str) -> Operator:
    """Return the operator called ``name``; GraphError names those there are."""
    try:
        return OPERATORS[name]
    except KeyError:
        raise GraphError(f"no operator '{name}'. Known: {', '.join(OPERATORS)}") from None


__all__ = ["OPERATORS", "Operator", "operator"]
