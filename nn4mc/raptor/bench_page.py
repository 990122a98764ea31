"""The report of a benchmark: one page that works offline, its plots as PNGs, and all rows as JSON."""

import base64
from importlib.util import find_spec
from pathlib import Path

import jinja2
import msgspec

from nn4mc.raptor.bench import Bench
from nn4mc.raptor.bench_figures import draw_bench
from nn4mc.raptor.bench_text import NOTE, json_of, pages, verdict

_TEMPLATES = Path(__file__).parent / "templates"
TITLES = {"paper": "RAPTOR, simulated", "reference": "RAPTOR against the published reference table"}


def write_bench(directory: Path, bench: Bench, command: str) -> Path:
    """Write index.html, bench.json and the PNGs into ``directory``; ``command`` is shown. Return the page.

    Every file appears whole or not at all, the page last.
    """
    plots = draw_bench(bench, directory)
    encoded = msgspec.json.format(msgspec.json.encode(json_of(bench)), indent=1)
    _write(directory / "bench.json", encoded)
    page = directory / "index.html"
    _write(page, _html(bench, plots, command).encode())
    return page


def _html(bench: Bench, plots: tuple[tuple[Path, str], ...], command: str) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), undefined=jinja2.StrictUndefined, autoescape=True
    )
    flights = sum(row.flights for row in bench.rows)
    return environment.get_template("bench.html.j2").render(
        title=TITLES[bench.protocol],
        good=all(one.reproduced for one in bench.comparisons),
        verdict=verdict(bench),
        command=command,
        flights=f"{flights:,}",
        note=NOTE,
        tables=pages(bench),
        plots=[(path.name, caption, base64.b64encode(path.read_bytes()).decode()) for path, caption in plots],
        style=_style(),
    )


def _style() -> str:
    """Return the style sheet of the flight reports."""
    spec = find_spec("nn4mc.hil")
    assert spec is not None and spec.submodule_search_locations
    return (Path(next(iter(spec.submodule_search_locations))) / "templates" / "report.css").read_text()


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(path.name + ".part")
    draft.write_bytes(content)
    draft.replace(path)
