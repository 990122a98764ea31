"""What every link over a file descriptor of ours does: bytes through, and a LinkError when the other end is gone."""

from abc import ABC, abstractmethod

from nn4mc.errors import LinkError
from nn4mc.hil.stream import ByteStream


class StreamLink(ABC):
    """A link whose bytes go through ``_stream``; a subclass opens it and says what its end means."""

    _stream: ByteStream

    def write(self, data: bytes) -> None:
        """Send all of ``data``."""
        try:
            self._stream.write(data)
        except (OSError, EOFError) as error:
            raise self._lost(error) from error

    def read(self, timeout_s: float) -> bytes:
        """Return what has arrived, waiting up to ``timeout_s`` seconds for a first byte."""
        try:
            return self._stream.read(timeout_s)
        except (OSError, EOFError) as error:
            raise self._lost(error) from error

    @abstractmethod
    def _lost(self, error: Exception) -> LinkError:
        """Return what to raise when the stream ended or failed with ``error``."""
