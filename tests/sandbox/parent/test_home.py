"""Scratch copies are gone when their owner is: at its end, or with the next start after it was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from sandboxed import PATIENCE, eventually, is_running

from hybridize.sandbox.parent import home, processes

pytestmark = pytest.mark.slow


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """A folder for temporary files with nothing in it, and no home made yet."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setattr(home, "_home", None)
    yield folder
    home.remove_home()


OWNER = """
import subprocess, sys, tempfile, time
tempfile.tempdir = sys.argv[1]
from hybridize.sandbox.parent import home, processes
folder = home.new_folder()
(folder / "file").write_text("x")
left = subprocess.Popen(["sleep", "1000"], env={processes.MARK: processes.OWNER}, start_new_session=True)
print(folder, left.pid, flush=True)
time.sleep(1000)
"""


@pytest.fixture
def other(temporary):
    """Another process that has a home there, with a run's process: (owner, folder, pid of that process)."""
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(temporary)], stdout=subprocess.PIPE, text=True)
    folder, pid = owner.stdout.readline().split()
    yield owner, Path(folder), int(pid)
    owner.kill()
    owner.wait()
    try:
        os.kill(int(pid), signal.SIGKILL)
    except OSError:
        pass


def test_runs_have_folders_of_their_own(temporary):
    first, second = home.new_folder(), home.new_folder()
    assert first != second
    assert first.parent == second.parent
    assert first.parent.parent == temporary
    assert not list(first.iterdir())
    # Others of this machine's users have no business there.
    assert first.parent.stat().st_mode & 0o077 == 0


def test_removed_folders_leave_nothing(temporary):
    (home.new_folder() / "file").write_text("x")
    home.remove_home()
    assert not list(temporary.iterdir())
    assert home.new_folder().is_dir()


def test_what_a_living_process_has_is_left_alone(temporary, other):
    _, folder, pid = other
    home.new_folder()
    assert folder.exists()
    assert is_running(pid)


def test_what_a_killed_process_has_left_is_removed(temporary, other):
    owner, folder, pid = other
    owner.kill()
    owner.wait(PATIENCE)
    assert folder.exists()
    home.new_folder()
    assert not folder.parent.exists()
    assert eventually(lambda: not is_running(pid))


def test_folders_that_only_have_such_a_name_are_left_alone(temporary):
    (temporary / "hybridize-notes").mkdir()
    (temporary / "hybridize-notes" / "lock.new").write_text("")
    (temporary / "hybridize-file").write_text("")
    home.sweep(temporary)
    assert sorted(path.name for path in temporary.iterdir()) == ["hybridize-file", "hybridize-notes"]


def test_a_forked_copy_has_a_home_of_its_own(temporary):
    mine = home.new_folder()
    child = os.fork()
    if child == 0:
        other = home.new_folder()
        home.remove_home()
        os._exit(0 if other.parent != mine.parent and not other.exists() else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert mine.exists()


def test_a_folder_is_removed_while_something_still_writes_to_it(temporary):
    folder = home.new_folder()
    busy = subprocess.Popen(
        [
            "sh",
            "-c",
            'i=0; while [ $i -lt 60 ]; do i=$((i+1)); mkdir -p "$1/$i" && : > "$1/$i/f"; done',
            "x",
            str(folder),
        ],
        stderr=subprocess.DEVNULL,
    )
    time.sleep(0.01)
    busy.wait(PATIENCE)
    home.remove(folder)
    assert not folder.exists()


def test_the_owners_mark_is_not_the_same_for_two_processes(other):
    assert processes.OWNER.encode() not in Path(f"/proc/{other[2]}/environ").read_bytes()
