"""The report: one HTML page with its plots as PNGs, the rows as JSON, and the tables as a page of the documentation."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
import msgspec

from nn4mc.errors import ConfigError
from nn4mc.tracking.columns import COST_COLUMNS, FLIGHT_COLUMNS, FOOTNOTES, cost_lines, flight_lines
from nn4mc.tracking.cost import controller_costs
from nn4mc.tracking.fly import Flown
from nn4mc.tracking.plots import draw_costs, draw_errors, draw_paths, draw_responses
from nn4mc.tracking.published import PAPER

_TEMPLATES = Path(__file__).parent / "templates"
_STYLE = Path(__file__).parents[1] / "hil" / "templates" / "report.css"


def write_report(folder: Path, flown: Sequence[Flown]) -> Path:
    """Write index.html, report.json and the PNGs into ``folder``; return the page. ConfigError where that fails."""
    rows = [one.row for one in flown]
    costs = controller_costs(rows)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        pictures = {rig: _draw(folder, [one for one in flown if one.row.rig == rig]) for rig in _rigs(flown)}
        overall = "costs.png" if draw_costs(costs, folder / "costs.png") else None
        data = msgspec.json.encode({"rows": rows, "controllers": costs})
        (folder / "report.json").write_bytes(msgspec.json.format(data, indent=2))
        page = folder / "index.html"
        page.write_text(
            _render("tracking.html.j2", flown, pictures=pictures, overall=overall, style=_STYLE.read_text())
        )
    except OSError as error:
        raise ConfigError(f"{folder}: the report cannot be written ({error.strerror}). Name another folder.") from error
    return page


def write_markdown(path: Path, flown: Sequence[Flown]) -> None:
    """Write the page of the documentation; ConfigError where that fails."""
    try:
        path.write_text(_render("tracking.md.j2", flown))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror}). Name another file.") from error


def _draw(folder: Path, flown: Sequence[Flown]) -> list[tuple[str, str]]:
    """Draw the plots of one rig; return their files, each with what it shows."""
    rig = flown[0].row.rig
    errors, paths, responses = (f"{rig}-{what}.png" for what in ("errors", "path", "response"))
    draw_errors(flown, folder / errors)
    draw_paths(flown, folder / paths)
    made = [(errors, "Distance from the reference over time; errors are taken over the shaded part.")]
    if draw_responses(flown, folder / responses):
        made.append((responses, "Frequency response; pale where the reference explains less than half of the output."))
    made.append((paths, "The wanted path in grey, and what each controller made of it, within the window."))
    return made


def _rigs(flown: Sequence[Flown]) -> list[str]:
    return list(dict.fromkeys(one.row.rig for one in flown))


def _render(template: str, flown: Sequence[Flown], **more: Any) -> str:
    html = ".html." in template
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        undefined=jinja2.StrictUndefined,
        autoescape=html,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    rows = [one.row for one in flown]
    costs = controller_costs(rows)
    first = flown[0].row
    sections = [
        {
            "name": rig,
            "title": next(one.rig.title for one in flown if one.row.rig == rig),
            "rate_hz": next(row.rate_hz for row in rows if row.rig == rig),
            "flights": flight_lines(rig, [row for row in rows if row.rig == rig]),
            "costs": cost_lines(rig, [cost for cost in costs if cost.rig == rig]),
        }
        for rig in _rigs(flown)
    ]
    return environment.get_template(template).render(
        sections=sections,
        flight_columns=FLIGHT_COLUMNS,
        cost_columns=COST_COLUMNS,
        footnotes=FOOTNOTES,
        paper=PAPER,
        board=first.board,
        seed=first.seed,
        mismatch=first.mismatch,
        cycle_source=first.cycle_source,
        same_bits=not any(row.mismatched_words for row in rows),
        flights=len(rows),
        **more,
    )
