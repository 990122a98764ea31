"""Serial lines behind a TCP port: ``socket://HOST:PORT``."""

import socket

from nn4mc.errors import LinkError
from nn4mc.hil.stream import ByteStream
from nn4mc.hil.stream_link import StreamLink

_CONNECT_TIMEOUT_S = 5.0


class SocketLink(StreamLink):
    """A TCP connection without Nagle's delay."""

    def __init__(self, host: str, port: int) -> None:
        """Connect; LinkError when nobody listens."""
        self._name = f"{host}:{port}"
        try:
            self._socket = socket.create_connection((host, port), timeout=_CONNECT_TIMEOUT_S)
        except OSError as error:
            raise LinkError(
                f"socket://{self._name} cannot be reached: {error}. Does something listen there?"
            ) from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._stream = ByteStream(self._socket.fileno())

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def describe(self) -> str:
        """Name the address."""
        return f"socket://{self._name}"

    def _lost(self, error: Exception) -> LinkError:
        return LinkError(f"socket://{self._name}: the connection ended ({error}).")
