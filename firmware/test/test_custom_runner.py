"""Reads what firmware/test/check.c prints: a line a case, DONE at the end."""

import click
from platformio.test.result import TestCase, TestStatus
from platformio.test.runners.base import TestRunnerBase


class CustomTestRunner(TestRunnerBase):
    """Turns ``PASS:name`` and ``FAIL:name: text`` into PlatformIO's cases."""

    done = False

    def on_testing_line_output(self, line):
        """Take one line of the program's output."""
        click.echo(line, nl=False)
        verdict, _, rest = line.strip().partition(":")
        name, _, message = rest.partition(": ")
        if verdict == "PASS":
            self.test_suite.add_case(TestCase(name=name, status=TestStatus.PASSED))
        elif verdict == "FAIL":
            self.test_suite.add_case(TestCase(name=name, status=TestStatus.FAILED, message=message))
        elif line.startswith("DONE"):
            self.done = True

    def teardown(self):
        """A program that ended before its last line has crashed, whatever it printed until then."""
        if not self.done:
            name = f"{self.test_suite.env_name}:{self.test_suite.test_name} ran to its end"
            self.test_suite.add_case(TestCase(name=name, status=TestStatus.ERRORED))
