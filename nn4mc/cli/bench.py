"""``nn4mc bench``: what a board itself takes, where models disagree; and how well it tracks."""

import click

from nn4mc.cli.console import err, out, print_json, table
from nn4mc.cli.tracking import tracking_command
from nn4mc.hil.kernel_bench import time_kernels
from nn4mc.hil.kernel_result import TimedKernel, verdict
from nn4mc.hil.progress import FlightProgress
from nn4mc.profile.cycles import HEADLINE

_COLUMNS = ("kernel", "operations", "cycles", "each", "model", "each", "waits")


@click.group("bench")
def bench_command() -> None:
    """Measure what a board takes for small pieces of code, and how well it controls the soft rigs."""


bench_command.add_command(tracking_command)


@bench_command.command("kernels")
@click.option(
    "--board",
    envvar="NN4MC_BOARD",
    required=True,
    show_envvar=True,
    metavar="URI",
    help="serial:///dev/ttyACM0[?baud=N], serial://, socket://HOST:PORT, sim://cortex-m4",
)
@click.option("--wait-states", type=click.IntRange(0, 15), default=5, show_default=True, help="Of the modelled flash.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def kernels_command(board: str, wait_states: int, as_json: bool) -> None:
    """Time kernels by a board's cycle counter, and say which --mac and which --weights win there.

    A serial board must run the firmware with kernels: the message of one that does not says how to upload it.

    Exit status: 0 when all was timed; 1 when a kernel's bits are wrong; 4 missing program, 5 build, 6 link; 7 when the
    board has no cycle counter (QEMU, host://) or its firmware has no kernels.
    """
    times = time_kernels(board, wait_states, FlightProgress(err).stage)
    if as_json:
        print_json({**times.as_dict(), "verdict": list(verdict(times))})
        return
    clock = f" at {times.clock_hz / 1e6:g} MHz" if times.clock_hz else ""
    title = f"Kernels on {times.board}{clock}, build {times.build_id}"
    out.print(table(title, _COLUMNS, [_row(one) for one in times.kernels.values()], _COLUMNS[1:]))
    for line in verdict(times):
        out.print(line, highlight=False)


def _row(one: TimedKernel) -> tuple[str, ...]:
    measured = (one.name, f"{one.operations:,}", f"{one.cycles:,}", f"{one.per_operation:.2f}")
    if one.modelled is None:
        return (*measured, "", "", "")
    modelled = one.modelled.cycles[HEADLINE.name]
    return (*measured, f"{modelled:,}", f"{modelled / one.operations:.2f}", f"{one.modelled.wait_cycles:,}")
