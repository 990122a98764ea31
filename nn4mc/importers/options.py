"""What a user may ask of an importer."""

from dataclasses import dataclass

from nn4mc.importers.limits import DEFAULT_LIMITS, Limits
from nn4mc.importers.scaling import Scaling


@dataclass(frozen=True)
class ImportOptions:
    """``stateful``: recurrent layers take one time step and carry their state, instead of a whole window.

    ``scaling`` is baked in around the network: it then takes and gives values in the user's own units.
    """

    limits: Limits = DEFAULT_LIMITS
    stateful: bool = False
    scaling: Scaling | None = None


DEFAULT_OPTIONS = ImportOptions()
