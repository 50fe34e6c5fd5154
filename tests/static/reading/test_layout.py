"""Which files a script imports, and by which names: as Python itself finds them."""

from __future__ import annotations

import importlib.machinery
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from hybridize.static.reading import layout
from hybridize.static.reading.layout import find_layout

_SHOW = """
import json, sys
print(json.dumps({name: module.__file__ for name, module in sys.modules.items() if getattr(module, "__file__", None)}))
"""


def lay(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def found(root: Path, script: str, cwd: str = ".", module: str | None = None, python_path: str = "") -> dict[str, str]:
    """The files of the layout below ``root``, with their names."""
    path = root / script
    files = find_layout(path, root / cwd, path.parent, (), module, python_path).files
    return {str(file.relative_to(root)): name for file, name in files.items()}


def imported(root: Path, script: str, cwd: str, module: str | None, python_path: str) -> dict[str, str]:
    """What Python imports in truth when it runs the script: the files below ``root``, with their names."""
    with (root / script).open("a") as stream:
        stream.write(_SHOW)
    command = [sys.executable, *(["-m", module] if module else [str(root / script)])]
    environment = {**os.environ, "PYTHONPATH": python_path, "PYTHONDONTWRITEBYTECODE": "1"}
    run = subprocess.run(command, cwd=root / cwd, env=environment, capture_output=True, text=True, check=True)
    modules = json.loads(run.stdout.splitlines()[-1])
    below = {name: Path(os.path.normpath(file)) for name, file in modules.items()}
    return {str(p.relative_to(root)): n for n, p in below.items() if p.is_relative_to(root) and n != "__main__"}


#: Files, the script, the folder that it is run from, `-m`, PYTHONPATH.
LAYOUTS: dict[str, tuple[dict[str, str], str, str, str | None, str]] = {
    "a folder that the script appends, from the working directory": (
        {"burgers/train.py": 'import sys\nsys.path.append("utils")\nimport network', "utils/network.py": ""},
        "burgers/train.py",
        ".",
        None,
        "",
    ),
    "a folder beside the script's own, by __file__": (
        {
            "exp/train.py": "import os, sys\nHERE = os.path.dirname(os.path.abspath(__file__))\n"
            'sys.path.insert(0, os.path.join(HERE, "..", "lib"))\nfrom steps import train_step',
            "lib/steps.py": "import helper\ntrain_step = 1",
            "lib/helper.py": "",
        },
        "exp/train.py",
        "exp",
        None,
        "",
    ),
    "the root, by pathlib": (
        {
            "tests/GNN/train.py": "import sys\nfrom pathlib import Path\nROOT = Path(__file__).resolve().parents[2]\n"
            "sys.path.insert(0, str(ROOT))\nfrom pkg.gnn import Net",
            "pkg/__init__.py": "",
            "pkg/gnn.py": "from . import layers\nNet = 1",
            "pkg/layers.py": "",
        },
        "tests/GNN/train.py",
        ".",
        None,
        "",
    ),
    "the root, by a path that a helper appends": (
        {
            "scripts/train.py": "import setup_path\nimport model",
            "scripts/setup_path.py": "import sys\nfrom os.path import dirname, join\n"
            'sys.path += [join(dirname(__file__), "..")]',
            "model.py": "",
        },
        "scripts/train.py",
        "scripts",
        None,
        "",
    ),
    "PYTHONPATH": (
        {"examples/train.py": "import core.step", "core/__init__.py": "", "core/step.py": ""},
        "examples/train.py",
        ".",
        None,
        ".",
    ),
    "packages that hold only packages, without a file of their own": (
        {
            "train.py": "from company.vision.net import Net",
            "company/vision/net.py": "from .. import text\nNet = 1",
            "company/text/__init__.py": "",
        },
        "train.py",
        ".",
        None,
        "",
    ),
    "a module of the script's own name": (
        {
            "train.py": "from src.train import train",
            "src/train.py": "from src.data import load\ntrain = 1",
            "src/data.py": "load = 1",
        },
        "train.py",
        ".",
        None,
        "",
    ),
    "python -m": (
        {
            "pkg/__init__.py": "",
            "pkg/sub/__init__.py": "",
            "pkg/sub/train.py": "from ..model import net",
            "pkg/model.py": "net = 1",
        },
        "pkg/sub/train.py",
        ".",
        "pkg.sub.train",
        "",
    ),
    "a module named like one of the standard library's": (
        {
            "train.py": "import queue\nimport sys\nsys.path.append('late')\nimport string",
            "queue.py": "",
            "late/string.py": "",
        },
        "train.py",
        ".",
        None,
        "",
    ),
    "a folder of data named like a package that is installed": (
        {"train.py": "import pytest\nimport logs.plain", "pytest/notes.txt": "", "logs/plain.py": ""},
        "train.py",
        ".",
        None,
        "",
    ),
    "a loop over folders, and a working directory that is changed": (
        {
            "exp/train.py": "import os, sys\nos.chdir(os.path.dirname(os.path.abspath(__file__)))\n"
            "for folder in ('../a', '../b'):\n    sys.path.append(folder)\nimport one, two",
            "a/one.py": "",
            "b/two.py": "",
        },
        "exp/train.py",
        ".",
        None,
        "",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("laid_out", LAYOUTS.values(), ids=LAYOUTS)
def test_files_and_names_are_those_that_python_finds(laid_out, tmp_path: Path) -> None:
    files, script, cwd, module, python_path = laid_out
    root = lay(tmp_path.resolve(), files)
    seen = found(root, script, cwd, module, python_path)
    truth = imported(root, script, cwd, module, python_path)
    assert {file: name for file, name in seen.items() if file != script} == truth
    assert script in seen


def test_a_module_that_a_run_saw_is_named_as_there(tmp_path: Path) -> None:
    root = lay(tmp_path, {"train.py": "", "plugins/fast.py": "import plugins.base", "plugins/base.py": ""})
    seen = {"steps.fast": str(root / "plugins" / "fast.py"), "json": json.__file__, "__main__": str(root / "train.py")}
    assert find_layout(root / "train.py", root, root, seen=seen).files == {
        root / "train.py": "train",
        root / "plugins" / "fast.py": "steps.fast",
        root / "plugins" / "base.py": "plugins.base",
    }


def test_a_file_imported_by_two_names_has_one_of_its_own(tmp_path: Path) -> None:
    root = lay(
        tmp_path, {"train.py": "import sys\nsys.path.append('lib')\nimport step\nimport lib.step", "lib/step.py": ""}
    )
    by_two = find_layout(root / "train.py", root, root)
    assert by_two.files[root / "lib" / "step.py"] == "step"
    assert by_two.aliases == {"lib.step": "step"}


def test_what_is_found_nowhere_is_looked_for_in_likely_places(tmp_path: Path) -> None:
    root = lay(tmp_path, {"exp/train.py": "import sys, model\nsys.path.append(sys.argv[1])", "model.py": ""})
    script = root / "exp" / "train.py"
    assert list(find_layout(script, root, script.parent).files) == [script]
    assert root / "model.py" in find_layout(script, root, script.parent, (root,)).files


def test_an_editable_install_is_the_projects_and_other_packages_are_not(tmp_path: Path, monkeypatch) -> None:
    code = {"code/mine/__init__.py": "import mine.step", "code/mine/step.py": "", "train.py": "import mine, pytest"}
    root = lay(tmp_path, code)
    spec = importlib.machinery.PathFinder.find_spec
    monkeypatch.setattr(layout, "find_installed", lambda name: spec(name, [*sys.path, str(root / "code")]))
    own = {"code/mine/__init__.py": "mine", "code/mine/step.py": "mine.step"}
    assert found(root, "train.py") == {"train.py": "train", **own}


def test_files_that_cannot_be_read_and_circles_stop_nothing(tmp_path: Path) -> None:
    root = lay(tmp_path, {"train.py": "import a, b, train", "a.py": "import b", "b.py": "import a\ndef (:"})
    assert found(root, "train.py") == {"train.py": "train", "a.py": "a", "b.py": "b"}


def test_what_python_imports_when_it_starts_is_not_the_scripts(tmp_path: Path) -> None:
    """A folder of PYTHONPATH may hold a sitecustomize: it runs before any script, and no script imports it."""
    (tmp_path / "elsewhere").mkdir()
    for name in ("elsewhere/sitecustomize.py", "elsewhere/helper.py", "train.py"):
        (tmp_path / name).write_text("")
    seen = {name: str(tmp_path / "elsewhere" / f"{name}.py") for name in ("sitecustomize", "helper")}
    found = find_layout(tmp_path / "train.py", tmp_path, tmp_path, (), None, "", seen)
    assert sorted(path.name for path in found.files) == ["helper.py", "train.py"]
