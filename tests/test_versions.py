"""`make versions`: which pairs of Python and TensorFlow are tried, and what is said of those that are not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import versions


def test_the_lowest_and_the_newest_tensorflow_are_tried():
    there = ["2.21.0", "2.20.1", "2.16.2", "2.16.1", "2.15.1", "2.17.0rc1"]
    assert versions.choose(there, (2, 16)) == ["2.16.2", "2.21.0"]
    # Python 3.13 has no TensorFlow before 2.20.
    assert versions.choose(["2.21.0", "2.20.0"], (2, 16)) == ["2.20.0", "2.21.0"]
    assert versions.choose(["2.21.0"], (2, 16)) == ["2.21.0"] and versions.choose(["2.15.0"], (2, 16)) == []


def test_the_lowest_is_that_of_the_package():
    assert versions.least() >= (2, 16)


def test_a_python_that_is_missing_is_said(monkeypatch, capsys):
    monkeypatch.setattr(versions, "find_python", {"3.11": "python3.11", "3.12": None, "3.13": "python3.13"}.get)
    monkeypatch.setattr(versions, "available", lambda name: ["2.21.0", "2.16.2"] if name == "python3.11" else [])
    assert [pair.name for pair in versions.plan()] == ["python3.11-tensorflow2.16.2", "python3.11-tensorflow2.21.0"]
    said = capsys.readouterr().out
    assert "Python 3.12 is missing" in said and "For Python 3.13 no TensorFlow was found" in said


@pytest.mark.slow
def test_a_python_is_run_and_not_only_looked_up(tmp_path, monkeypatch):
    for name, text in (("python3.12", "exit 1"), ("python3", f'exec "{sys.executable}" "$@"')):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    here = "{}.{}".format(*sys.version_info[:2])
    assert versions.find_python(here) == ("python3" if here != "3.12" else None) or here == "3.12"
    assert versions.find_python("3.9") is None


@pytest.fixture
def tried(monkeypatch, tmp_path):
    """A matrix of two pairs, whose commands are noted and not run; those that hold a word of `fails` fail."""
    monkeypatch.setattr(versions, "HOME", tmp_path)
    monkeypatch.setattr(versions, "ROOT", tmp_path)
    pairs = [versions.Pair("3.11", "python3.11", each) for each in ("2.16.2", "2.21.0")]
    monkeypatch.setattr(versions, "plan", lambda: pairs)
    commands, fails = [], []

    def run(command, **_):
        commands.append(command)
        bad = any(word in part for word in fails for part in command)
        return subprocess.CompletedProcess(command, 1 if bad else 0)

    monkeypatch.setattr(versions.subprocess, "run", run)
    return commands, fails


def test_each_pair_is_set_up_and_runs_the_demo_and_the_tests(tried, capsys):
    commands, _ = tried
    assert versions.main([]) == 0
    assert len(commands) == 10 and "tensorflow==2.16.2" in commands[2] and "--train-script" in commands[3]
    assert capsys.readouterr().out.endswith("2 tried, 0 failed.\n")


def test_a_pair_that_fails_is_told_with_the_step_and_the_others_are_tried(tried, capsys):
    commands, fails = tried
    fails.append("tensorflow==2.16.2")
    assert versions.main([]) == 1
    said = capsys.readouterr().out
    assert "python3.11-tensorflow2.16.2: failed at: install" in said
    assert "python3.11-tensorflow2.21.0: works" in said and len(commands) == 8


def test_pairs_can_be_chosen_and_listed(tried, capsys):
    assert versions.main(["--list", "python3.11-tensorflow2.2"]) == 0
    assert capsys.readouterr().out == "python3.11-tensorflow2.21.0\n"


def test_the_tests_and_the_script_that_are_run_are_there():
    root = Path(__file__).resolve().parents[1]
    assert all((root / name).is_file() for name in (*versions.TESTS, versions.DEMO[1]))
