"""Edited files are written all or none, and never over something that has changed."""

from __future__ import annotations

import hashlib
import os
import stat

import pytest

from hybridize.records import EditedFile
from hybridize.rewrite import apply


def edited(file: str, before: bytes = b"old\n", after: bytes = b"new\n") -> EditedFile:
    return EditedFile(file, before, after, hashlib.sha256(before).hexdigest(), {}, ())


@pytest.fixture
def project(tmp_path):
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_bytes(b"old\n")
    return tmp_path


def contents(project):
    return {path.name: path.read_bytes() for path in project.iterdir() if path.is_file()}


def test_every_file_is_written_and_nothing_is_left_beside(project):
    assert apply(project, [edited("a.py"), edited("b.py", after=b"newer\r\n")]) is None
    assert contents(project) == {"a.py": b"new\n", "b.py": b"newer\r\n"}


def test_a_file_keeps_its_mode(project):
    (project / "a.py").chmod(0o750)
    assert apply(project, [edited("a.py")]) is None
    assert stat.S_IMODE((project / "a.py").stat().st_mode) == 0o750


def test_nothing_is_written_where_one_file_has_changed(project):
    (project / "b.py").write_bytes(b"old\n# by hand\n")
    refusal = apply(project, [edited("a.py"), edited("b.py")])
    assert refusal is not None and refusal.file == "b.py" and "has changed" in refusal.reason
    assert contents(project) == {"a.py": b"old\n", "b.py": b"old\n# by hand\n"}


def test_nothing_is_written_where_one_file_is_gone(project):
    refusal = apply(project, [edited("a.py"), edited("gone.py")])
    assert refusal is not None and refusal.file == "gone.py"
    assert contents(project) == {"a.py": b"old\n", "b.py": b"old\n"}


def test_a_read_only_file_is_respected(project, monkeypatch):
    # Asked by os.access, since the tests may run as root, who may write everything.
    monkeypatch.setattr(os, "access", lambda path, mode: path.name != "b.py")
    refusal = apply(project, [edited("a.py"), edited("b.py")])
    assert refusal is not None and "read-only" in refusal.reason
    assert contents(project) == {"a.py": b"old\n", "b.py": b"old\n"}


def test_a_symbolic_link_stays_and_its_file_is_written(project):
    (project / "real").mkdir()
    (project / "real" / "c.py").write_bytes(b"old\n")
    (project / "c.py").symlink_to("real/c.py")
    assert apply(project, [edited("c.py")]) is None
    assert (project / "c.py").is_symlink()
    assert (project / "real" / "c.py").read_bytes() == b"new\n"


def test_two_names_of_one_file_must_agree(project):
    (project / "c.py").symlink_to("a.py")
    refusal = apply(project, [edited("a.py"), edited("c.py", after=b"other\n")])
    assert refusal is not None and "same file" in refusal.reason
    assert apply(project, [edited("a.py"), edited("c.py")]) is None


@pytest.mark.parametrize("failing", [1, 2])
def test_a_replacement_that_fails_half_way_is_taken_back(project, monkeypatch, failing):
    replace, calls = os.replace, []

    def fail(source, target):
        calls.append(target)
        if len(calls) == failing:
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", fail)
    refusal = apply(project, [edited("a.py"), edited("b.py")])
    assert refusal is not None and "No space left" in refusal.reason
    assert contents(project) == {"a.py": b"old\n", "b.py": b"old\n"}


def test_a_file_that_changes_between_check_and_writing_is_not_overwritten(project, monkeypatch):
    replace = os.replace

    def meddle(source, target):
        replace(source, target)
        (project / "b.py").write_bytes(b"by hand\n")

    monkeypatch.setattr(os, "replace", meddle)
    refusal = apply(project, [edited("a.py"), edited("b.py")])
    assert refusal is not None and refusal.file == "b.py"
    assert contents(project)["a.py"] == b"old\n"
    assert contents(project)["b.py"] == b"by hand\n"


def test_no_files_are_no_work(tmp_path):
    assert apply(tmp_path, []) is None
