"""``nn4mc boards``: what a flight can run on, here and now."""

from dataclasses import asdict

import click
from rich.table import Table

from nn4mc.cli.console import out, print_json, table
from nn4mc.hil.boards import ConnectedPort, LocalBoard, connected_ports, local_boards


@click.command("boards")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def boards_command(as_json: bool) -> None:
    """List the boards that run on this machine and the serial ports that are plugged in."""
    local, ports = local_boards(), connected_ports()
    if as_json:
        print_json({"boards": [asdict(board) for board in local], "ports": [asdict(port) for port in ports]})
        return
    out.print(_local_table(local))
    out.print(_port_table(ports) if ports else "No serial port is plugged in.")


def _local_table(boards: tuple[LocalBoard, ...]) -> Table:
    rows = [
        (
            board.uri,
            board.about,
            f"missing: {', '.join(board.missing)} (see nn4mc doctor)" if board.missing else "ready",
        )
        for board in boards
    ]
    return table("Without hardware", ("board", "what it is", "here"), rows)


def _port_table(ports: tuple[ConnectedPort, ...]) -> Table:
    rows = [(port.uri, port.board or port.description, _usb_id(port), port.serial_number or "") for port in ports]
    return table("Serial ports", ("board", "what it is", "USB id", "serial number"), rows)


def _usb_id(port: ConnectedPort) -> str:
    return "" if port.vid is None or port.pid is None else f"{port.vid:04x}:{port.pid:04x}"
