"""What a user may ask of an importer."""

from dataclasses import dataclass

from nn4mc.importers.limits import DEFAULT_LIMITS, Limits


@dataclass(frozen=True)
class ImportOptions:
    """``stateful``: recurrent layers take one time step and carry their state, instead of a whole window."""

    limits: Limits = DEFAULT_LIMITS
    stateful: bool = False


DEFAULT_OPTIONS = ImportOptions()
