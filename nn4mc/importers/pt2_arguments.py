"""Arguments of the JSON as Python values, names looked up; and the names that a call gives its outputs."""

from collections.abc import Callable, Sequence

from nn4mc.importers.pt2_schema import Argument, OptionalTensor, SymInt, to_float
from nn4mc.importers.torch_call import Given, Refused, Value

Lookup = Callable[[str], Value | int]


def argument_value(argument: Argument, read: Lookup) -> Given:
    """Return what an argument stands for; what a kernel cannot depend on (device, layout) is None."""
    plain = (argument.as_int, argument.as_bool, argument.as_string, argument.as_scalar_type)
    found = next((one for one in plain if one is not None), None)
    if found is not None:
        return found
    if argument.as_float is not None:
        return to_float(argument.as_float)
    if argument.as_sym_int is not None:
        return _whole(argument.as_sym_int, read)
    numbers = _numbers(argument, read)
    return _tensor_value(argument, read) if numbers is None else numbers


def _numbers(argument: Argument, read: Lookup) -> tuple[int, ...] | tuple[float, ...] | None:
    if argument.as_ints is not None:
        return tuple(argument.as_ints)
    if argument.as_floats is not None:
        return tuple(to_float(one) for one in argument.as_floats)
    if argument.as_sym_ints is not None:
        return tuple(_whole(one, read) for one in argument.as_sym_ints)
    return None


def _tensor_value(argument: Argument, read: Lookup) -> Given:
    if argument.as_tensor is not None:
        return read(argument.as_tensor.name)
    if argument.as_optional_tensor is not None:
        return _optional(argument.as_optional_tensor, read)
    if argument.as_tensors is not None:
        return _listed([read(one.name) for one in argument.as_tensors])
    if argument.as_optional_tensors is not None:
        return _listed([_optional(one, read) for one in argument.as_optional_tensors])
    ignored = (argument.as_none, argument.as_device, argument.as_layout, argument.as_memory_format)
    if any(one is not None for one in ignored):
        return None
    raise Refused("an argument of a kind that is not read")


def _listed(values: Sequence[Value | int | None]) -> list[Value | None]:
    tensors = [one for one in values if not isinstance(one, int)]
    if len(tensors) != len(values):
        raise Refused("a number in a list of tensors")
    return tensors


def _optional(given: OptionalTensor, read: Lookup) -> Value | int | None:
    return None if given.as_tensor is None else read(given.as_tensor.name)


def _whole(given: SymInt, read: Lookup) -> int:
    value = given.as_int if given.as_name is None else read(given.as_name)
    if not isinstance(value, int):
        raise Refused("a size that is not a known whole number")
    return value


def output_names(outputs: Sequence[Argument]) -> list[str]:
    """Return the names of a call's outputs in order; "" for one that has none."""
    names = []
    for one in outputs:
        if one.as_tensors is not None:
            names += [tensor.name for tensor in one.as_tensors]
        elif one.as_tensor is not None:
            names.append(one.as_tensor.name)
        elif one.as_sym_int is not None:
            names.append(one.as_sym_int.as_name or "")
        else:
            names.append("")
    return names
