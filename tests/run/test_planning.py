"""Wherever a project's files lie, its patch covers the step that the script trains by, and applies as is said."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hybridize.options import Options
from hybridize.records import Report, Target
from hybridize.report import wording
from hybridize.report.folder import write_patch
from hybridize.run.planning import set_plan
from hybridize.run.stages import scan
from hybridize.run.target import find_target
from hybridize.run.work import Work

PROJECTS = Path(__file__).resolve().parents[1] / "projects"


@dataclass(frozen=True)
class Layout:
    """A project of `tests/projects`: its script, the file with the step, and what else is needed to find that."""

    folder: str
    script: str
    file: str
    step: str
    python_path: str = ""
    seen: str = ""


LAYOUTS = [
    Layout("sibling_folder", "burgers/train.py", "utils/network.py", "Network.step"),
    Layout("package_above", "tests/flow/train.py", "flownet/training.py", "Trainer.train_step"),
    Layout("search_path_variable", "examples/train.py", "library/steps.py", "train_step", python_path="."),
    Layout("namespace_packages", "train.py", "company/vision/model.py", "train_step"),
    Layout("same_names", "train.py", "src/train.py", "Trainer.step"),
    # What only a run shows.
    Layout("computed_imports", "runs/train.py", "plugins/linear.py", "train_step", seen="linear"),
]
each_layout = pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.folder)


@pytest.fixture
def laid_out(layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project as a repository, from which the script is run."""
    repository = tmp_path / "repository"
    shutil.copytree(PROJECTS / layout.folder, repository, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(["git", "init", "-q", repository], check=True)
    monkeypatch.chdir(repository)
    monkeypatch.setenv("PYTHONPATH", layout.python_path)
    return repository


def planned(layout: Layout, cwd: Path, **options: Any) -> Work:
    """The work with the plan to convert the layout's step, where that is found."""
    given = Options(script=Path(layout.script), **options)
    target = find_target(given, cwd)
    assert isinstance(target, Target), target
    quiet = SimpleNamespace(stage=lambda *_: None, note=lambda *_: None, warn=lambda *_: None)
    work = Work(given, quiet, target, cwd / "results")  # type: ignore[arg-type]
    found = scan.run(work, {layout.seen: str(cwd / layout.file)} if layout.seen else None)
    steps = [j for j in work.judgements.values() if j.function.qualname == layout.step]
    work.add([replace(step, selected=True) for step in steps])
    set_plan(work, found)
    return work


@pytest.mark.slow
@pytest.mark.parametrize("program", ["patch", "git"])
@each_layout
def test_the_patch_applies_as_is_said(
    layout: Layout, program: str, laid_out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"there is no {program}")
    work = planned(layout, laid_out)
    work.folder.mkdir()
    write_patch(work.plan, work.folder)
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: which(name) if name == program else None)
    command = wording.apply_command(_report(work), laid_out)
    assert command is not None and program in command
    before = _contents(laid_out)
    subprocess.run(command, shell=True, cwd=laid_out, check=True, capture_output=True)
    changed = {name for name, text in _contents(laid_out).items() if before[name] != text}
    assert changed == {layout.file}
    plain, edited = before[layout.file].splitlines(), _contents(laid_out)[layout.file].splitlines()
    (line,) = [line for line in edited if line not in plain]
    assert line.strip() == "@tf.function"


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS[:1], ids=lambda layout: layout.folder)
def test_every_function_that_is_judged_has_a_fingerprint(layout: Layout, laid_out: Path) -> None:
    judged = planned(layout, laid_out).judgements.values()
    assert judged and None not in {judgement.function.fingerprint for judgement in judged}


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS[:3], ids=lambda layout: layout.folder)
def test_the_project_that_is_named_is_the_project(layout: Layout, laid_out: Path) -> None:
    """The step lies outside of it, so that it is not found, and the user is told of the file."""
    work = planned(layout, laid_out, project=Path(layout.script).parent)
    assert work.target.root == str(laid_out / Path(layout.script).parent)
    assert work.plan.edits == ()
    assert any(layout.file in warning and "--project" in warning for warning in work.warnings)
    assert planned(layout, laid_out, project=Path(".")).target.root == str(laid_out)


def _report(work: Work) -> Report:
    command = SimpleNamespace(target=work.target)
    return SimpleNamespace(command=command, plan=work.plan, folder=str(work.folder))  # type: ignore[return-value]


def _contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*.py"))
        if "results" not in path.parts
    }
