"""The wheel of this checkout, and programs run without the checkout in sight."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HIDDEN = ("PYTHONPATH", "VIRTUAL_ENV")
"""Variables that would show the checkout."""


def run(*words: str | Path, cwd: Path, more: Mapping[str, str] | None = None) -> str:
    """Run a program that must succeed, with ``more`` in its environment, and return what it printed."""
    environment = {name: value for name, value in os.environ.items() if name not in HIDDEN} | dict(more or {})
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{words}: {done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def build_wheel(folder: Path) -> Path:
    """Build the wheel in ``folder`` and return its path."""
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT, cwd=folder)
    return next(folder.glob("nn4mc-*.whl"))
