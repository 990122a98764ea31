"""The model card for a reader, in Markdown."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nn4mc.train.card import Card
from nn4mc.train.kinds import SENSORS


def card_text(card: Card, logs: Sequence[str], plots: Sequence[tuple[str, str]]) -> str:
    """Return README.md; ``logs`` are the names of the files given, ``plots`` are files and captions."""
    parts = [
        f"# {card['name']}: {card['delivered']}",
        _summary(card),
        "## On runs it had not seen",
        _explanation(card),
        _table(
            ("held out", "recommended", "error / persistence", "error / ARX", "holds"), map(_fold_row, card["folds"])
        ),
        _all_kinds(card),
        *(f"![{caption}]({file})\n\n{caption}" for file, caption in plots),
        "## Errors by output",
        _errors(card),
        *_sensors(card),
        "## Made from",
        _runs(card),
        *(f"- {note}" for note in card["notes"]),
        "## Make it again",
        _again(card, logs),
    ]
    return "\n\n".join(parts) + "\n"


def _summary(card: Card) -> str:
    spec = card["specification"]
    return (
        f"A forward model, one step every {spec['sample_time_s'] * 1e3:g} ms: {card['option']}, {card['parameters']} "
        f"parameters, nd = {spec['nd']}, dd = {spec['dd']}. {_units(spec)}. `model.toml` says what its words mean; "
        f"`card.json` has every number of this page.{_other(card)}\n\n"
        f"    nn4mc compile {_file(card)} -o {card['name']}_c"
    )


def _other(card: Card) -> str:
    if card["delivered"] == card["recommended"]:
        return ""
    return f" This kind was asked for; recommended is {card['recommended']}, which predicts unseen runs better."


def _file(card: Card) -> str:
    return f"{card['name']}.onnx{' --stateful' if card['stateful'] else ''}"


def _units(spec: Mapping[str, Any]) -> str:
    groups = (("Inputs", spec["inputs"]), ("outputs", spec["outputs"]))
    named = [f"{name} {', '.join(map(_label, channels))}" for name, channels in groups]
    return "; ".join(named)


def _label(channel: Mapping[str, str]) -> str:
    unit = f" ({channel['unit']})" if channel["unit"] else ""
    return (channel["name"] or channel["column"]) + unit


def _explanation(card: Card) -> str:
    verdict = "in every fold" if card["holds_in_every_fold"] else "NOT in every fold: see the column `holds`"
    return (
        "Each run was held out once; the others chose kind and settings among themselves. The error is the RMS "
        f"{card['horizon']} steps ahead in open loop: the model runs on its own predictions under the commands that "
        "were given. The ratio is the median over outputs; below 1 the model is better than the baseline. The "
        f"recommended one is at least as good as persistence (nothing moves) and as linear ARX {verdict}; for "
        "outputs of one unit, `holds` also asks it of their median error."
    )


def _fold_row(fold: Mapping[str, Any]) -> tuple[str, ...]:
    ratios = (f"{fold['to_persistence']:.2f}", f"{fold['to_arx']:.2f}")
    return (fold["held_out"], fold["kind"], *ratios, "yes" if fold["held"] else "NO")


def _all_kinds(card: Card) -> str:
    kinds = list(card["choices"])
    rows = [
        (fold["held_out"], *(f"{fold['kinds'][kind]['to_persistence']:.2f}" for kind in kinds))
        for fold in card["folds"]
    ]
    return "Error / persistence of every kind:\n\n" + _table(("held out", *kinds), rows)


def _errors(card: Card) -> str:
    ahead = str(card["horizon"])
    names = [_label(one) for one in card["specification"]["outputs"]]
    rows = []
    for fold in card["folds"]:
        kinds = {"persistence": fold["persistence"], **{kind: one["rmse"] for kind, one in fold["kinds"].items()}}
        rows += [
            (fold["held_out"], kind, *(f"{axis[ahead]:.3g}" for axis in rmse.values())) for kind, rmse in kinds.items()
        ]
    return f"RMS error {ahead} steps ahead:\n\n" + _table(("held out", "model", *names), rows)


def _sensors(card: Card) -> list[str]:
    if not card["sensors"]:
        return []
    rows = [(one["held_out"], one["without"], one["with_sensors"], f"{one['ratio']:.2f}") for one in card["sensors"]]
    gains = sum(one["ratio"] < 1.0 for one in card["sensors"])
    used = "uses" if card["delivered"].endswith(SENSORS) else "does not use"
    text = (
        "The best kind with sensors beside the best without, chosen by the other runs: sensors lower the error in "
        f"{gains} of {len(rows)} folds. The delivered model {used} them."
    )
    return ["## What the sensors add", text, _table(("held out", "without", "with", "error with / without"), rows)]


def _runs(card: Card) -> str:
    rows = [
        (
            *(one["name"], f"{one['rows']}", f"{one['duration_s']:.1f} s", f"{one['median_step_s'] * 1e3:.3g} ms"),
            *(f"{one['samples']}", f"{one['segments']}", f"`{one['sha256'][:16]}`"),
        )
        for one in card["runs"]
    ]
    return _table(("run", "rows", "duration", "median step", "samples", "segments", "sha256"), rows)


def _again(card: Card, logs: Sequence[str]) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in card["versions"].items())
    options = f"--kinds {','.join(card['choices'])} --seed {card['seed']}"
    options += f" --deliver {card['delivered']}" if card["delivered"] != card["recommended"] else ""
    hashes = "\n".join(f"    {value}  {name}" for name, value in card["files"].items())
    return (
        f"    nn4mc train {' '.join(logs)} --spec spec.toml {options} -o {card['name']}\n\n{versions}. The "
        f"same logs, specification, versions and machine give the same files (sha256):\n\n{hashes}"
    )


def _table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)
