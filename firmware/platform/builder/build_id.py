"""The build id: one hash over everything that goes into a firmware, so that a board can say what it runs."""

import hashlib
from pathlib import Path

SOURCE_SUFFIXES = (".c", ".h", ".S", ".ld")


def source_files(folder):
    """Return the sources below a folder, sorted by their path in it."""
    found = (path for path in Path(folder).rglob("*") if path.suffix in SOURCE_SUFFIXES)
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def build_id(folders, words):
    """Return the first 16 hex digits of the sha256 over sources, flags and compiler.

    ``folders`` maps the name a folder has in the hash to where it is, so that no absolute path goes in.
    """
    digest = hashlib.sha256()
    for word in words:
        digest.update(f"{word}\0".encode())
    for name in sorted(folders):
        for path in source_files(folders[name]):
            digest.update(f"{name}/{path.relative_to(folders[name]).as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]
