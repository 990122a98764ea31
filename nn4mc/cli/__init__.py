"""The command line: one verb a file, loaded when it is called, so that `nn4mc compile` starts fast."""

import sys
import traceback
from importlib import import_module

import click

from nn4mc import __version__
from nn4mc.errors import Nn4mcError

VERBS = {
    "compile": ("nn4mc.cli.compile:compile_command", "Compile a model to C."),
    "inspect": ("nn4mc.cli.inspect:inspect_command", "Show a model's layers and its exact memory."),
    "verify": ("nn4mc.cli.verify:verify_command", "Compare the C of a model with float64, layer by layer."),
    "profile": ("nn4mc.cli.profile:profile_command", "Tell what a step costs on its target, layer by layer."),
    "train": ("nn4mc.cli.train:train_command", "Learn a forward model from logs."),
    "quantize": ("nn4mc.cli.quantize:quantize_command", "Say what quantising a model costs, by layer and in the loop."),
    "ops": ("nn4mc.cli.ops:ops_command", "Show what is read of each format, and the operators that have C."),
    "hil": ("nn4mc.cli.hil:hil_command", "Fly a rig with the controller on a board, and measure how well."),
    "campaign": ("nn4mc.cli.campaign:campaign_command", "Fly many runs from one file, resumable, on many machines."),
    "raptor": ("nn4mc.cli.raptor:raptor_command", "Ask whether a quadrotor may be flown with RAPTOR, and how well."),
    "rig": ("nn4mc.cli.rig:rig_command", "Record the simulated plant of a rig, to train models with; begin your own."),
    "tune": ("nn4mc.cli.tune:tune_command", "Tune a controller on the simulated plant of a rig."),
    "bench": ("nn4mc.cli.bench:bench_command", "Time small kernels on a board; fly the tracking benchmark."),
    "boards": ("nn4mc.cli.boards:boards_command", "List the boards there are."),
    "doctor": ("nn4mc.cli.doctor:doctor_command", "Check what is installed and what is missing."),
}
"""Every verb: where its command is, and its line in the help."""

_EXTRAS = {"pyarrow": "campaign", "dask": "campaign", "distributed": "campaign"}
"""The extra that brings a package; every other one is of the extra hil."""

_EPILOG = """\b
Exit codes:
  0  success                       4  a tool or an extra is missing
  1  a check failed                5  a compiler or PlatformIO failed
  2  wrong usage or configuration  6  the board does not answer
  3  the model cannot be taken     7  the board refuses
  70 a fault of nn4mc itself       130  interrupted
"""


class Verbs(click.Group):
    """A group whose commands are imported when they are needed, and whose errors end in one clear message."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs in the order of the way from a model to a board."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a verb's command, importing its module."""
        if cmd_name not in VERBS:
            return None
        module, attribute = VERBS[cmd_name][0].split(":")
        try:
            command = getattr(import_module(module), attribute)
        except ModuleNotFoundError as error:
            if error.name is None or error.name.split(".")[0] == "nn4mc":
                raise
            return _explain_missing(cmd_name, error.name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(verb, about) for verb, (_, about) in VERBS.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Run a verb; an Nn4mcError becomes its message and its exit code."""
        try:
            return super().invoke(ctx)
        except Nn4mcError as error:
            if ctx.params.get("verbose"):
                traceback.print_exc()
            click.echo(f"Error: {_printable(str(error))}", err=True)
            sys.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            sys.exit(130)


def _printable(text: str) -> str:
    """Return a message with the control characters written out: names from a model file must not steer a terminal."""
    return "".join(one if one.isprintable() or one == "\n" else ascii(one)[1:-1] for one in text)


def _explain_missing(verb: str, module: str) -> click.Command:
    extra = _EXTRAS.get(module.split(".", maxsplit=1)[0], "hil")

    @click.command(verb, help=f"Not available: the Python package '{module}' is missing.")
    def missing() -> None:
        click.echo(f"Error: '{verb}' needs the Python package '{module}': pip install 'nn4mc[{extra}]'", err=True)
        sys.exit(4)

    missing.ignore_unknown_options = True
    missing.params.append(click.Argument(["rest"], nargs=-1, expose_value=False))
    return missing


@click.group(cls=Verbs, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="nn4mc")
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def main(verbose: bool) -> None:
    """Small trained networks and their controllers, as verified C for a Cortex-M4."""
