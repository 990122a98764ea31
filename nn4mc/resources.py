"""Finds firmware/, rigs/ and models/, in a checkout and in an installed wheel alike."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resource(*parts: str) -> Path:
    """Return the path of a file or folder that travels with nn4mc, such as ``resource("rigs", "quadrotor")``.

    Raises FileNotFoundError when the installation is incomplete.
    """
    for root in (_PACKAGE / "share", _PACKAGE.parent):
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise FileNotFoundError(f"{'/'.join(parts)} is not part of this installation of nn4mc ({_PACKAGE}); reinstall it")
