"""Takes damaged files one by one, each under limits of time and memory, and says what became of it.

Started by `tests.fuzz.run`: a line "FORMAT NUMBER" in, a line of JSON out. A crash or a hang ends the process.
"""

import faulthandler
import json
import os
import resource
import shutil
import sys
import tempfile
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path

from nn4mc.api import compile_model
from nn4mc.errors import ModelError
from nn4mc.importers.options import DEFAULT_OPTIONS, ImportOptions
from tests.fuzz.corpus import SUFFIXES
from tests.fuzz.mutate import mutant

SECONDS = 10.0
MEMORY_BYTES = 1 << 30
COMPILED = "compiled"
_STATEFUL = 8
"""One file in so many is compiled as a step that carries its state."""
_LONGEST_MESSAGE = 20_000
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_FORBIDDEN = ("subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "socket.", "ctypes.")
_CHANGES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.link", "os.truncate", "os.chmod")
_OUR_PICKLES = frozenset(("nn4mc", "numpy"))
"""What a process that reads a file in isolation sends back."""
_FRAMEWORKS = frozenset(("torch", "tensorflow", "keras", "tf_keras"))


@dataclass(frozen=True)
class Outcome:
    """What became of a file: ``result`` is "compiled" or an error's class; ``fault`` says what broke the rules."""

    kind: str
    number: int
    result: str
    fault: str = ""
    seconds: float = 0.0
    megabytes: float = 0.0


class Watch:
    """Sees, through Python's audit events, files opened and programs started while a model is compiled."""

    def __init__(self, sandbox: Path) -> None:
        """Let files be written in the folder ``sandbox`` only, and read there and in Python's own folders."""
        self.armed = False
        self._log = tempfile.TemporaryFile("a+b", buffering=0)  # noqa: SIM115 - child processes write to it too
        self._sandbox = str(sandbox)
        here = str(Path(__file__).resolve().parents[2])
        self._readable = (
            self._sandbox,
            here,
            sys.prefix,
            sys.base_prefix,
            *filter(None, sys.path),
            "/proc/self",
            "/usr/lib",
        )
        sys.addaudithook(self._see)

    def _see(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self.armed:
            return
        if event == "import" and str(arguments[0]).split(".", maxsplit=1)[0] in _FRAMEWORKS:
            self._note(f"imports {arguments[0]}")
        elif event == "open":
            self._see_open(arguments[0], int(str(arguments[2] or 0)))
        elif event in _CHANGES and not str(arguments[0]).startswith(self._sandbox):
            self._note(f"{event} {arguments[0]}")
        elif event.startswith(_FORBIDDEN):
            self._note(f"{event} {str(arguments)[:200]}")
        elif event == "pickle.find_class" and str(arguments[0]).split(".", maxsplit=1)[0] not in _OUR_PICKLES:
            self._note(f"{event} {arguments}")

    def _note(self, fault: str) -> None:
        os.write(self._log.fileno(), f"{fault}\n".encode())

    def faults(self) -> list[str]:
        """Return what was seen since the last call."""
        self._log.seek(0)
        found = self._log.read().decode().splitlines()
        self._log.truncate(0)
        return found

    def _see_open(self, path: object, flags: int) -> None:
        if isinstance(path, int) or path is None:
            return
        name = os.path.abspath(os.fsdecode(str(path)))  # noqa: PTH100 - resolve() would open files itself
        allowed = (self._sandbox,) if flags & _WRITES else self._readable
        if not name.startswith(allowed):
            self._note(f"opens {name} ({'write' if flags & _WRITES else 'read'})")


def judge(path: Path, output: Path, options: ImportOptions = DEFAULT_OPTIONS) -> tuple[str, str]:
    """Compile a file into ``output``; return the result and, where it breaks the rules, the fault."""
    try:
        compile_model(path, options=options).write(output)
    except ModelError as error:
        return type(error).__name__, _message_fault(error, path)
    except MemoryError:
        return "MemoryError", f"takes more than {MEMORY_BYTES >> 20} MiB\n{traceback.format_exc()}"
    except Exception as error:
        return type(error).__name__, traceback.format_exc()
    return COMPILED, ""


def _message_fault(error: ModelError, path: Path) -> str:
    text = str(error)
    if str(path) not in text:
        return f"does not name the file: {text[:300]}\n{traceback.format_exc()}"
    if len(text) > _LONGEST_MESSAGE:
        return f"a message of {len(text)} characters: {text[:300]}"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, MemoryError):
            return f"takes more than {MEMORY_BYTES >> 20} MiB\n{traceback.format_exc()}"
        cause = cause.__cause__ or cause.__context__
    return ""


def examine(kind: str, number: int, sandbox: Path, watch: Watch) -> Outcome:
    """Make a file, compile it, and return what became of it; a hang or a crash ends this process."""
    path, output = sandbox / f"model{SUFFIXES[kind]}", sandbox / "out"
    path.write_bytes(mutant(kind, number))
    before = set(sandbox.iterdir())
    Path("/proc/self/clear_refs").write_text("5")
    resident, started = _status("VmRSS"), os.times().elapsed
    faulthandler.dump_traceback_later(SECONDS, exit=True)
    watch.armed = True
    result, fault = judge(path, output, ImportOptions(stateful=number // 7 % _STATEFUL == 0))
    watch.armed = False
    faulthandler.cancel_dump_traceback_later()
    seconds, grown = os.times().elapsed - started, _status("VmHWM") - resident
    strange = [one.name for one in sandbox.iterdir() if one not in before and one != output]
    faults = [fault, *watch.faults(), *(f"leaves {name}" for name in strange)]
    if grown > MEMORY_BYTES:
        faults.append(f"takes {grown >> 20} MiB")
    shutil.rmtree(output, ignore_errors=True)
    return Outcome(kind, number, result, "\n".join(filter(None, faults)), seconds, grown / (1 << 20))


def _status(field: str) -> int:
    """Return a line of this process's memory status in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) << 10
    raise KeyError(field)


def _warm_up(sandbox: Path) -> None:
    """Import every reader, so that what follows is not charged to the first file."""
    from tests.fuzz.mutate import available

    for kind in filter(available, SUFFIXES):
        path = sandbox / f"model{SUFFIXES[kind]}"
        path.write_bytes(b"\0" * 100)
        judge(path, sandbox / "out")
        path.unlink()


def main() -> None:
    """Serve until standard input ends."""
    faulthandler.enable()
    with tempfile.TemporaryDirectory(prefix="nn4mc_fuzz_") as folder:
        sandbox = Path(folder).resolve()
        os.chdir(sandbox)
        tempfile.tempdir = folder
        _warm_up(sandbox)
        limit = _status("VmSize") + MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        watch = Watch(sandbox)
        for line in sys.stdin:
            kind, number = line.split()
            print(json.dumps(asdict(examine(kind, int(number), sandbox, watch))), flush=True)


if __name__ == "__main__":
    main()
