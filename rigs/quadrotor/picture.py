"""Draws a picture of flights from their logs: ``python -m rigs.quadrotor.picture LOG [LOG ...] -o FILE.png``.

Each log is one that ``nn4mc hil quadrotor --report DIR`` left in DIR. docs/images/flight.png is made with
    python -m rigs.quadrotor.picture report/flight-*-lissajous.mcap -o docs/images/flight.png
"""

from io import BytesIO
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from nn4mc.hil.log import LoggedFlight, read_log

Array = npt.NDArray[np.float64]

_COLOURS = ("#1f6feb", "#d9730d", "#1a7f37", "#8250df")
_INK, _SOFT, _WANTED = "#24292f", "#6e7781", "#c4cad1"
_ARM_M = 0.14
"""Drawn size of a vehicle: the same for all, or the smallest could not be seen."""
_SNAPSHOTS = 6
_LAST_ROUND = 0.28
"""Share of the flight that the last of three rounds takes, after a ramp."""


@click.command()
@click.argument("logs", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="PNG to write.")
def main(logs: tuple[Path, ...], output: Path) -> None:
    """Draw the flights of LOGS: their paths in space on the left, their distance from the reference on the right."""
    flights = [read_log(log) for log in logs]
    figure = Figure(figsize=(11, 4.6), dpi=110)
    FigureCanvasAgg(figure)
    space: Any = figure.add_axes((-0.01, 0.02, 0.58, 0.98), projection="3d")
    error: Any = figure.add_axes((0.67, 0.14, 0.315, 0.74))
    space.plot(*_positions(flights[0], "/pose_reference").T, color=_WANTED, linewidth=4, label="wanted")
    for order, (flight, colour) in enumerate(zip(flights, _COLOURS, strict=False)):
        _draw_path(space, flight, colour, order / len(flights))
        _draw_error(error, flight, colour)
    _dress_space(space)
    _dress_error(error)
    drawn = BytesIO()
    figure.savefig(drawn, format="png")
    # A palette makes the file a third of the size, which a README is read with.
    Image.open(drawn).convert("RGB").quantize(128).save(output, optimize=True)


def _draw_path(axes: Any, flight: LoggedFlight, colour: str, shift: float) -> None:
    """Draw the path, and the vehicle with its tilt at some moments of the last round.

    ``shift``, in 0 to 1, moves these moments, so that two vehicles are not drawn over one another.
    """
    places = _positions(flight, "/pose")
    apart = len(places) * _LAST_ROUND / _SNAPSHOTS
    axes.plot(*places.T, color=colour, linewidth=1.4, clip_on=False, label=flight.configuration["vehicle"])
    for snapshot in range(_SNAPSHOTS):
        index = int(len(places) * (1 - _LAST_ROUND) + (snapshot + shift) * apart)
        _draw_vehicle(axes, flight.messages["/pose"][index]["pose"], colour)


def _draw_vehicle(axes: Any, pose: dict[str, dict[str, float]], colour: str) -> None:
    centre, rotation = _vector(pose["position"]), _rotation(pose["orientation"])
    circle = np.linspace(0, 2 * np.pi, 25)
    disc = 0.55 * _ARM_M * np.stack([np.cos(circle), np.sin(circle), 0 * circle], axis=1)
    for sides in ((1, -1), (-1, -1), (-1, 1), (1, 1)):
        tip = _ARM_M * np.array([*sides, 0.0]) / np.sqrt(2)
        axes.plot(*np.stack([centre, centre + rotation @ tip], axis=1), color=_INK, linewidth=1.5, clip_on=False)
        axes.plot(*((tip + disc) @ rotation.T + centre).T, color=colour, linewidth=1.3, clip_on=False)


def _draw_error(axes: Any, flight: LoggedFlight, colour: str) -> None:
    far = np.linalg.norm(_positions(flight, "/pose") - _positions(flight, "/pose_reference"), axis=1)
    stamps = [message["timestamp"] for message in flight.messages["/pose"]]
    times = np.array([stamp["sec"] + stamp["nsec"] * 1e-9 for stamp in stamps])
    axes.plot(times, far, color=colour, linewidth=1.6, label=flight.configuration["vehicle"])


def _dress_space(axes: Any) -> None:
    axes.set(xlim=(-0.85, 0.85), ylim=(-1.2, 1.2), zlim=(-0.5, 0.5))
    axes.set_box_aspect((1.7, 2.4, 1.0), zoom=1.1)
    axes.view_init(elev=32, azim=-32)
    axes.locator_params(nbins=4)
    axes.tick_params(labelsize=8, labelcolor=_SOFT, pad=-1)
    axes.set_xlabel("x (m)", color=_SOFT, fontsize=9, labelpad=-4)
    axes.set_ylabel("y (m)", color=_SOFT, fontsize=9)
    axes.set_zlabel("z (m)", color=_SOFT, fontsize=9, labelpad=-2)
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.set_pane_color((1, 1, 1, 0))
        axis._axinfo["grid"].update(color="#e3e6ea", linewidth=0.8)
    axes.legend(frameon=False, fontsize=10, loc="upper left")


def _dress_error(axes: Any) -> None:
    axes.set_title("Distance from the wanted position", loc="left", fontsize=11, color=_INK)
    axes.set_xlabel("time (s)", color=_SOFT)
    axes.set_ylabel("distance (m)", color=_SOFT)
    axes.grid(color="#e3e6ea")
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelcolor=_SOFT, color=_SOFT)
    axes.margins(x=0)
    axes.set_ylim(bottom=0)


def _positions(flight: LoggedFlight, topic: str) -> Array:
    """Return the positions on a topic of poses (n, 3)."""
    return np.array([_vector(message["pose"]["position"]) for message in flight.messages[topic]])


def _vector(point: dict[str, float]) -> Array:
    return np.array([point["x"], point["y"], point["z"]])


def _rotation(q: dict[str, float]) -> Array:
    """Return the matrix (3, 3) that turns body into world."""
    w, x, y, z = q["w"], q["x"], q["y"], q["z"]
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


if __name__ == "__main__":
    main()
