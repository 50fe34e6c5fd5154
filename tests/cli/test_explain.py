"""`optimize explain`: a function of a report."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from reports import full

from hybridize.cli import main
from hybridize.report import folder as folders


def explain(*arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return main(["explain", *arguments], out, err), out.getvalue(), err.getvalue()


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = folders.create(tmp_path / "results", "train.py")
    folders.write(full(tmp_path), folder)
    monkeypatch.chdir(tmp_path)
    return folder


def test_a_function_of_the_newest_run_is_explained(results):
    code, out, _ = explain("step")
    assert code == 0 and "train:step" in out and "confirmed, in the patch" in out


@pytest.mark.slow
@pytest.mark.parametrize("form", ["--report {}", "--report={}", "--report {}/report.json"])
def test_another_report_can_be_named(results, tmp_path, monkeypatch, form):
    monkeypatch.chdir("/")
    code, out, _ = explain("train:step", *form.format(results).split())
    assert code == 0 and "train:step" in out


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments, words",
    [
        (["train:stepp"], "has no function train:stepp. Did you mean train:step?"),
        (["step", "--report", "/nowhere"], "/nowhere can't be read"),
        (["--report", "x"], "--report needs a function"),
        (["step", "--report"], "--report needs a report.json"),
        (["step", "other"], "one function"),
    ],
)
def test_a_mistake_is_told_with_what_to_do(results, arguments, words):
    code, out, err = explain(*arguments)
    assert code == 2 and out == "" and words in err
