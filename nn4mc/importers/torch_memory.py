"""What the names of an exported graph stand for while it is read, with torch's sharing of memory kept in view.

An exported graph may overwrite tensors (``relu_``). The name overwritten then stands for the new value; other names
of the same memory (views) are out of date, and reading one is refused rather than answered with the old value.
"""

from nn4mc.importers.torch_call import Refused, Value


class Memory:
    """Values by name, and which names share memory."""

    def __init__(self) -> None:
        """Start without any name."""
        self._values: dict[str, Value | int] = {}
        self._shared: dict[str, list[str]] = {}
        self._stale: set[str] = set()

    def __contains__(self, name: str) -> bool:
        """Whether a name is known."""
        return name in self._values

    def define(self, name: str, value: Value | int, shares_with: str | None = None) -> None:
        """Give a name its value; ``shares_with`` is the name whose memory it may be."""
        self._values[name] = value
        names = self._shared.get(shares_with, []) if shares_with is not None else []
        names.append(name)
        self._shared[name] = names

    def overwrite(self, name: str, value: Value) -> None:
        """Give a name a new value in its memory; all others of that memory are out of date."""
        self._stale.update(self._shared[name])
        self._stale.discard(name)
        self._values[name] = value

    def refresh(self, name: str) -> None:
        """Say that a name stands for the newest value of its memory."""
        self._stale.discard(name)

    def read(self, name: str) -> Value | int:
        """Return what a name stands for; Refused when its memory was overwritten under another name.

        Raises KeyError for a name that is not known.
        """
        if name in self._stale:
            raise Refused(
                f"reads '{name[:60]}', which was overwritten in place through a view. Write it out of place, or export "
                "with .run_decompositions({}), which does that"
            )
        return self._values[name]
