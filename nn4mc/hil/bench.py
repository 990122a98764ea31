"""From a rig and a board's URI to a bench that is ready to fly: compile, build, boot, connect."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from nn4mc.api import ControllerCode
from nn4mc.build.platformio import Firmware, build_firmware, cache_dir
from nn4mc.build.sizes import firmware_sizes
from nn4mc.errors import ConfigError
from nn4mc.hil.boards import resolve_board
from nn4mc.hil.controller import compile_controller
from nn4mc.hil.faults import FaultSpec, FaultyLink
from nn4mc.hil.flight import Bench
from nn4mc.hil.handshake import Expected
from nn4mc.hil.link import BoardUri, open_link, parse_board
from nn4mc.hil.result import FirmwareResult
from nn4mc.hil.rig import Rig
from nn4mc.hil.session import Session
from nn4mc.hil.sim_link import SIM_BOARDS, SimLink
from nn4mc.hil.twin import Twin, build_twin
from nn4mc.quantize import Quantizing
from nn4mc.target import DEFAULT_CODE, CodeOptions

BOARD = "netduinoplus2"
"""What a board on a serial line or a socket is taken to be."""
HOST = "host"
Stage = Callable[[str], AbstractContextManager[None]]
"""Shows what is being done while its context is open."""


@dataclass(frozen=True)
class Built:
    """A rig's controller on disk, its twin, and the firmware of a board that we start ourselves."""

    controller: ControllerCode
    folder: Path
    twin: Twin
    firmware: Firmware | None


@contextmanager
def open_bench(
    rig: Rig,
    board: str,
    faults: FaultSpec,
    stage: Stage,
    quantizing: Quantizing | None = None,
    code: CodeOptions = DEFAULT_CODE,
) -> Iterator[Bench]:
    """Compile the rig's controller, build what ``board`` needs, start or open it, and connect; close at the end.

    ``quantizing`` says how to quantise the controller's network, if at all; ``code`` are the options of its C, in
    firmware and twin alike.

    Raises what each step raises: ConfigError, ModelError, ToolMissingError, BuildError, LinkError, DeviceError.
    """
    uri = resolve_board(board)
    _check_memory(uri, code)
    with stage(f"compiling the controller of {rig.name}"):
        controller = compile_controller(rig, quantizing, code)
    built = _build(controller, rig, uri, stage)
    with stage(f"connecting to {uri.text}"):
        link = open_link(uri, built.firmware.elf if built.firmware else None)
    with Session(FaultyLink(link, faults) if faults else link) as session:
        with stage(f"asking {uri.text} who it is"):
            hello = session.connect(_expected(uri, built))
        yield Bench(
            rig=rig,
            board=uri.text,
            session=session,
            twin=built.twin,
            hello=hello,
            model_sha256=built.controller.sha256,
            faults=faults,
            firmware=_sizes(built.firmware),
            code=code,
            counter=link if isinstance(link, SimLink) else None,
        )


def _check_memory(uri: BoardUri, code: CodeOptions) -> None:
    if code.weights == "ccm" and uri.scheme == "qemu":
        raise ConfigError(f"{uri.text} has no CCM: QEMU does not emulate it. Use --weights ram, or sim://cortex-m4.")


def write_firmware(
    rig: Rig,
    board: str,
    path: Path,
    stage: Stage,
    quantizing: Quantizing | None = None,
    code: CodeOptions = DEFAULT_CODE,
) -> Firmware:
    """Build the firmware of ``board`` around the rig's controller and copy the program (ELF) to ``path``.

    A board on a line gets that of BOARD. Raises ConfigError for the host's or a path that cannot be written, and what
    compiling and building raise.
    """
    name = own_firmware(parse_board(board)) or BOARD
    if name == HOST:
        raise ConfigError(f"--firmware {path}: {board} is this computer, which needs no flashing. Leave --board out.")
    with stage(f"compiling the controller of {rig.name}"):
        home, folder = _write(compile_controller(rig, quantizing, code), rig)
    with stage(f"building the firmware for {name}"):
        firmware = build_firmware(name, folder, home / "firmware")
    try:
        shutil.copyfile(firmware.elf, path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror}). Name another file.") from error
    return firmware


def _write(controller: ControllerCode, rig: Rig) -> tuple[Path, Path]:
    """Write a controller where its firmware is built; return that place and the folder of its C."""
    home = cache_dir() / f"{rig.name}-{_digest(controller)}"
    folder = home / "controller"
    controller.write(folder)
    return home, folder


def _build(controller: ControllerCode, rig: Rig, uri: BoardUri, stage: Stage) -> Built:
    home, folder = _write(controller, rig)
    with stage("building the controller for this machine"):
        twin = Twin(build_twin(folder, home / "twin"))
    firmware = None
    name = own_firmware(uri)
    if name is not None:
        with stage(f"building the firmware for {name}"):
            firmware = build_firmware(name, folder, home / "firmware")
    return Built(controller, folder, twin, firmware)


def own_firmware(uri: BoardUri) -> str | None:
    """Return the name of the firmware that a board runs and that we build and start; None where it is not ours."""
    return {"qemu": uri.target, "host": "host", "sim": SIM_BOARDS.get(uri.target)}.get(uri.scheme)


def _digest(controller: ControllerCode) -> str:
    digest = hashlib.sha256()
    for name in sorted(controller.files):
        digest.update(f"{name}\0{controller.files[name]}\0".encode())
    return digest.hexdigest()[:12]


def _expected(uri: BoardUri, built: Built) -> Expected:
    twin = built.twin
    mend = "Add --firmware FILE.elf to this command: it writes the firmware for this controller. Flash it, fly again."
    if built.firmware is not None:
        mend = f"Its build is stale: remove {built.folder.parent} and run the same command again, which rebuilds it."
    return Expected(
        model_id=twin.model_id,
        sensor_len=twin.sensor_len,
        reference_len=twin.reference_len,
        command_len=twin.command_len,
        selftest_limit=twin.selftest_limit,
        how_to_mend=mend,
        build_id=built.firmware.build_id if built.firmware else None,
        variable_len=twin.variable_len,
    )


def _sizes(firmware: Firmware | None) -> FirmwareResult | None:
    if firmware is None:
        return None
    sizes = firmware_sizes(firmware)
    return FirmwareResult(
        flash_bytes=sizes.flash_bytes,
        ram_bytes=sizes.ram_bytes,
        controller_flash_bytes=sizes.controller_flash_bytes,
        controller_ram_bytes=sizes.controller_ram_bytes,
        stack_bytes=sizes.stack_bytes,
    )
