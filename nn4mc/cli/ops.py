"""nn4mc ops: what is read of each format, the operators that have C, and which of the one become which of the other."""

from dataclasses import asdict

import click

from nn4mc.cli.console import out, print_json, table
from nn4mc.importers.support import FORMATS, FormatSupport, format_support, formats, operators
from nn4mc.importers.support_text import becomes_text, sources_text


@click.command("ops")
@click.option("--format", "only", type=click.Choice(FORMATS), help="Only what is read of this format.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def ops_command(only: str | None, as_json: bool) -> None:
    """Show the operators that have C, what of each format becomes them, and which names of each format are read."""
    found = formats() if only is None else {only: format_support(only)}
    if as_json:
        listed = {name: one if isinstance(one, str) else asdict(one) for name, one in found.items()}
        print_json(({} if only else {"operators": [asdict(one) for one in operators()]}) | {"formats": listed})
        return
    if only is None:
        rows = [
            (one.name, one.about, " ".join(one.types), " ".join(one.attributes), sources_text(one))
            for one in operators()
        ]
        out.print(table("Operators with C", ("operator", "computes", "types", "attributes", "read from"), rows))
    for one in found.values():
        _print(one, in_full=only is not None)
    if only is None:
        click.echo("What each name becomes, and notes: `nn4mc ops --format NAME`; everything: `nn4mc ops --json`.")


def _print(support: FormatSupport | str, in_full: bool) -> None:
    """Print a format: one line a name, or all names in a paragraph."""
    if isinstance(support, str):
        click.echo(f"\n{support}")
        return
    click.echo(f"\n{support.title} ({support.files}): {support.limits}")
    if in_full:
        read = [(name, becomes_text(support, name), note) for name, note in support.read.items()]
        refused = [(name, "", f"not read: {advice}") for name, advice in support.refused.items()]
        out.print(table(f"{len(read)} names are read", ("name", "becomes", "note"), [*read, *refused]))
        return
    out.print(", ".join(support.read), highlight=False, markup=False)
    for name, advice in support.refused.items():
        out.print(f"not read: {name}: {advice}", highlight=False, markup=False)
