"""nn4mc doctor: what is installed and what is missing."""

import sys
from dataclasses import asdict

import click

from nn4mc.cli.console import out, print_json, table


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def doctor_command(as_json: bool) -> None:
    """Check what the emulated flight needs: compilers, emulator, PlatformIO, Python packages; and list boards.

    Exit status 0 only if `nn4mc hil quadrotor` can run here, else 4.
    """
    from nn4mc.doctor import boards, examine  # noqa: PLC0415 - keeps --help fast

    findings = examine()
    missing = [finding for finding in findings if finding.found is None]
    if as_json:
        print_json(
            {"ready": not missing, "findings": [asdict(finding) for finding in findings], "boards": list(boards())}
        )
    else:
        rows = [
            (
                finding.name,
                finding.purpose,
                finding.found or "[bold red]missing[/]",
                "" if finding.found else finding.get,
            )
            for finding in findings
        ]
        out.print(table("What nn4mc needs", ("", "for", "found", "how to get it"), rows))
        out.print(f"Boards: {', '.join(boards()) or 'none'}", highlight=False)
        click.echo(
            "Ready: `nn4mc hil quadrotor` can run here."
            if not missing
            else f"{len(missing)} missing; see the last column."
        )
    sys.exit(4 if missing else 0)
