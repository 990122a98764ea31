"""Runs the ONNX project's node tests through generated C and prints how many pass, fail and are out of scope.

`make conformance` or `python -m tests.conformance.run`; exit code 1 when a test fails. ``--list`` names every test.
"""

import argparse
import re
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nn4mc.api import Network, compile_graph
from nn4mc.errors import UnsupportedError
from nn4mc.importers.onnx import load
from nn4mc.importers.options import DEFAULT_OPTIONS
from tests.c_batch import CNetwork, build_batch
from tests.conformance.cases import Case, OutOfScope, collect

_LIBRARIES = 2
"""How many shared libraries are built, all at the same time."""


@dataclass(frozen=True)
class Report:
    """Names of the tests passed; reasons by name of those failed and of those out of scope."""

    passed: Sequence[str]
    failed: Mapping[str, str]
    out_of_scope: Mapping[str, str]


@dataclass(frozen=True)
class _Compiled:
    case: Case
    network: Network


def conformance(folder: Path) -> Report:
    """Compile every test in scope, run the C and compare; ``folder`` takes what is generated."""
    failed: dict[str, str] = {}
    out_of_scope: dict[str, str] = {}
    compiled: list[_Compiled] = []
    for index, case in enumerate(_collected()):
        if isinstance(case, OutOfScope):
            out_of_scope[case.name] = case.reason
            continue
        try:
            compiled.append(_compile(case, f"case_{index}", folder))
        except UnsupportedError as error:
            out_of_scope[case.name] = _reason(str(error))
        except Exception as error:
            failed[case.name] = f"{type(error).__name__}: {str(error)[:300]}"
    passed = []
    for one, c_network in _built(compiled, folder):
        fault = _compare(one.case, c_network)
        if fault is None:
            passed.append(one.case.name)
        else:
            failed[one.case.name] = fault
    return Report(passed, failed, out_of_scope)


def _collected() -> list[Case | OutOfScope]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return collect()


def _compile(case: Case, name: str, folder: Path) -> _Compiled:
    path = folder / f"{name}.onnx"
    path.write_bytes(case.model.SerializeToString())
    graph = load(path, name, DEFAULT_OPTIONS)
    examples = np.repeat(case.trials[0].inputs[np.newaxis], 4, axis=0)
    return _Compiled(case, compile_graph(replace(graph, source=replace(graph.source, examples=examples)), name))


def _built(compiled: Sequence[_Compiled], folder: Path) -> list[tuple[_Compiled, CNetwork]]:
    """Compile the C of all networks in a few shared libraries."""
    parts = [compiled[i::_LIBRARIES] for i in range(_LIBRARIES)]

    def build(number: int) -> Mapping[str, CNetwork]:
        own = folder / f"library_{number}"
        own.mkdir()
        return build_batch([one.network for one in parts[number]], own)

    with ThreadPoolExecutor(_LIBRARIES) as pool:
        libraries = list(pool.map(build, range(len(parts))))
    return [(one, library[one.network.name]) for part, library in zip(parts, libraries, strict=True) for one in part]


def _compare(case: Case, network: CNetwork) -> str | None:
    """Return what is wrong with the answers of the C, or None."""
    for trial in case.trials:
        found = network.run(trial.inputs[np.newaxis])[0]
        if found.shape != trial.outputs.shape:
            return f"{found.size} outputs, expected {trial.outputs.size}"
        wrong = ~np.isclose(found, trial.outputs, rtol=case.rtol, atol=case.atol)
        if wrong.any():
            first = int(np.argmax(wrong))
            return f"{wrong.sum()} of {wrong.size} differ, the first {found[first]} for {trial.outputs[first]}"
    return None


def _reason(message: str) -> str:
    """Return the first refusal of a message without what names the test."""
    lines = [line.strip() for line in message.splitlines()]
    chosen = next((line for line in lines if line.startswith("node '")), lines[0])
    return re.sub(r"^.*?\.onnx: |^node '[^']*' ", "", chosen)


def _group(reason: str) -> str:
    """Return a reason without its numbers, so that like ones are counted together."""
    return re.sub(r"'[^']*'", "'...'", re.sub(r"\([0-9, ]*\)|[0-9]+", "#", reason))


def describe(report: Report) -> str:
    """Return the counts, the failures and the reasons for what is out of scope, most frequent first."""
    counts = f"{len(report.passed)} passed, {len(report.failed)} failed, {len(report.out_of_scope)} out of scope"
    lines = [f"failed: {name}: {why}" for name, why in report.failed.items()]
    groups = Counter(_group(reason) for reason in report.out_of_scope.values())
    lines += ["out of scope:", *(f"{count:6}  {reason}" for reason, count in groups.most_common())]
    return "\n".join([f"ONNX node tests: {counts}", *lines])


def main() -> int:
    """Run, print and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", action="store_true", help="name every test with its outcome")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = conformance(Path(folder))
    if options.list:
        outcomes = dict.fromkeys(report.passed, "passed")
        outcomes |= {name: f"out of scope: {why}" for name, why in report.out_of_scope.items()}
        sys.stdout.writelines(f"{name}: {outcome}\n" for name, outcome in sorted(outcomes.items()))
    sys.stdout.write(describe(report) + "\n")
    return 1 if report.failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
