"""Compiles thousands of damaged model files and counts what became of them.

``python -m tests.fuzz.run --count 40000 --seed 1 --jobs 2``; ``--replay FORMAT:NUMBER`` shows one file's fate, and
``--keep FILE`` writes that file. Exit code 1 when a file broke the rules: any outcome but compiled C or a ModelError
that names the file, more than 10 s or 1 GiB, a crash, a file opened or a program started that is not ours.
"""

import argparse
import json
import os
import select
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

from tests.fuzz.corpus import SUFFIXES
from tests.fuzz.mutate import available, mutant
from tests.fuzz.worker import COMPILED, SECONDS, Outcome

Case = tuple[str, int]
_SEED_STEP = 10_000_000
_PATIENCE = SECONDS + 20.0
_SLOWEST = 3
_ROOT = Path(__file__).resolve().parents[2]


class _Worker:
    """A process that judges files until one takes it down."""

    def __init__(self) -> None:
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.fuzz.worker"],
            **{"cwd": _ROOT, "stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self._errors},
            env={**os.environ, **single, "PYTHONPATH": str(_ROOT)},
        )

    def judge(self, case: Case) -> Outcome | None:
        """Return a file's outcome, or None when the process hangs or is gone."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{case[0]} {case[1]}\n".encode())
        self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], _PATIENCE)
        line = self._process.stdout.readline() if ready else b""
        return Outcome(**json.loads(line)) if line.endswith(b"\n") else None

    def close(self) -> str:
        """End the process; return how it ended and what it wrote to standard error."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        try:
            code = f"exit code {self._process.wait(5.0)}"
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = f"killed after {_PATIENCE:.0f} s, exit code {self._process.wait()}"
        self._process.stdout.close()
        self._errors.seek(0)
        text = self._errors.read().decode("utf-8", "replace")
        self._errors.close()
        return f"{code}\n{text[:4000]}"


def judge_all(cases: Sequence[Case]) -> Iterator[Outcome]:
    """Yield the outcome of every case; a process lost on the way is started again."""
    worker = _Worker()
    for case in cases:
        outcome = worker.judge(case)
        if outcome is None:
            outcome = Outcome(*case, "crash or hang", worker.close())
            worker = _Worker()
        yield outcome
    worker.close()


def cases(count: int, seed: int, kinds: Sequence[str]) -> list[Case]:
    """Return ``count`` cases, spread evenly over the formats that can be read here."""
    usable = [kind for kind in kinds if available(kind)]
    return [(usable[i % len(usable)], seed * _SEED_STEP + i) for i in range(count)]


def judge_in_parallel(listed: Sequence[Case], jobs: int) -> list[Outcome]:
    """Return the outcomes of all cases, judged by ``jobs`` processes at a time."""
    with ThreadPoolExecutor(jobs) as pool:
        shares = pool.map(lambda share: list(judge_all(share)), [listed[i::jobs] for i in range(jobs)])
        return [outcome for share in shares for outcome in share]


def report(outcomes: Sequence[Outcome]) -> str:
    """Return counts by format, the slowest and largest files, and every fault with the number to replay it."""
    lines = []
    for kind in dict.fromkeys(one.kind for one in outcomes):
        ours = [one for one in outcomes if one.kind == kind]
        good = Counter(one.result for one in ours if not one.fault)
        refused = ", ".join(f"{name} {count}" for name, count in sorted(good.items()) if name != COMPILED)
        slowest, largest = max(ours, key=lambda one: one.seconds), max(ours, key=lambda one: one.megabytes)
        lines.append(
            f"{kind:11} {len(ours):6} files: compiled {good[COMPILED]}, {refused}, failed {len(ours) - good.total()}; "
            f"slowest {slowest.seconds:.2f} s ({slowest.number}), most {largest.megabytes:.0f} MiB ({largest.number})"
        )
    for one in outcomes:
        if one.fault:
            lines.append(f"\nFAILED --replay {one.kind}:{one.number} {one.result}\n{one.fault}")
    return "\n".join(lines)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compile damaged model files and count what becomes of them.")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--format", choices=list(SUFFIXES), action="append", help="Only this format; may be repeated.")
    parser.add_argument("--replay", metavar="FORMAT:NUMBER")
    parser.add_argument("--keep", type=Path, help="With --replay: write the file here.")
    return parser.parse_args()


def main() -> int:
    """Run what the command line asks for and return the exit code."""
    arguments = _arguments()
    if arguments.replay:
        kind, number = arguments.replay.split(":")
        if arguments.keep:
            arguments.keep.write_bytes(mutant(kind, int(number)))
        listed: list[Case] = [(kind, int(number))]
    else:
        listed = cases(arguments.count, arguments.seed, arguments.format or list(SUFFIXES))
    outcomes = judge_in_parallel(listed, min(arguments.jobs, len(listed)))
    print(report(outcomes))
    return int(any(one.fault for one in outcomes))


if __name__ == "__main__":
    sys.exit(main())
