"""Builds the program that is profiled: a folder of generated C, with the flags of its target, and nothing else."""

from dataclasses import dataclass
from pathlib import Path

from nn4mc.build.cross import FLAGS
from nn4mc.build.process import find_tool, run
from nn4mc.profile.folder import NetworkFolder
from nn4mc.target import Target

_SCRIPT = Path(__file__).with_name("profile.ld")
_LINK = ("-ffunction-sections", "-fdata-sections", "-nostdlib", "-Wl,--gc-sections")
_MARKS = """/* A label behind each layer: it costs no instruction. */
#define NN4MC_TRACE(values, bytes) __asm volatile("nn4mc_mark_%=:" ::: "memory")
"""
MARK = "nn4mc_mark_"


@dataclass(frozen=True)
class Built:
    """A linked program, the compiler's call graphs (-fcallgraph-info=su), and the flags it was built with."""

    elf: Path
    call_graphs: tuple[str, ...]
    flags: tuple[str, ...]
    compiler: str


def build(network: NetworkFolder, target: Target, work: Path, marked: bool = False) -> Built:
    """Compile and link a network's folder for ``target`` into ``work``; ``marked`` puts a label behind each layer.

    Raises ToolMissingError without the cross compiler, BuildError with its words when it fails.
    """
    compiler = find_tool(target.compiler, "gcc-arm-none-eabi")
    work.mkdir(parents=True, exist_ok=True)
    elf = work / ("marked.elf" if marked else "plain.elf")
    roots = [f"{network.name}_{part}" for part in ("run", "init", "selftest")]
    flags = (*target.flags, *FLAGS)
    words = [*flags, *_LINK, f"-Wl,-T,{_SCRIPT}", f"-Wl,-e,{roots[0]}", *(f"-Wl,-u,{root}" for root in roots)]
    if marked:
        header = work / "marks.h"
        header.write_text(_MARKS)
        words += ["-include", str(header)]
    else:
        words += ["-fcallgraph-info=su"]
    folder = network.path.resolve()
    sources = sorted(path for pattern in ("*.c", "*.S") for path in folder.glob(pattern))
    # One call a source, since -include must not reach assembly.
    objects = [work / f"{elf.stem}-{source.name}.o" for source in sources]
    for source, made in zip(sources, objects, strict=True):
        own = words if source.suffix == ".c" else [*target.flags, *_LINK[:2]]
        compiling = [word for word in own if not str(word).startswith("-Wl,") and word != "-nostdlib"]
        run([compiler, *compiling, f"-I{folder}", "-c", source, "-o", made], stage=f"building {source.name}", cwd=work)
    linking = [word for word in words if word not in ("-include", str(work / "marks.h"))]
    run([compiler, *linking, *objects, "-lgcc", "-o", elf], stage=f"linking for {target.title}", cwd=work)
    graphs = tuple(path.read_text() for path in sorted(work.glob("*.ci")))
    version = run([compiler, "-dumpfullversion"], stage="asking the compiler's version").strip()
    return Built(elf, graphs, flags, f"{target.compiler} {version}")
