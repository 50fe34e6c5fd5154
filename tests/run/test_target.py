"""From the options to the program that is run: found, or one sentence that says what is wrong and what to do."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from hybridize.options import Mistake, Options
from hybridize.records import Scan, Target
from hybridize.run.target import covering, find_target, layout_of, unreadable
from hybridize.static import scan


def lay(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        place = folder / name.replace("__", "/").replace("_py", ".py")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return folder


def target(cwd: Path, **options: Any) -> Target:
    found = find_target(Options(**options), cwd)
    assert isinstance(found, Target), found
    return found


def mistake(cwd: Path, **options: Any) -> str:
    found = find_target(Options(**options), cwd)
    assert isinstance(found, Mistake), found
    return found.sentence


def test_a_script_is_a_project_of_its_own(tmp_path: Path) -> None:
    lay(tmp_path, train_py="")
    found = target(tmp_path, script=Path("train.py"), arguments=("--steps", "3"), seed=4)
    assert found == Target(str(tmp_path), str(tmp_path), str(tmp_path / "train.py"), ("--steps", "3"), None, 4)


def test_a_script_elsewhere_is_run_from_here(tmp_path: Path) -> None:
    lay(tmp_path, code__train_py="")
    found = target(tmp_path, script=Path("code/train.py"))
    assert (found.root, found.cwd) == (str(tmp_path / "code"), str(tmp_path))


def test_a_script_in_a_package_belongs_to_the_folder_above_it(tmp_path: Path) -> None:
    lay(tmp_path, pkg____init_py="", pkg__sub____init_py="", pkg__sub__train_py="")
    for init in ("pkg/__init__.py", "pkg/sub/__init__.py"):
        (tmp_path / init).write_text("")
    assert target(tmp_path, script=Path("pkg/sub/train.py")).root == str(tmp_path)


def test_a_marked_project_counts_where_the_script_imports_from_it(tmp_path: Path) -> None:
    lay(tmp_path, models_py="", scripts__train_py="import models\n", scripts__other_py="import json\n")
    (tmp_path / "pyproject.toml").write_text("")
    assert target(tmp_path, script=Path("scripts/train.py")).root == str(tmp_path)
    assert target(tmp_path, script=Path("scripts/other.py")).root == str(tmp_path / "scripts")


LAYOUTS = {
    "a folder beside the script's, from the working directory": (
        {"exp/train.py": "import sys\nsys.path.append('utils')\nimport net", "utils/net.py": ""}, ".", ""
    ),
    "a package at the root, by __file__": (
        {
            "exp/train.py": "import os, sys\nsys.path.append(os.path.dirname(__file__) + '/..')\nimport pkg",
            "pkg/__init__.py": "",
        },
        "exp",
        "",
    ),
    "PYTHONPATH": ({"exp/train.py": "import pkg.net", "pkg/net.py": ""}, ".", "."),
    "a working directory below the repository": (
        {"exp/train.py": "import sys\nsys.path.append('../lib')\nimport net", "lib/net.py": "", "deep/x.txt": ""},
        "deep",
        "",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("files", "cwd", "python_path"), LAYOUTS.values(), ids=LAYOUTS)
def test_the_project_covers_what_the_script_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], cwd: str, python_path: str
) -> None:
    for name, text in {**files, ".git/HEAD": ""}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("PYTHONPATH", python_path)
    found = target(tmp_path / cwd, script=Path(os.path.relpath(tmp_path / "exp" / "train.py", tmp_path / cwd)))
    assert Path(found.root).resolve() == tmp_path


def test_another_checkout_is_no_part_of_the_project_unless_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay(tmp_path, mine__train_py="import theirs", other__theirs_py="")
    (tmp_path / "mine" / ".git").mkdir()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "other"))
    found = target(tmp_path, script=Path("mine/train.py"), project=Path("mine"))
    assert found.root == str(tmp_path / "mine")
    (warning,) = scanned(found, Options(project=Path("mine"))).warnings
    assert str(tmp_path / "other" / "theirs.py") in warning and f"--project {tmp_path}" in warning
    monkeypatch.chdir(tmp_path / "mine")
    assert target(tmp_path / "mine", script=Path("train.py")).root == str(tmp_path / "mine")
    wide = target(tmp_path, script=Path("mine/train.py"), project=Path("."))
    assert not scanned(wide, Options(project=Path("."))).warnings


def scanned(found: Target, options: Options) -> Scan:
    return scan(Path(found.root), Path(found.script), layout=layout_of(found, options))


def test_a_home_folder_is_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    lay(tmp_path, a__train_py="import helper", b__helper_py="")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "b"))
    assert target(tmp_path, script=Path("a/train.py")).root == str(tmp_path / "a")


def test_a_run_widens_the_project_to_what_it_imported(tmp_path: Path) -> None:
    lay(tmp_path, exp__train_py="", plugins__fast_py="")
    found = target(tmp_path, script=Path("exp/train.py"))
    layout = layout_of(found, Options(), {"fast": str(tmp_path / "plugins" / "fast.py")})
    wider = covering(found, layout, Options())
    assert (found.root, wider.root) == (str(tmp_path / "exp"), str(tmp_path))
    assert scan(tmp_path, Path(found.script), layout=layout).modules == {
        "exp/train.py": "train",
        "plugins/fast.py": "fast",
    }


def test_a_module_is_found_as_python_finds_it(tmp_path: Path) -> None:
    lay(tmp_path, pkg__train_py="", app__x_py="")
    (tmp_path / "app" / "__main__.py").write_text("")
    found = target(tmp_path, train_module="pkg.train")
    assert (found.module, found.script) == ("pkg.train", str(tmp_path / "pkg" / "train.py"))
    assert target(tmp_path, train_module="app").script == str(tmp_path / "app" / "__main__.py")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "Name the script to run"),
        ({"script": Path("trian.py")}, "Did you mean --train-script train.py?"),
        ({"script": Path("qqqqqqqq.py")}, "There is no file qqqqqqqq.py"),
        ({"script": Path("code")}, "is a folder"),
        ({"script": Path("notes.ipynb")}, "jupyter nbconvert"),
        ({"script": Path("binary.py")}, "contains null bytes"),
        ({"train_module": "pkg/train.py"}, "did you mean --train-script pkg/train.py?"),
        ({"train_module": "no.such"}, "There is no module no.such"),
        ({"train_module": "json.tool.x"}, "json is installed elsewhere"),
        ({"script": Path("train.py"), "project": Path("code")}, "is not inside the project"),
        ({"script": Path("train.py"), "project": Path("nowhere")}, "needs a folder"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(tmp_path: Path, options: dict[str, Any], words: str) -> None:
    lay(tmp_path, train_py="", code__x_py="")
    (tmp_path / "notes.ipynb").write_text("{}")
    (tmp_path / "binary.py").write_bytes(b"\0\1")
    sentence = mistake(tmp_path, **options)
    assert words in sentence and "\n" not in sentence


def test_a_syntax_error_is_the_scripts_own_affair(tmp_path: Path) -> None:
    lay(tmp_path, train_py="def f(:\n")
    assert target(tmp_path, script=Path("train.py"))
    assert unreadable(tmp_path / "train.py") is None
