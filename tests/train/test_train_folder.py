"""The folder appears whole or not at all, and what nn4mc did not write stays."""

from pathlib import Path

import pytest

from nn4mc.errors import ConfigError
from nn4mc.train.folder import check_place, put
from nn4mc.train.metadata import MARK

FILES = {"model.toml": MARK.encode(), "a.onnx": b"a"}


def names(folder: Path) -> set[str]:
    return {one.name for one in folder.iterdir()}


def test_a_new_folder_and_its_replacement(tmp_path: Path):
    folder = tmp_path / "models" / "arm"
    put(folder, {**FILES, "old.png": b"x"})
    put(folder, {**FILES, "a.onnx": b"b"})
    assert (folder / "a.onnx").read_bytes() == b"b" and names(folder) == {"model.toml", "a.onnx", "files.txt"}
    assert names(folder.parent) == {"arm"}


def test_an_empty_folder_is_filled(tmp_path: Path):
    (tmp_path / "arm").mkdir()
    put(tmp_path / "arm", FILES)
    assert "a.onnx" in names(tmp_path / "arm")


def test_foreign_folders_files_and_links_stay(tmp_path: Path):
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "thesis.tex").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(foreign)
    for place in (foreign, tmp_path / "file", tmp_path / "link"):
        with pytest.raises(ConfigError, match="Name another folder"):
            put(place, FILES)
    assert names(foreign) == {"thesis.tex"} and names(tmp_path) == {"foreign", "file", "link"}


def test_a_users_file_in_our_folder_is_not_thrown_away(tmp_path: Path):
    folder = tmp_path / "arm"
    put(folder, FILES)
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(ConfigError, match=r"holds notes\.txt"):
        check_place(folder)
    with pytest.raises(ConfigError):
        put(folder, FILES)
    assert (folder / "notes.txt").read_text() == "mine"


def test_nothing_is_left_when_writing_fails(tmp_path: Path):
    folder = tmp_path / "arm"
    put(folder, FILES)
    with pytest.raises(ConfigError, match="cannot be written"):
        put(folder, {**FILES, "no/such/folder.png": b""})
    assert names(tmp_path) == {"arm"} and (folder / "a.onnx").read_bytes() == b"a"
