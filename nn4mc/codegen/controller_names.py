"""A controller's C under another name, for programs that have a ``controller`` of their own.

The firmware knows its controller by the name controller; inside somebody else's firmware that name may be taken: the
Crazyflie's has a function, a header and a source of that name.
"""

import re
from collections.abc import Mapping

_OWN_NAMES = re.compile(
    r"""
    (?P<kept>/\*.*?\*/)                       # comments
    | (?P<header>"controller\.h")
    | (?P<string>"[^"\n]*")
    | \b(?P<name>controller)(?=\b|_)          # the table, or functions in its place; the state and its type
    | \b(?P<macro>CONTROLLER)(?=_)
    """,
    re.VERBOSE | re.DOTALL,
)


def named_controller(files: Mapping[str, str], name: str) -> dict[str, str]:
    """Return a controller's files with ``name`` for controller: of its two files, its table or functions, its state
    and its macros.

    >>> named_controller({"controller.h": "extern const nn4mc_controller_t controller;"}, "px4_controller")
    {'px4_controller.h': 'extern const nn4mc_controller_t px4_controller;'}
    """

    def other(found: re.Match[str]) -> str:
        if found["header"]:
            return f'"{name}.h"'
        if found["name"]:
            return name
        return name.upper() if found["macro"] else found[0]

    paths = {"controller.h": f"{name}.h", "controller.c": f"{name}.c"}
    return {paths.get(path, path): _OWN_NAMES.sub(other, text) for path, text in files.items()}
