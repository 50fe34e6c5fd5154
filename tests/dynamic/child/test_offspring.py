"""Other Python processes that a script starts are told with the line; other programs are not."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from hybridize.dynamic.child.offspring import is_python

pytestmark = pytest.mark.slow

PROBE = """
import json, sys, time
sys.path.insert(0, {folder!r})
from hybridize.dynamic.child.effects import Project
from hybridize.dynamic.child.offspring import Offspring

class Finder:
    def after(self, name, callback):
        __import__(name)
        callback(sys.modules[name])

class Child:
    finder = Finder()

offspring = Offspring(Child(), Project([{folder!r}], []))
import script
if __name__ == "__main__":
    script.main()
    print(json.dumps(offspring.report()))
"""


def report_of(source: str, folder: Path) -> dict[str, Any]:
    (folder / "script.py").write_text(textwrap.dedent(source))
    probe = folder.parent / "probe.py"
    probe.write_text(PROBE.format(folder=str(folder)))
    ran = subprocess.run([sys.executable, str(probe)], capture_output=True, text=True, cwd=folder, timeout=60)
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


WAYS = {
    "spawn": ("multiprocessing.get_context('spawn').Process(target=work)", "p.start(); p.join()"),
    "fork": ("multiprocessing.get_context('fork').Process(target=work)", "p.start(); p.join()"),
    "executor": ("concurrent.futures.ProcessPoolExecutor(1)", "p.submit(work).result(); p.shutdown()"),
    "subprocess": ("subprocess.Popen([sys.executable, '-c', WORK])", "p.wait()"),
    "shell": ("subprocess.Popen(f'cd . && {sys.executable} -c \"{WORK}\"', shell=True)", "p.wait()"),
    "system": ("os.system(f'{sys.executable} -c \"{WORK}\"')", "pass"),
    "os.fork": ("os.fork()", "(work(), os._exit(0)) if not p else os.waitpid(p, 0)"),
}


@pytest.mark.parametrize(("make", "end"), WAYS.values(), ids=WAYS)
def test_a_python_process_is_told_with_its_line_and_its_time(make: str, end: str, tmp_path: Path) -> None:
    source = f"""
    import concurrent.futures, multiprocessing, os, subprocess, sys, time

    WORK = "import time; end = time.process_time() + 0.3;" + " any(time.process_time() > end for _ in iter(int, 1))"

    def work():
        end = time.process_time() + 0.3
        while time.process_time() < end:
            pass

    def main():
        p = {make}
        {end}
    """
    folder = tmp_path / "project"
    folder.mkdir()
    found = report_of(source, folder)
    places = {each["place"] for each in found["started"]}
    assert places <= {f"{folder}/script.py:12", f"{folder}/script.py:13"} and len(found["started"]) == 1
    assert found["seconds"] >= 0.25


def test_other_programs_and_nothing_are_no_python_processes(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    source = """
    import os, subprocess

    def main():
        subprocess.run(["ls"], capture_output=True)
        os.system("true")
    """
    assert report_of(source, folder)["started"] == []


@pytest.mark.parametrize(
    ("words", "is_one"),
    [
        (["/usr/bin/python3.11", "-c", "pass"], True),
        (["sh", "-c", "cd x && python train.py"], True),
        (["mpirun", "-n", "2", "./train"], True),
        (["./train.py"], True),
        (["nvidia-smi"], False),
        (["git", "log", "pythonic"], False),
    ],
)
def test_what_runs_python_is_known_by_its_words(words: list[str], is_one: bool) -> None:
    assert is_python(words) is is_one
