"""The report of a run: one page that works offline, the same plots as PNGs, and the numbers as JSON."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
import msgspec
from plotly.offline import get_plotlyjs

from nn4mc.hil.plots import RIG, Chart, Series, flight_charts
from nn4mc.hil.plots_png import draw_png
from nn4mc.hil.record import FlightRecord, Vector
from nn4mc.hil.report_text import SUMMARY_HEADINGS, details, outcome, summary_row, verdict
from nn4mc.hil.result import FlightResult
from nn4mc.hil.rig import Rig

Flights = Sequence[tuple[FlightResult, FlightRecord]]

_TEMPLATES = Path(__file__).parent / "templates"
_POINTS = 6000
"""Points on the page a series, shared by all flights: keeps the page near 6 MB, 4.8 of which are plotly.js."""


def flight_name(rig: Rig, result: FlightResult) -> str:
    """Return the name of a flight's files, such as ``crazyflie-lissajous``."""
    return "-".join(filter(None, (result.vehicle, result.reference, choice(rig, result.controller))))


def log_path(directory: Path, vehicle: str, reference: str, controller: str = "") -> Path:
    """Return where the report expects the MCAP log of a flight; ``controller`` where its rig has several."""
    return directory / f"flight-{'-'.join(filter(None, (vehicle, reference, controller)))}.mcap"


def choice(rig: Rig, controller: str) -> str:
    """Return what tells the controllers of a rig apart in the names of files: nothing for a rig with one."""
    return controller if len(rig.controllers) > 1 else ""


def write_report(directory: Path, rig: Rig, flights: Flights) -> Path:
    """Write index.html, report.json and a PNG of every plot into ``directory``; return the page.

    Every file appears whole or not at all, the page last. A log that is in the directory under the name
    ``log_path`` gives it is linked.
    """
    directory.mkdir(parents=True, exist_ok=True)
    sections = [_section(directory, rig, result, record, len(flights)) for result, record in flights]
    results = [result for result, _ in flights]
    _write(directory / "report.json", msgspec.json.format(msgspec.json.encode({"flights": results}), indent=2))
    page = directory / "index.html"
    _write(page, _page(rig, results, sections).encode())
    return page


def _section(directory: Path, rig: Rig, result: FlightResult, record: FlightRecord, flights: int) -> dict[str, Any]:
    """Draw the PNGs of one flight and return what the page shows of it."""
    name = flight_name(rig, result)
    title = ", ".join(filter(None, (result.vehicle, result.reference, choice(rig, result.controller))))
    charts = flight_charts(result, record, rig.command, rig.view)
    for chart in charts:
        target = directory / f"{name}-{chart.key}.png"
        draft = target.with_suffix(".png.part")
        draw_png(chart, draft, f"{title}, on {result.board}")
        draft.replace(target)
    every = -(-len(record) * flights // _POINTS) or 1
    log = log_path(directory, result.vehicle, result.reference, choice(rig, result.controller))
    return {
        "name": name,
        "title": title,
        "outcome": outcome(result),
        "details": details(result),
        "log": log.name if log.exists() else None,
        "every": every,
        "charts": [_chart_data(chart, every) for chart in charts],
    }


def _page(rig: Rig, results: Sequence[FlightResult], sections: list[dict[str, Any]]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), undefined=jinja2.StrictUndefined, autoescape=True
    )
    good, sentence = verdict(results)
    return environment.get_template("report.html.j2").render(
        title=rig.title,
        good=good,
        verdict=sentence,
        headings=SUMMARY_HEADINGS,
        rows=[summary_row(result) for result in results],
        flights=sections,
        style=(_TEMPLATES / "report.css").read_text(),
        script=(_TEMPLATES / "report.js").read_text(),
        plotly=get_plotlyjs(),
        data=_script_safe({section["name"]: section["charts"] for section in sections}),
    )


def _chart_data(chart: Chart, every: int) -> dict[str, Any]:
    return {
        "key": chart.key,
        "title": chart.title,
        "caption": chart.caption,
        "axes": chart.axes,
        "equal": chart.equal,
        "window": chart.window,
        "level": chart.level,
        "scattered": chart.scattered,
        "series": [_series_data(series, every) for series in chart.series],
    }


def _series_data(series: Series, every: int) -> dict[str, Any]:
    every = 1 if series.role == RIG else every
    data = {"label": series.label, "role": series.role, "x": _short(series.x, every), "y": _short(series.y, every)}
    return data if series.z is None else {**data, "z": _short(series.z, every)}


def _short(values: Vector, every: int) -> list[float]:
    """Return every n-th value to five digits: more than a screen shows, and a third of the bytes.

    NaN, where a line breaks, becomes null in JSON.
    """
    return [float(f"{value:.5g}") for value in values[::every].tolist()]


def _script_safe(data: Any) -> str:
    """Return JSON that cannot end the script element it stands in."""
    return msgspec.json.encode(data).decode().replace("<", "\\u003c")


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(path.name + ".part")
    draft.write_bytes(content)
    draft.replace(path)
