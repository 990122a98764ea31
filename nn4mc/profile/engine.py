"""Unicorn, the emulator behind the profiler, and what its Python binding leaves out: hooks that are C functions."""

import ctypes
from functools import cache
from importlib import import_module
from typing import Any

from nn4mc.errors import ToolMissingError

_FPU_ON = 0xF << 20
_FPEXC_ON = 1 << 30


@cache
def unicorn() -> Any:
    """Return the Python package; ToolMissingError without it."""
    try:
        return import_module("unicorn")
    except ImportError as error:
        raise ToolMissingError("unicorn is not installed. pip install 'nn4mc[profile]'") from error


@cache
def arm() -> Any:
    """Return the numbers of Arm's registers."""
    unicorn()
    return import_module("unicorn.arm_const")


@cache
def library() -> ctypes.CDLL:
    """Return Unicorn's C library, which its Python binding has loaded."""
    unicorn()
    loaded = import_module("unicorn.unicorn_py3.unicorn").uclib
    assert isinstance(loaded, ctypes.CDLL)
    return loaded


def function_address(name: str) -> ctypes.c_void_p:
    """Return the address of a function of Unicorn's C library."""
    return ctypes.cast(getattr(library(), name), ctypes.c_void_p)


def new_engine() -> Any:
    """Return a Cortex-M4 with its FPU turned on, without memory."""
    uc = unicorn()
    engine = uc.Uc(uc.UC_ARCH_ARM, uc.UC_MODE_THUMB | uc.UC_MODE_MCLASS)
    engine.ctl_set_cpu_model(arm().UC_CPU_ARM_CORTEX_M4)
    engine.reg_write(arm().UC_ARM_REG_C1_C0_2, _FPU_ON)
    engine.reg_write(arm().UC_ARM_REG_FPEXC, _FPEXC_ON)
    return engine


def hook(engine: Any, kind: int, function: Any, user: Any, address: int | None = None) -> None:
    """Have a C ``function`` called by an engine: with every event of a kind, or with those at one address.

    The binding's own method takes Python functions only.
    """
    begin, end = (1, 0) if address is None else (address, address)
    handle = ctypes.c_size_t()
    status = library().uc_hook_add(
        engine._uch,
        ctypes.byref(handle),
        ctypes.c_int(kind),
        ctypes.cast(function, ctypes.c_void_p),
        ctypes.cast(user, ctypes.c_void_p),
        ctypes.c_uint64(begin),
        ctypes.c_uint64(end),
    )
    if status != 0:
        raise RuntimeError(f"Unicorn refused a hook: error {status}")
