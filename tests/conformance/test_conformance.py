"""The bar: at least 250 of the ONNX project's own node tests pass through generated C, and none fails."""

from pathlib import Path

import pytest

from tests.conformance.run import conformance, describe


@pytest.mark.slow
def test_the_node_tests_of_onnx_pass(tmp_path: Path) -> None:
    report = conformance(tmp_path)
    assert not report.failed, describe(report)
    assert len(report.passed) >= 250, describe(report)
