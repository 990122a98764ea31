"""Builds a firmware: flags, port, controller, build id. Read by SCons, in PlatformIO's environment."""

import os
import subprocess
import sys
from pathlib import Path

from SCons.Script import COMMAND_LINE_TARGETS, AlwaysBuild, Default, DefaultEnvironment

env = DefaultEnvironment()
platform_dir = Path(env.PioPlatform().get_dir())
sys.path.insert(0, str(platform_dir / "builder"))

from build_id import build_id  # noqa: E402 - found only now
from emulate import emulate  # noqa: E402

WARNINGS = (
    "-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wdouble-promotion -Wundef -Wcast-qual -Wvla -Werror"
).split()
# No fused multiply-add and no errno: the same bits on every board, and square roots without the C library.
MATH = ["-ffp-contract=off", "-fno-math-errno"]
SECTIONS = ["-ffunction-sections", "-fdata-sections"]

project = Path(env.subst("$PROJECT_DIR"))
build_dir = Path(env.subst("$BUILD_DIR"))
board = env.BoardConfig()
toolchain = board.get("build.toolchain")
cpu_flags = board.get("build.cpu_flags")
port_dir = project / "ports" / board.get("build.port")
ldscript = board.get("build.ldscript", "")
for_test = "__test" in COMMAND_LINE_TARGETS


def controller_folder():
    """Return the folder of the generated controller; without one given, generate RAPTOR's."""
    given = os.environ.get("NN4MC_CONTROLLER_DIR")
    if given:
        return Path(given).resolve()
    folder = build_dir / "quadrotor"
    subprocess.run([env.subst("$PYTHONEXE"), "-m", "nn4mc.hil.controller", "quadrotor", str(folder)], check=True)
    return folder


def compiler_version():
    """Return the compiler's first line of `--version`: another compiler is another build."""
    done = subprocess.run([f"{toolchain}gcc", "--version"], check=True, capture_output=True, text=True)
    return done.stdout.splitlines()[0]


folders = {
    "src": project / "src",
    "port": port_dir,
    "hil": project / "lib" / "hil" / "src",
    "nn4mc": project / "lib" / "nn4mc" / "src",
}
if not for_test:
    folders["controller"] = controller_folder()
# Kernels that BENCH times: a firmware of its own, since no flight needs them.
with_bench = bool(os.environ.get("NN4MC_BENCH")) and not for_test and ldscript
if with_bench:
    folders["bench"] = project / "bench"

flags = ["-std=c99", "-O2", "-g", "-ffreestanding", *SECTIONS, *MATH, *WARNINGS, *cpu_flags]
link_flags = [*cpu_flags, "-Wl,--gc-sections", *(["-nostdlib", "-Wl,--fatal-warnings"] if ldscript else [])]
defines = dict(board.get("build.defines"))
if with_bench:
    defines["NN4MC_BENCH"] = "1"
defines["NN4MC_BOARD"] = f'\\"{board.id}\\"'
# What the controller was generated for decides how the runtime is built: its options go in front of every file.
OPTIONS = "nn4mc_options.h"
options = ["-include", OPTIONS] if not for_test and (folders["controller"] / OPTIONS).is_file() else []
words = [*flags, *link_flags, *(f"{name}={value}" for name, value in sorted(defines.items()))]
identity = build_id(folders, [*words, compiler_version()])
defines["NN4MC_BUILD_ID"] = f'\\"{identity}\\"'
(build_dir / "build_id.txt").write_text(identity + "\n")

env.Replace(
    CC=f"{toolchain}gcc",
    CXX=f"{toolchain}g++",
    AS=f"{toolchain}gcc",
    AR=f"{toolchain}gcc-ar",
    RANLIB=f"{toolchain}gcc-ranlib",
    LINK=f"{toolchain}gcc",
    SIZETOOL=f"{toolchain}size",
    SIZECHECKCMD="$SIZETOOL -A -d $SOURCES" if ldscript else None,
    SIZEPRINTCMD="$SIZETOOL -B -d $SOURCES",
    SIZEPROGREGEXP=r"^(?:\.text|\.data|\.ccmram)\s+(\d+).*",
    SIZEDATAREGEXP=r"^(?:\.stack|\.data|\.bss|\.noinit)\s+(\d+).*",
    PROGNAME="firmware",
    PROGSUFFIX=".elf" if ldscript else "",
    ARFLAGS=["rcsD"],
)
# Paths in the debug information are relative, so that the same sources give the same file anywhere.
maps = [f"-ffile-prefix-map={path}={name}" for name, path in sorted(folders.items())]
maps += [f"-ffile-prefix-map={project}=firmware", f"-ffile-prefix-map={build_dir}=build"]
if ldscript:
    env.Replace(LDSCRIPT_PATH=str(port_dir / ldscript))
env.Append(
    CPPFLAGS=options,
    CCFLAGS=[*flags, *maps],
    ASFLAGS=[*cpu_flags],
    CPPDEFINES=list(defines.items()),
    CPPPATH=[str(path) for path in folders.values()],
    LINKFLAGS=[*link_flags, f"-Wl,-Map,{build_dir / 'firmware.map'}"],
    LIBS=["gcc"] if ldscript else [],
)

env.BuildSources(str(build_dir / "port"), str(port_dir))
if not for_test:
    env.BuildSources(str(build_dir / "controller"), str(folders["controller"]))
if with_bench:
    env.BuildSources(str(build_dir / "bench"), str(folders["bench"]))
program = env.BuildProgram()
Default(program)


def upload(target, source, env):
    """Start the board where it is emulated; a laptop needs no upload."""
    elf = str(source[0])
    if board.get("upload.protocol") == "qemu":
        return emulate(board.get("upload.machine"), elf)
    print(f"{board.id} is this computer: {elf} is the board, with its serial line on stdin and stdout.")
    return 0


AlwaysBuild(env.Alias("upload", program, env.VerboseAction(upload, "Starting $SOURCE")))
