"""Edited files are written all or none, and never over something that has changed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import stat
import sys

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


# All or none, whatever goes wrong at whichever step

FILES = [edited("a.py"), edited("b.py", after=b"newer\n"), edited("c.py", after=b"newest\n")]
OLD = {"a.py": b"old\n", "b.py": b"old\n", "c.py": b"old\n"}
NEW = {"a.py": b"new\n", "b.py": b"newer\n", "c.py": b"newest\n"}
#: What asks something of the system while files are replaced.
STEPS = [
    (os, "open"), (os, "fdopen"), (os, "stat"), (os, "fstat"), (os, "link"), (os, "replace"), (os, "rename"),
    (os, "unlink"), (os, "fsync"), (os, "chmod"), (shutil, "copymode"), (os, "close"),
]  # fmt: skip
#: Those of them that take space on the disk: once it is full, it stays so.
TAKING_SPACE = ("open", "link", "fsync")


class Failing:
    """A function of the system that fails at one of its calls, before or after doing its work; or from then on."""

    def __init__(self, original, at, error, after=False, lasting=False):
        self.original, self.at, self.error, self.after, self.lasting = original, at, error, after, lasting
        self.calls = 0
        self.failed = False

    def __call__(self, *args, **kwargs):
        self.calls += 1
        fails = self.calls == self.at or (self.lasting and self.calls > self.at and self._takes_space(args))
        if fails and not self.after:
            self.failed = True
            raise self.error
        result = self.original(*args, **kwargs)
        if fails:
            self.failed = True
            raise self.error
        return result

    def _takes_space(self, args):
        return not (self.original is os.open and args[1:2] == (os.O_RDONLY,))


def fresh(project):
    for path in project.iterdir():
        path.unlink()
    for name, content in OLD.items():
        (project / name).write_bytes(content)


def applied(project):
    """Apply the edits, and say how that ended: done, refused or interrupted."""
    try:
        return "refused" if apply(project, FILES) else "done"
    except KeyboardInterrupt:
        return "interrupted"


def check_whole(project, ending, case):
    found = contents(project)
    assert found in (OLD, NEW), case
    assert ending == "interrupted" or found == (NEW if ending == "done" else OLD), case


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["full", "^C"])
@pytest.mark.slow
def test_a_failure_at_any_step_leaves_all_files_old_or_all_new(project, monkeypatch, error, after):
    tried = 0
    for owner, name in STEPS:
        for at in range(1, 99):
            fresh(project)
            failing = Failing(getattr(owner, name), at, error, after)
            with monkeypatch.context() as patched, contextlib.suppress(OSError):
                patched.setattr(owner, name, failing)
                ending = applied(project)
            if not failing.failed:
                break
            tried += 1
            check_whole(project, ending, (name, at))
    assert tried > 20


@pytest.mark.slow
@pytest.mark.parametrize("name", TAKING_SPACE)
def test_a_disk_that_stays_full_leaves_all_files_old(project, monkeypatch, name):
    for at in range(1, 99):
        fresh(project)
        failing = Failing(getattr(os, name), at, OSError(28, "No space left on device"), lasting=True)
        with monkeypatch.context() as patched:
            patched.setattr(os, name, failing)
            ending = applied(project)
        check_whole(project, ending, (name, at))
        if not failing.failed:
            break
    assert at > 2


@pytest.mark.parametrize("at", [2, 3])
def test_files_are_put_back_also_where_no_more_file_can_be_renamed(project, monkeypatch, at):
    fresh(project)
    failing = Failing(os.replace, at, OSError(5, "Input/output error"), lasting=True)
    monkeypatch.setattr(os, "replace", failing)
    assert applied(project) == "refused"
    assert contents(project) == OLD


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_signal_at_any_line_leaves_all_files_old_or_all_new(project, number):
    seen = wanted = 0

    def trace(frame, event, _):
        nonlocal seen
        if not frame.f_code.co_filename.endswith("rewrite/files.py"):
            return None
        if event == "line":
            seen += 1
            if seen == wanted:
                os.kill(os.getpid(), number)
        return trace

    previous = signal.signal(number, signal.default_int_handler)
    try:
        while seen >= wanted:
            fresh(project)
            seen, wanted = 0, wanted + 1
            sys.settrace(trace)
            try:
                ending = applied(project)
            finally:
                sys.settrace(None)
            check_whole(project, ending, wanted)
            assert ending == ("interrupted" if seen >= wanted else "done"), wanted
    finally:
        signal.signal(number, previous)
    assert wanted > 50


def test_where_a_file_can_not_be_put_back_the_refusal_names_it_and_keeps_its_content(project, monkeypatch):
    fresh(project)
    real = os.replace

    def replace(source, target):
        if target.name == "b.py" or "old" in source.name:
            raise OSError(5, "Input/output error")
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    monkeypatch.setattr("builtins.open", Failing(open, 1, OSError(5, "Input/output error"), lasting=True))
    refusal = apply(project, FILES)
    monkeypatch.undo()
    assert refusal is not None and refusal.stuck == ("a.py",)
    kept = [path for path in project.iterdir() if path.suffix == ".tmp"]
    assert [path.read_bytes() for path in kept] == [b"old\n"] and str(kept[0]) in refusal.reason
    assert contents(project)["b.py"] == contents(project)["c.py"] == b"old\n"


# What is the user's, but not the project's


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_link_that_leads_out_of_the_project_is_not_written_through(tmp_path, kind):
    outside, project = tmp_path / "shared", tmp_path / "project"
    outside.mkdir()
    project.mkdir()
    (outside / "c.py").write_bytes(b"old\n")
    if kind == "file":
        (project / "c.py").symlink_to(outside / "c.py")
    else:
        (project / "lib").symlink_to(outside)
    file = "c.py" if kind == "file" else "lib/c.py"
    refusal = apply(project, [edited(file)])
    assert refusal is not None and refusal.file == file
    assert "outside of the project" in refusal.reason and str(outside / "c.py") in refusal.reason
    assert (outside / "c.py").read_bytes() == b"old\n"


def test_a_project_that_is_reached_by_a_link_is_written(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.py").write_bytes(b"old\n")
    (tmp_path / "link").symlink_to("real")
    assert apply(tmp_path / "link", [edited("a.py")]) is None
    assert (tmp_path / "real" / "a.py").read_bytes() == b"new\n"


def test_a_file_that_becomes_a_link_before_it_is_written_is_refused(tmp_path, monkeypatch):
    project = tmp_path / "project"
    project.mkdir()
    outside = tmp_path / "outside.py"
    outside.write_bytes(b"old\n")
    for name in ("a.py", "b.py"):
        (project / name).write_bytes(b"old\n")
    replace = os.replace

    def meddle(source, target):
        replace(source, target)
        if not (project / "b.py").is_symlink():
            (project / "b.py").unlink()
            (project / "b.py").symlink_to(outside)

    monkeypatch.setattr(os, "replace", meddle)
    refusal = apply(project, [edited("a.py"), edited("b.py")])
    assert refusal is not None and refusal.file == "b.py"
    assert (project / "b.py").is_symlink() and outside.read_bytes() == b"old\n"
    assert (project / "a.py").read_bytes() == b"old\n"


def test_a_file_with_a_second_name_is_refused_since_an_edit_changes_or_separates_the_other(project, tmp_path):
    os.link(project / "a.py", project / "other.txt")
    refusal = apply(project, [edited("a.py"), edited("b.py")])
    assert refusal is not None and refusal.file == "a.py" and "2 hard links" in refusal.reason
    assert set(contents(project).values()) == {b"old\n"}
    assert (project / "a.py").stat().st_ino == (project / "other.txt").stat().st_ino


def test_a_second_name_that_a_killed_process_of_ours_left_is_no_reason_to_refuse(project):
    os.link(project / "a.py", project / ".a.py.0123456789abcdef.old.tmp")
    assert apply(project, [edited("a.py")]) is None
    assert (project / "a.py").read_bytes() == b"new\n"
    assert (project / ".a.py.0123456789abcdef.old.tmp").read_bytes() == b"old\n"


def test_a_file_without_write_permission_is_respected_also_by_root(project):
    (project / "b.py").chmod(0o444)
    refusal = apply(project, [edited("a.py"), edited("b.py")])
    assert refusal is not None and refusal.file == "b.py" and "read-only" in refusal.reason
    assert set(contents(project).values()) == {b"old\n"}


def test_a_file_whose_owner_can_not_be_kept_is_refused(project, monkeypatch):
    real = os.fstat

    def another(fd):
        fields = list(real(fd))
        return os.stat_result([*fields[:4], fields[4] + 1, *fields[5:]])

    monkeypatch.setattr(os, "fstat", another)
    monkeypatch.setattr(os, "chown", Failing(os.chown, 1, PermissionError(1, "Operation not permitted")))
    refusal = apply(project, [edited("a.py")])
    assert refusal is not None and "owner or group" in refusal.reason
    assert contents(project) == {"a.py": b"old\n", "b.py": b"old\n"}


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="extended attributes by Python are Linux's")
def test_a_file_keeps_its_extended_attributes(project):
    try:
        os.setxattr(project / "a.py", "user.note", b"mine")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    assert apply(project, [edited("a.py")]) is None
    assert os.getxattr(project / "a.py", "user.note") == b"mine"


def test_a_disk_without_hard_links_is_no_obstacle(project, monkeypatch):
    monkeypatch.setattr(os, "link", Failing(os.link, 1, OSError(1, "Operation not permitted"), lasting=True))
    fresh(project)
    assert applied(project) == "done"
    assert contents(project) == NEW
