"""The folder that a run leaves."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from hybridize.records import Plan
from hybridize.report import folder as folders
from hybridize.report.folder import create, patch_bytes, write

NOON = time.struct_time((2026, 11, 22, 9, 30, 15, 6, 326, 0))


def test_a_folder_is_named_by_time_and_script(tmp_path):
    assert create(tmp_path / "results", "/p/train.py", NOON) == tmp_path / "results" / "20261122-093015-train"


@pytest.mark.parametrize(
    "script, name",
    [("a b/Träin it!.py", "Träin-it-"), ("package.train", "package.train"), ("", "script"), ("x" * 300, "x" * 80)],
)
def test_any_script_makes_a_name(tmp_path, script, name):
    assert create(tmp_path, script, NOON).name == f"20261122-093015-{name}"


def test_two_runs_of_the_same_second_have_folders_of_their_own(tmp_path):
    names = [create(tmp_path, "train.py", NOON).name for _ in range(3)]
    stem = "20261122-093015-train"
    assert names == [stem, f"{stem}-2", f"{stem}-3"]


def test_everything_is_written_and_latest_points_to_it(report):
    folder = Path(report.folder)
    folder.mkdir(parents=True)
    write(report, folder)
    assert {path.name for path in folder.iterdir()} == {"report.json", "report.html", "summary.md", "optimize.patch"}
    assert json.loads((folder / "report.json").read_text(encoding="utf-8"))["status"] == "optimized"
    latest = folder.parent / "latest"
    assert latest.is_symlink() and latest.resolve() == folder.resolve()
    # The link still holds when the folder is moved elsewhere.
    assert not latest.readlink().is_absolute()


def test_a_page_that_can_not_be_made_loses_nothing(report, monkeypatch):
    def fail(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(folders.html, "render", fail)
    folder = Path(report.folder)
    folder.mkdir(parents=True)
    write(report, folder)
    assert json.loads((folder / "report.json").read_text(encoding="utf-8"))["status"] == "optimized"
    assert "could not be made (ZeroDivisionError)" in (folder / "report.html").read_text(encoding="utf-8")


def test_what_is_written_can_be_read_by_others(report):
    folder = create(Path(report.folder).parent, "train.py")
    write(report, folder)
    plain = folder / "plain"
    plain.touch()
    assert (folder / "report.json").stat().st_mode == plain.stat().st_mode


def test_the_patch_applies(report, tmp_path):
    (tmp_path / "train.py").write_bytes(report.plan.files[0].before)
    folder = create(tmp_path / "results", "train.py")
    write(report, folder)
    subprocess.run(["patch", "-p1", "-s", "-i", folder / "optimize.patch"], cwd=tmp_path, check=True, timeout=60)
    assert (tmp_path / "train.py").read_bytes() == report.plan.files[0].after


def test_no_patch_is_written_where_there_is_none(report):
    folder = create(Path(report.folder).parent, "train.py")
    write(replace(report, plan=Plan()), folder)
    assert not (folder / "optimize.patch").exists()


def test_a_patch_keeps_bytes_that_are_no_utf_8():
    assert patch_bytes(["+caf\udce9\r\n", "+é\n"]) == b"+caf\xe9\r\n+\xc3\xa9\n"


def test_latest_moves_on(report, tmp_path):
    for _ in range(2):
        folder = create(tmp_path / "r", "train.py", NOON)
        write(report, folder)
        assert (tmp_path / "r" / "latest").resolve() == folder.resolve()
    assert sorted(path.name for path in (tmp_path / "r").iterdir())[-1] == "latest"
    assert not list((tmp_path / "r").glob(".*"))


def test_without_symbolic_links_latest_is_a_file_that_names_the_folder(report, tmp_path, monkeypatch):
    def refuse(self, target, target_is_directory=False):
        raise OSError("no links here")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    folder = create(tmp_path / "r", "train.py")
    write(report, folder)
    assert (tmp_path / "r" / "latest").read_text() == folder.name + "\n"


def test_a_folder_of_the_users_that_is_called_latest_is_left_alone(report, tmp_path):
    (tmp_path / "r" / "latest").mkdir(parents=True)
    (tmp_path / "r" / "latest" / "mine").touch()
    write(report, create(tmp_path / "r", "train.py"))
    assert (tmp_path / "r" / "latest" / "mine").exists()


def test_a_file_that_can_not_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    target = tmp_path / "report.json"
    target.write_text("old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folders.os, "fsync", fail)
    with pytest.raises(OSError):
        folders.write_whole(target, b"new")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]
