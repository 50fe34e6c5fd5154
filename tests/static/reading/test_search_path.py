"""What source shows of edits to the folders that imports look through."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from hybridize.static.reading.search_path import Edits, read_edits

FILE, CWD = Path("/home/you/repo/exp/train.py"), Path("/home/you/repo")


def edits(text: str) -> Edits:
    return read_edits(ast.parse(text), FILE, CWD)


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        ("import sys\nsys.path.append('utils')", "/home/you/repo/utils"),
        ("import sys as s\ns.path.append('./utils/')", "/home/you/repo/utils"),
        ("from sys import path\npath.append('../other')", "/home/you/other"),
        ("import sys, os\nsys.path.append(os.path.dirname(__file__))", "/home/you/repo/exp"),
        (
            "import sys, os.path as osp\nsys.path.append(osp.join(osp.dirname(osp.abspath(__file__)), '..'))",
            "/home/you/repo",
        ),
        ("import sys, os\nsys.path.append(os.path.abspath(os.path.join('..', 'x')))", "/home/you/x"),
        ("import sys, os\nsys.path.append(os.path.dirname(os.path.abspath('exp/..')))", "/home/you"),
        ("import sys, os\nsys.path.append(os.getcwd() + '/lib')", "/home/you/repo/lib"),
        ("import sys, os\nsys.path.append(os.path.join(os.pardir, 'x'))", "/home/you/x"),
        ("import sys, os\nsys.path.append(os.path.split(__file__)[0])", "/home/you/repo/exp"),
        ("import sys\nsys.path.append(sys.path[0] + '/../lib')", "/home/you/repo/lib"),
        ("import sys\nsys.path.extend(['lib'])", "/home/you/repo/lib"),
        ("import sys\nsys.path += ['lib']", "/home/you/repo/lib"),
        ("import sys\nNAME = 'lib'\nsys.path.append(f'./{NAME}')", "/home/you/repo/lib"),
        ("import sys\nfor p in ['lib']:\n    sys.path.append(p)", "/home/you/repo/lib"),
        (
            "import sys\nfrom pathlib import Path\nsys.path.append(str(Path(__file__).parent.parent / 'lib'))",
            "/home/you/repo/lib",
        ),
        (
            "import sys, pathlib\nsys.path.append(pathlib.Path(__file__).resolve().parents[1].as_posix())",
            "/home/you/repo",
        ),
        ("import sys, pathlib\nsys.path.append(str(pathlib.Path.cwd().joinpath('lib')))", "/home/you/repo/lib"),
        ("import site\nsite.addsitedir('lib')", "/home/you/repo/lib"),
        ("import sys\nif 'lib' not in sys.path:\n    def f():\n        sys.path.append('lib')", "/home/you/repo/lib"),
    ],
)
def test_a_folder_that_comes_last(text: str, folder: str) -> None:
    assert edits(text).last == (Path(folder),)


@pytest.mark.parametrize(
    "text",
    [
        "sys.path.insert(0, 'lib')",
        "sys.path.insert(1, 'lib')",
        "sys.path = ['lib'] + sys.path",
        "sys.path[:0] = ['lib']",
    ],
)
def test_a_folder_that_comes_first(text: str) -> None:
    assert edits(f"import sys\n{text}") == Edits(first=(Path("/home/you/repo/lib"),))


@pytest.mark.parametrize(
    "text",
    [
        "import sys\nsys.path.append(sys.argv[1])",
        "import sys, os\nsys.path.append(os.environ['LIB'])",
        "import sys\nsys.path.append(sys.path)",
        "import sys\nx = x + 'a'\nsys.path.append(x)",
        "self.path.append('lib')",
        "import sys\nsys.path.remove('lib')",
        "import sys\nsys.path.append(','.join(['a', 'b']))",
    ],
)
def test_what_source_does_not_show_gives_nothing(text: str) -> None:
    assert edits(text) == Edits()


def test_a_folder_that_the_script_changes_to_counts_for_what_is_relative() -> None:
    found = edits("import os, sys\nos.chdir('exp')\nsys.path.append('..')")
    assert found.entered == (Path("/home/you/repo/exp"),)
    assert found.last == (Path("/home/you"), Path("/home/you/repo"))
