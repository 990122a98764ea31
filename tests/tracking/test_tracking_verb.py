"""`nn4mc bench tracking` as it is used: what it flies, prints and writes, and how it ends when it is cut off."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nn4mc.cli import main
from nn4mc.cli import tracking as verb
from nn4mc.errors import ConfigError, LinkError
from nn4mc.hil.rig import load_rig, with_controller
from nn4mc.hil.rig_file import NmpcTable
from nn4mc.resources import resource
from nn4mc.tracking.fly import RIGS, Flown, fly_tasks, plan_tasks, with_exact_hessian
from nn4mc.tracking.row import TrackingRow


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Builds of this module: made once, away from the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.delenv("NN4MC_BOARD", raising=False)
        yield


@pytest.fixture(scope="module")
def short_rig(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The mass-spring-damper with its PID alone and with references of some seconds."""
    folder = tmp_path_factory.mktemp("rig") / "mass_spring_damper"
    shutil.copytree(resource("rigs", "mass_spring_damper", "rig.toml").parent, folder)
    path = folder / "rig.toml"
    text = path.read_text().replace('nmpc = "nmpc.toml"\n', "")
    for long, short in (
        ("hold_s = 6.66", "hold_s = 1.0"),
        ("loops = 4.0", "loops = 1.0"),
        ("hold_s = 4.0", "hold_s = 2.0"),
    ):
        text = text.replace(long, short)
    path.write_text(text)
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["bench", "tracking", *map(str, arguments)])


@pytest.mark.parametrize("board", ["host://", pytest.param("sim://cortex-m4", marks=pytest.mark.emulator)])
def test_a_rig_flies_all_its_references_and_everything_is_written(board: str, short_rig: Path, tmp_path: Path) -> None:
    files = ["--report", tmp_path / "report", "--markdown", tmp_path / "page.md"]
    result = run("--board", board, "--rig", short_rig, *files, "--json")
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["reference"] for row in rows] == ["steps", "ramps", "sine", "chirp"]
    assert all(row.keys() == set(TrackingRow.__struct_fields__) for row in rows)
    assert all(row["rms_error_m"] <= row["largest_error_m"] for row in rows)
    assert [row["bandwidth"] is None for row in rows] == [True, True, True, False]
    assert 0.2 < rows[-1]["bandwidth"]["hz"] < 3.0
    assert all((row["cycles_most"] is None) == (board == "host://") for row in rows)
    assert all((row["power"] is None) == (board == "host://") for row in rows)
    written = json.loads((tmp_path / "report" / "report.json").read_text())
    assert (written["rows"], len(written["controllers"])) == (rows, 1)
    html = (tmp_path / "report" / "index.html").read_text()
    pictures = {path.name for path in (tmp_path / "report").glob("*.png")}
    assert {f"mass_spring_damper-{what}.png" for what in ("errors", "path", "response")} <= pictures
    assert ("costs.png" in pictures) == (board != "host://")
    assert all(f'src="{name}"' in html for name in pictures)
    page = (tmp_path / "page.md").read_text()
    assert f"| chirp | pid | {rows[-1]['rms_error_m'] * 1e3:.1f} |" in page


def test_the_table_has_a_line_a_flight(short_rig: Path) -> None:
    result = run("--board", "host://", "--rig", short_rig, "--reference", "sine", "--mismatch", "mass=1.2")
    assert result.exit_code == 0, result.output
    assert "mass_spring_damper at 50 Hz on host://" in result.stdout
    assert ["sine", "pid"] in [line.split()[:2] for line in result.stdout.splitlines()]
    assert "flying 1 of 1: mass_spring_damper, sine, pid" in result.stderr


def test_what_is_flown_is_all_that_the_rigs_have() -> None:
    tasks = plan_tasks(RIGS, (), {}, 0)
    flown = [(task.rig.name, task.rig.controller_name, plan.reference) for task in tasks for plan in task.plans]
    for name in RIGS:
        rig = load_rig(name)
        every = {(name, controller, reference) for controller in rig.controllers for reference in rig.references}
        exact = {(name, "nmpc_exact", rig.default_reference)} if is_gauss_newton(name) else set()
        assert {one for one in flown if one[0] == name} == every | exact
    assert len(flown) == len(set(flown))


def is_gauss_newton(name: str) -> bool:
    table = load_rig(name).controllers["nmpc"]
    return isinstance(table, NmpcTable) and table.method == "gauss-newton"


def test_the_exact_hessian_changes_the_method_alone() -> None:
    rig = with_controller(load_rig("tendon"), "nmpc")
    before, after = rig.controller, with_exact_hessian(rig).controller
    assert isinstance(before, NmpcTable)
    assert isinstance(after, NmpcTable)
    changed = [name for name in NmpcTable.__struct_fields__ if getattr(before, name) != getattr(after, name)]
    assert (changed, after.method) == (["method"], "newton")


def test_named_references_choose_the_rigs_that_have_them() -> None:
    tasks = plan_tasks(RIGS, ("swirl",), {}, 0)
    assert {(task.rig.name, plan.reference) for task in tasks for plan in task.plans} == {("hasel", "swirl")}
    with pytest.raises(ConfigError, match=r"no rig has a reference 'spiral'\. They have: chirp, circle"):
        plan_tasks(RIGS, ("swirl", "spiral"), {}, 0)


def test_named_controllers_are_flown_alone() -> None:
    tasks = plan_tasks(RIGS, ("chirp",), {}, 0, ("pid",))
    assert [(task.rig.name, task.rig.controller_name) for task in tasks] == [(name, "pid") for name in RIGS]
    with pytest.raises(ConfigError, match=r"no rig has a controller 'lqr' here\. They have: pid, nmpc"):
        plan_tasks(RIGS, ("chirp",), {}, 0, ("pid", "lqr"))


@pytest.mark.parametrize(
    ("cut", "code", "words"),
    [
        (LinkError("sim://: the board fell silent."), 6, "Error: sim://: the board fell silent."),
        (KeyboardInterrupt(), 130, "Interrupted."),
    ],
)
def test_a_run_that_is_cut_off_shows_what_it_has(
    cut: BaseException, code: int, words: str, short_rig: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(tasks, board, progress) -> Iterator[Flown]:
        flights = fly_tasks(tasks, board, progress)
        yield next(flights)
        flights.close()
        raise cut

    monkeypatch.setattr(verb, "fly_tasks", broken)
    result = run("--board", "host://", "--rig", short_rig, "--report", tmp_path / "report")
    assert result.exit_code == code
    assert "stopped after 1 of 4 flights" in result.stderr
    assert words in result.stderr
    assert ["steps", "pid"] in [line.split()[:2] for line in result.stdout.splitlines()]
    assert not (tmp_path / "report").exists()


def test_a_board_that_is_not_there_ends_in_an_error(short_rig: Path) -> None:
    result = run("--board", "socket://127.0.0.1:1", "--rig", short_rig)
    assert result.exit_code == 6
    assert "stopped after 0 of 4 flights" in result.stderr
