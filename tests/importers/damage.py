"""Reads randomly damaged copies of a checkpoint: ``python -m tests.importers.damage FILE COPIES SEED``, JSON out.

A process of its own, so that a hang or a crash inside the HDF5 library is one failed test and not the end of all.
"""

import json
import random
import sys
import tempfile
from pathlib import Path

import numpy as np

from nn4mc.errors import ModelError
from nn4mc.importers import load


def damaged(original: bytes, rng: random.Random, at_front: bool) -> bytes:
    """Return the file with one to eight bytes changed, in the metadata at the front or anywhere."""
    data = bytearray(original)
    for _ in range(rng.choice([1, 1, 2, 8])):
        data[rng.randrange(min(8192, len(data)) if at_front else len(data))] = rng.randrange(256)
    return bytes(data)


def main() -> None:
    original, copies, rng = Path(sys.argv[1]).read_bytes(), int(sys.argv[2]), random.Random(int(sys.argv[3]))
    read, messages = 0, []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "damaged.h5"
        for i in range(copies):
            path.write_bytes(damaged(original, rng, at_front=i % 2 == 0))
            try:
                graph = load(path)
            except ModelError as error:
                messages.append(str(error))
            else:
                assert all(np.isfinite(t.data).all() for t in graph.tensors.values() if t.data is not None)
                read += 1
    print(json.dumps({"read": read, "messages": messages}))


if __name__ == "__main__":
    main()
