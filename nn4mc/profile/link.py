"""Builds the program that is profiled: a folder of generated C, with the flags of its target, and nothing else."""

from dataclasses import dataclass
from pathlib import Path

from nn4mc.build.cross import FLAGS, sources_in
from nn4mc.build.process import find_tool, run
from nn4mc.profile.folder import NetworkFolder
from nn4mc.target import Target

_SCRIPT = Path(__file__).with_name("profile.ld")
_SECTIONS = ("-ffunction-sections", "-fdata-sections")
_MARKS = """/* A label behind each layer: it costs no instruction. */
#define NN4MC_TRACE(values, bytes) __asm volatile("nn4mc_mark_%=:" ::: "memory")
"""
MARK = "nn4mc_mark_"


@dataclass(frozen=True)
class Built:
    """A network's programs: with its self-test, and lean without it.

    ``call_graphs`` are the compiler's (-fcallgraph-info=su), ``flags`` what it was told.
    """

    elf: Path
    lean_elf: Path
    call_graphs: tuple[str, ...]
    flags: tuple[str, ...]
    compiler: str


def build(network: NetworkFolder, target: Target, work: Path, marked: bool = False) -> Built:
    """Compile and link a network's folder for ``target`` into ``work``; ``marked`` puts a label behind each layer.

    Every C and assembly file of the folder is taken. Raises ToolMissingError without the cross compiler, BuildError
    with its words when it fails.
    """
    compiler = find_tool(target.compiler, "gcc-arm-none-eabi")
    part = work / ("marked" if marked else "plain")
    part.mkdir(parents=True, exist_ok=True)
    flags = (*target.flags, *FLAGS)
    c_flags = [*flags, *_SECTIONS, "-fcallgraph-info=su"]
    if marked:
        (part / "marks.h").write_text(_MARKS)
        c_flags += ["-include", str(part / "marks.h")]
    folder = network.path.resolve()
    objects = []
    for source in sources_in(folder):
        objects.append(part / f"{source.name}.o")
        own = c_flags if source.suffix == ".c" else target.flags
        command = [compiler, *own, f"-I{folder}", "-c", source, "-o", objects[-1]]
        run(command, stage=f"building {source.name} for {target.title}", cwd=part)
    elf, lean = part / "full.elf", part / "lean.elf"
    for program, roots in ((elf, ("run", "init", "selftest")), (lean, ("run", "init"))):
        wanted = [f"-Wl,-u,{network.name}_{root}" for root in roots]
        link = [*flags, "-nostdlib", "-Wl,--gc-sections", f"-Wl,-T,{_SCRIPT}", f"-Wl,-e,{network.name}_run", *wanted]
        run([compiler, *link, *objects, "-lgcc", "-o", program], stage=f"linking for {target.title}", cwd=part)
    graphs = tuple(path.read_text() for path in sorted(part.glob("*.ci")))
    version = run([compiler, "-dumpfullversion"], stage="asking the compiler's version").strip()
    return Built(elf, lean, graphs, flags, f"{target.compiler} {version}")
