"""What the command says where it was called wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybridize.cli.guesses import explain_extras
from hybridize.options import Options
from hybridize.run.entry import check_target

OPTIONS = ["--train-script", "--train-module", "--budget", "--steps", "--metric"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").touch()
    (tmp_path / "package" / "train.py").touch()
    (tmp_path / "train.py").touch()
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "finetune.py").touch()
    (tmp_path / "notes.ipynb").touch()
    (tmp_path / "dangling.py").symlink_to("gone.py")
    return tmp_path


def test_a_script_and_a_module_that_are_there_are_no_mistake(project):
    assert check_target(Options(script=Path("train.py")), project) is None
    assert check_target(Options(script=project / "package" / "train.py"), Path("/")) is None
    assert check_target(Options(train_module="package.train"), project) is None


def test_an_installed_module_is_no_mistake(project):
    assert check_target(Options(train_module="json.tool"), project) is None


SCRIPTS = {
    "trian.py": "Did you mean --train-script train.py?",
    "train": "did you mean --train-script train.py?",
    "package": "is a folder; did you mean --train-script package/train.py?",
    "deep": "is a folder; name the script in it.",
    "package.train": "did you mean --train-module package.train?",
    "finetune.py": "Did you mean --train-script deep/er/finetune.py?",
    "package/trains.py": "Did you mean --train-script package/train.py?",
    "nowhere/at_all.py": "There is no file nowhere/at_all.py.",
    "notes.ipynb": "nbconvert",
    "train.sh": "is not a Python script",
    "dangling.py": "link to gone.py",
    "/dev/null": "not a regular file",
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_what_was_meant_by_a_script_is_guessed(project, script):
    mistake = check_target(Options(script=Path(script)), project)
    assert mistake is not None and SCRIPTS[script] in mistake.sentence


MODULES = {
    "train.py": "did you mean --train-script train.py?",
    "package/train": "did you mean --train-script package/train.py?",
    "package.trian": "Did you mean package.train?",
    "package": "without a __main__.py",
    "no-name": "dotted name such as",
    "package..train": "dotted name such as",
    "no_such_module_at_all": "There is no module",
}


@pytest.mark.parametrize("module", MODULES)
def test_what_was_meant_by_a_module_is_guessed(project, module):
    mistake = check_target(Options(train_module=module), project)
    assert mistake is not None and MODULES[module] in mistake.sentence


def test_a_project_that_is_no_folder_is_said(project):
    options = Options(script=Path("train.py"), project=Path("train.py"))
    mistake = check_target(options, project)
    assert mistake is not None and "--project needs a folder" in mistake.sentence


def test_without_a_script_the_one_at_hand_is_proposed(project, tmp_path_factory):
    mistake = check_target(Options(), project)
    assert mistake is not None and "did you mean optimize --train-script train.py?" in mistake.sentence
    mistake = check_target(Options(), tmp_path_factory.mktemp("empty"))
    assert mistake is not None and "for example optimize --train-script train.py" in mistake.sentence


EXTRAS = [
    (["train.py"], [], "did you mean optimize --train-script train.py?"),
    (["gone.py", "3"], [], "did you mean optimize --train-script gone.py -- 3?"),
    (["package"], [], "did you mean optimize scan package?"),
    (["package.train"], [], "did you mean optimize --train-module package.train?"),
    (["scna", "src"], [], "did you mean optimize scan src?"),
    (["frobnicate"], [], "There is no command frobnicate"),
    (["--budgets", "3"], ["--train-script", "train.py"], "did you mean --budget?"),
    (["--train-scrpt=train.py"], [], "did you mean --train-script?"),
    (["--zzz"], [], "see optimize --help"),
    (
        ["--epochs", "3"],
        ["--train-script", "train.py"],
        "the script's arguments go after --: optimize --train-script train.py -- --epochs 3",
    ),
    (
        ["--epochs", "3"],
        ["--steps", "9", "--train-script", "train.py"],
        "optimize --steps 9 --train-script train.py -- --epochs 3",
    ),
    (["mnist"], ["--train-module", "a.b"], "optimize --train-module a.b -- mnist"),
]


@pytest.mark.parametrize("extras, ours, expected", EXTRAS)
def test_what_was_meant_by_a_stray_argument_is_guessed(project, extras, ours, expected):
    assert expected in explain_extras(extras, [*ours, *extras], OPTIONS, ["explain", "scan"], project)
