"""Training in one screen: read -> check -> resample -> study -> write the model, its meaning, card and plots."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from nn4mc.forward_model import Signal
from nn4mc.train.card import Card, make_card
from nn4mc.train.card_text import card_text
from nn4mc.train.checks import check_logs, signals
from nn4mc.train.fitters import fitter, layout_of
from nn4mc.train.folder import check_place, put
from nn4mc.train.kinds import ARX
from nn4mc.train.log_file import read_log
from nn4mc.train.metadata import FORMAT, METADATA, Metadata, SignalTable, metadata_text
from nn4mc.train.models import Recurrent
from nn4mc.train.onnx_write import onnx_bytes
from nn4mc.train.plots import draw
from nn4mc.train.resample import resample, run_notes
from nn4mc.train.spec import TrainSpec
from nn4mc.train.study import Step, Study, study

SPECIFICATION = "spec.toml"


@dataclass(frozen=True)
class Trained:
    """A finished training: the study, the card, and the files of the folder by name."""

    study: Study
    card: Card
    files: Mapping[str, bytes]


def train_folder(paths: Sequence[Path], spec: TrainSpec, spec_text: bytes, folder: Path, step: Step) -> Trained:
    """Train on the logs and write ``folder``, whole or not at all.

    ``step`` is told what is fitted next. Raises TrainError for logs that cannot be learned from, ConfigError for a
    folder that is in the way, ToolMissingError for a package that is missing; nothing is written then.
    """
    check_place(folder)
    done = train(paths, spec, spec_text, step)
    put(folder, done.files)
    return done


def train(paths: Sequence[Path], spec: TrainSpec, spec_text: bytes, step: Step) -> Trained:
    """Train on the logs and return everything that is to be written; otherwise as :func:`train_folder`."""
    logs = [read_log(path, spec) for path in paths]
    check_logs(logs, spec)
    runs = [resample(log, spec) for log in logs]
    fitters = [fitter(spec, kind) for kind in spec.tried]
    found = study(runs, fitters, layout_of(spec, ARX), spec.horizon, step, spec.deliver)
    model = onnx_bytes(found.model, spec.name)
    files = {f"{spec.name}.onnx": model, SPECIFICATION: spec_text}
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    notes = [note for run in runs for note in run_notes(run, spec)]
    if found.choices[found.recommended].score >= 0.0:
        notes.append("no model predicts better than that nothing moves. Log runs in which the commands do more")
    card = make_card(spec, runs, found, hashes, notes)
    plots = draw(spec, runs, found)
    captions = [(name, caption) for name, (_, caption) in plots.items()]
    text = {
        METADATA: metadata_text(_metadata(spec, found, hashes, signals(logs, spec))),
        "card.json": json.dumps(card, indent=2) + "\n",
        "README.md": card_text(card, [path.name for path in paths], captions),
    }
    pictures = {name: picture for name, (picture, _) in plots.items()}
    return Trained(found, card, {**files, **{name: one.encode() for name, one in text.items()}, **pictures})


def _metadata(
    spec: TrainSpec, found: Study, hashes: Mapping[str, str], ranges: tuple[tuple[Signal, ...], ...]
) -> Metadata:
    inputs, outputs, sensors = (tuple(SignalTable(**asdict(one)) for one in group) for group in ranges)
    file = f"{spec.name}.onnx"
    return Metadata(
        format=FORMAT,
        name=spec.name,
        kind=found.delivered,
        file=file,
        sha256=hashes[file],
        stateful=isinstance(found.model, Recurrent),
        sample_time_s=spec.sample_time_s,
        nd=spec.nd,
        dd=spec.dd,
        inputs=inputs,
        outputs=outputs,
        sensors=sensors if found.model.layout.q else (),
    )
