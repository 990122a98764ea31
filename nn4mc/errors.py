"""Every error nn4mc raises on purpose; each knows the exit code the command line ends with.

A message says what, where, found and expected, and what to do, in three lines at most.
"""


class Nn4mcError(Exception):
    """Base of all errors that are an answer to the user rather than a fault of ours."""

    exit_code = 1


class CheckFailed(Nn4mcError):  # noqa: N818 - an outcome, not a fault
    """A measured result misses its bar: a verify tolerance, a mismatch, a lost vehicle."""

    exit_code = 1


class ConfigError(Nn4mcError):
    """A rig, an option or a TOML file is wrong."""

    exit_code = 2


class TrainError(Nn4mcError):
    """A log cannot be trained on: columns are missing, values are not numbers, runs are too few or too short."""

    exit_code = 2


class ModelError(Nn4mcError):
    """A model file is damaged, too large, or not of the format it claims."""

    exit_code = 3


class UnsupportedError(ModelError):
    """A model is sound but holds something that has no C kernel."""


class GraphError(Nn4mcError):
    """An invariant of the IR is broken: a fault of a pass or an importer, ours."""

    exit_code = 70


class ToolMissingError(Nn4mcError):
    """A compiler, an emulator or a Python extra is not installed."""

    exit_code = 4


class BuildError(Nn4mcError):
    """A compiler or PlatformIO was started and failed."""

    exit_code = 5


class LinkError(Nn4mcError):
    """The board does not answer, answers nonsense, or the cable was pulled."""

    exit_code = 6


class DeviceError(Nn4mcError):
    """The board answers, and refuses: wrong model, failed self-test, value out of range."""

    exit_code = 7
