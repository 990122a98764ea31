"""Times the small kernels of a firmware on a board: build it with them, connect, ask for each, model the same calls."""

from pathlib import Path

from nn4mc.build.platformio import BENCH_VARIABLE, Firmware, boards, build_firmware, cache_dir
from nn4mc.errors import CheckFailed, DeviceError
from nn4mc.hil.bench import Stage, own_firmware
from nn4mc.hil.boards import resolve_board
from nn4mc.hil.controller import write_controller
from nn4mc.hil.kernel_result import KernelTimes, TimedKernel
from nn4mc.hil.link import BoardUri, Link, open_link
from nn4mc.hil.messages import BenchReply, Hello
from nn4mc.hil.protocol import CycleSource
from nn4mc.hil.rig import load_rig
from nn4mc.hil.session import Session
from nn4mc.hil.sim_link import SimLink
from nn4mc.profile.kernels import ModelledKernel, model_kernels
from nn4mc.resources import resource

_RIG = "quadrotor"
"""Whose controller the firmware is built around, as every firmware is around one."""


def time_kernels(board: str, wait_states: int, stage: Stage) -> KernelTimes:
    """Time every kernel on ``board`` and model it; a board of ours is built and started, another must run the firmware.

    ``wait_states`` are those of the modelled flash. Raises what building and connecting raise, DeviceError when
    nothing counts cycles on the board or its firmware has no kernels, CheckFailed when it computes wrong bits.
    """
    uri = resolve_board(board)
    home = cache_dir() / "kernels"
    name = own_firmware(uri)
    firmware = _build(name, home, stage) if name is not None else None
    with stage(f"connecting to {uri.text}"):
        link = open_link(uri, firmware.elf if firmware else None)
    with Session(link) as session:
        with stage(f"timing kernels on {uri.text}"):
            session.synchronise()
            hello = session.hello()
            _check_counter(uri, hello)
            session.reset()
            replies = _replies(uri, session, home)
        if firmware is None and hello.board in boards():
            firmware = _build(hello.board, home, stage)
        modelled = _model(firmware, hello, wait_states, stage)
        times = _times(uri, link, hello, wait_states, _beside(replies, modelled))
    times.check_bits()
    return times


def _build(board: str, home: Path, stage: Stage) -> Firmware:
    with stage(f"building the firmware with kernels for {board}"):
        write_controller(load_rig(_RIG), home / "controller")
        return build_firmware(board, home / "controller", home / "firmware", bench=True)


def _check_counter(uri: BoardUri, hello: Hello) -> None:
    if hello.cycle_source is CycleSource.NONE:
        raise DeviceError(
            f"{uri.text} has no cycle counter, so nothing can be timed on it: QEMU and a laptop count no cycles.\n"
            "Name a real board, such as serial:///dev/ttyACM0, or sim://cortex-m4, which counts by a model."
        )


def _replies(uri: BoardUri, session: Session, home: Path) -> tuple[BenchReply, ...]:
    try:
        return tuple(session.bench())
    except DeviceError as error:
        write_controller(load_rig(_RIG), home / "controller")
        upload = f"pio run -d {resource('firmware')} -t upload"
        raise DeviceError(
            f"{uri.text}: {error}\n"
            f"Build and upload it with them: {BENCH_VARIABLE}=1 NN4MC_CONTROLLER_DIR={home / 'controller'} {upload}"
        ) from error


def _model(
    firmware: Firmware | None, hello: Hello, wait_states: int, stage: Stage
) -> tuple[ModelledKernel, ...] | None:
    """Return the model's figures of the program that the board runs; None where that is not known."""
    if firmware is None or firmware.build_id != hello.build_id:
        return None
    with stage("modelling the same kernels"):
        return model_kernels(firmware.elf, wait_states)


def _beside(
    replies: tuple[BenchReply, ...], modelled: tuple[ModelledKernel, ...] | None
) -> tuple[tuple[BenchReply, ModelledKernel | None], ...]:
    if modelled is None:
        return tuple((reply, None) for reply in replies)
    if [reply.name for reply in replies] != [one.name for one in modelled]:
        raise CheckFailed("the board's kernels are not those of its own build. Reset it and try again.")
    return tuple(zip(replies, modelled, strict=True))


def _times(
    uri: BoardUri,
    link: Link,
    hello: Hello,
    wait_states: int,
    pairs: tuple[tuple[BenchReply, ModelledKernel | None], ...],
) -> KernelTimes:
    kernels = (
        TimedKernel(one.name, one.operations, one.cycles, one.first_cycles, one.digest, modelled)
        for one, modelled in pairs
    )
    return KernelTimes(
        board=uri.text,
        clock_hz=hello.clock_hz,
        build_id=hello.build_id,
        wait_states=wait_states,
        modelled_clock=link.cycle_model if isinstance(link, SimLink) else None,
        kernels={one.name: one for one in kernels},
    )
