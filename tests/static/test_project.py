"""One scan of a project: what it lists, how it names it, and what can't stop it."""

from __future__ import annotations

import ast
import gc
import subprocess
import sys
from pathlib import Path

import pytest

from hybridize.records import Action, AssumptionKind, FunctionKind
from hybridize.static import scan
from hybridize.static.analysis import solve

SOME = "def f(x):\n    return x\n"


def test_every_function_is_listed_with_its_name_place_and_kind(project):
    project.write(
        "pkg/__init__.py",
        "",
    )
    project.write(
        "pkg/module.py",
        """
        def plain(x):
            def inner(y):
                return y

            return inner(x)

        class Outer:
            def method(self):
                return 1

            @staticmethod
            def static():
                return 1

            @classmethod
            def klass(cls):
                return 1

            @property
            def prop(self):
                return 1

            class Inner:
                def deep(self):
                    return lambda: 1

        double = lambda x: x * 2
        """,
    )
    found = {each.id: each for each in project.scan().functions}
    assert {name: each.kind for name, each in found.items()} == {
        "pkg.module:plain": FunctionKind.FUNCTION,
        "pkg.module:plain.<locals>.inner": FunctionKind.NESTED,
        "pkg.module:Outer.method": FunctionKind.METHOD,
        "pkg.module:Outer.static": FunctionKind.STATICMETHOD,
        "pkg.module:Outer.klass": FunctionKind.CLASSMETHOD,
        "pkg.module:Outer.prop": FunctionKind.PROPERTY,
        "pkg.module:Outer.Inner.deep": FunctionKind.METHOD,
        "pkg.module:double": FunctionKind.LAMBDA,
    }
    assert (found["pkg.module:plain"].line, found["pkg.module:plain"].end_line) == (2, 6)
    assert found["pkg.module:Outer.static"].line == 13, "the line of def, not of the decorator"
    assert found["pkg.module:plain"].file == "pkg/module.py"


def test_functions_of_one_name_are_numbered(project):
    project.write("train.py", "def f():\n    return 1\n\nif f():\n    def f():\n        return 2\n")
    assert [each.id for each in project.scan().functions] == ["train:f", "train:f#2"]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("train.py", "train"),
        ("pkg/train.py", "pkg.train"),
        ("pkg/__init__.py", "pkg"),
        ("src/train.py", "train"),
        ("src/pkg/train.py", "pkg.train"),
    ],
)
def test_a_module_is_named_as_the_project_imports_it(path, name, project):
    project.write(path, SOME)
    assert project.scan().modules == {path: name}


def test_src_is_a_package_where_it_has_an_init(project):
    project.write("src/__init__.py", "")
    project.write("src/train.py", SOME)
    assert project.scan().modules["src/train.py"] == "src.train"


def test_files_of_one_name_are_two_modules(project):
    project.write("train.py", "from src.train import train\n" + SOME)
    project.write("src/train.py", "from src import data\n" + SOME)
    project.write("src/data.py", SOME)
    scanned = project.scan("train.py")
    assert scanned.modules == {"train.py": "train", "src/train.py": "src.train", "src/data.py": "src.data"}
    assert scanned.reachable == set(scanned.modules)
    assert len({function.id for function in scanned.functions}) == len(scanned.functions) == 3


def test_a_package_wins_over_a_module_of_its_name(project):
    project.write("a/b.py", SOME)
    project.write("a/b/__init__.py", SOME)
    assert project.scan().modules == {"a/b.py": "a.b#2", "a/b/__init__.py": "a.b"}


@pytest.mark.parametrize(
    "directory", [".git", ".venv", "node_modules", "__pycache__", "pkg/site-packages"]
)
def test_directories_that_are_not_the_projects_own_are_left_out(directory, project):
    project.write("train.py", SOME)
    project.write(f"{directory}/other.py", SOME)
    assert list(project.scan().modules) == ["train.py"]


@pytest.mark.parametrize("mark", ["pyvenv.cfg", "conda-meta/history", "bin/activate_this.py"])
@pytest.mark.parametrize("name", ["venv", "env", "my-env", "pkg/build"])
def test_an_environment_of_any_name_is_left_out(project, name, mark):
    project.write("train.py", SOME)
    project.write(f"{name}/{mark}", "")
    project.write(f"{name}/lib/other.py", SOME)
    assert list(project.scan().modules) == ["train.py"]


@pytest.mark.parametrize("name", ["env", "venv", "pkg/build", "pkg/dist", "pkg/results", "envs/env"])
def test_a_folder_of_the_projects_is_read_whatever_its_name(project, name):
    project.write("train.py", SOME)
    project.write(f"{name}/model.py", SOME)
    scanned = project.scan()
    assert set(scanned.modules) == {"train.py", f"{name}/model.py"} and not scanned.warnings


@pytest.mark.parametrize("name", ["build", "dist", "results"])
def test_what_tools_make_at_the_root_is_left_out_and_that_is_told(project, name):
    project.write("train.py", SOME)
    project.write(f"{name}/lib/other.py", SOME)
    scanned = project.scan()
    assert list(scanned.modules) == ["train.py"]
    (warning,) = scanned.warnings
    assert warning.startswith(f"{name}: was not read") and "__init__.py" in warning


@pytest.mark.parametrize("name", ["build", "dist", "results"])
def test_a_package_at_the_root_is_read_whatever_its_name(project, name):
    project.write("train.py", SOME)
    project.write(f"{name}/__init__.py", "")
    project.write(f"{name}/other.py", SOME)
    scanned = project.scan()
    assert f"{name}/other.py" in scanned.modules and not scanned.warnings


def test_a_folder_of_results_without_python_files_is_nothing_to_tell(project):
    project.write("train.py", SOME)
    project.write("results/run/report.json", "{}")
    assert not project.scan().warnings


def test_paths_restrict_what_is_read(project):
    project.write("a.py", SOME)
    project.write("b/c.py", SOME)
    project.write("d.py", SOME)
    assert set(project.scan(paths=("a.py", "b")).modules) == {"a.py", "b/c.py"}


def test_a_path_that_is_not_there_is_a_warning(project):
    project.write("a.py", SOME)
    assert "nowhere.py" in project.scan(paths=("a.py", "nowhere.py")).warnings[0]


def test_reachable_is_what_the_entry_imports(project):
    project.write("train.py", "import a\nfrom pkg import c\n")
    project.write("a.py", "import b\n")
    project.write("b.py", "import a\n")
    project.write("pkg/__init__.py", "")
    project.write("pkg/c.py", "from . import d\n")
    project.write("pkg/d.py", SOME)
    project.write("unused.py", SOME)
    result = project.scan("train.py")
    assert result.reachable == {"train.py", "a.py", "b.py", "pkg/__init__.py", "pkg/c.py", "pkg/d.py"}
    assert "unused.py" in result.modules


def test_without_an_entry_all_is_reachable(project):
    project.write("a.py", SOME)
    project.write("b.py", SOME)
    assert project.scan().reachable == {"a.py", "b.py"}


def test_an_import_in_a_function_makes_its_module_reachable(project):
    project.write("train.py", "def main():\n    import later\n    later.f(1)\n")
    project.write("later.py", SOME)
    assert "later.py" in project.scan("train.py").reachable


@pytest.mark.parametrize(
    ("text", "uses"),
    [
        ("import tensorflow as tf\n", True),
        ("from keras import layers\n", True),
        ("def f():\n    import tf_keras\n", True),
        ("import numpy\n", False),
        ("import tensorflowjs\n", False),
    ],
)
def test_uses_tensorflow(text, uses, project):
    project.write("train.py", text)
    assert project.scan().uses_tensorflow is uses


def test_assigned_attributes_are_all_that_the_project_assigns(project):
    project.write("train.py", "class C:\n    def f(self):\n        self.a = 1\n        self.b.c += 1\n")
    assert project.scan().assigned_attributes == {"a", "c"}


# What can't be analysed is named, and the rest goes on.
BROKEN = {
    "a syntax error": b"def f(:\n",
    "Python 2": b'print "text"\n',
    "null bytes": b"x = 1\0\n",
    "another encoding": "x = 'é'\n".encode("latin-1"),
    "an unknown encoding": b"# -*- coding: nonsense -*-\n",
    "a notebook magic": b"%matplotlib inline\nx = 1\n",
    "unmatched brackets": b"x = (((((\n",
    "nesting beyond the parser": b"x = " + b"(" * 5000 + b")" * 5000 + b"\n",
    "a binary file": bytes(range(256)),
    "a tab after spaces": b"if 1:\n        x = 1\n\ty = 2\n",
}


@pytest.mark.parametrize("what", BROKEN, ids=lambda what: what.replace(" ", "-"))
def test_a_broken_file_is_a_warning_and_the_rest_goes_on(what, project):
    project.write("broken.py", BROKEN[what])
    project.write("train.py", SOME)
    result = project.scan()
    assert [each.id for each in result.functions] == ["train:f"]
    assert len(result.warnings) == 1
    assert result.warnings[0].startswith("broken.py: ")


ODD = {
    "nothing": b"",
    "a comment": b"# text",
    "a byte order mark": b"\xef\xbb\xbfx = 1\n",
    "a declared encoding": "# -*- coding: latin-1 -*-\nx = 'é'\n".encode("latin-1"),
    "Windows line ends": b"def g(x):\r\n    return x\r\n",
    "old Mac line ends": b"def g(x):\r    return x\r",
    "a form feed": b"x = 1\n\x0cy = 2\n",
    "a long chain of operators": b"x = " + b" + ".join([b"1.5 * y"] * 800) + b"\n",
    "a long chain of calls": b"x = y" + b".a()" * 200 + b"\n",
    "a long elif chain": b"if a == 0:\n    x = 0\n" + b"elif a == 1:\n    x = 1\n" * 300,
    "deep blocks": b"".join(b" " * i + b"if a:\n" for i in range(60)) + b" " * 60 + b"x = 1\n",
    "a long literal": b"x = [" + b"1, " * 50000 + b"]\n",
    "a match statement": (
        b"match x:\n    case [a, *b] if a:\n        y = a\n    case {'k': v, **rest}:\n        y = v\n"
        b"    case _:\n        pass\n"
    ),
    "an exception group": b"try:\n    pass\nexcept* ValueError as e:\n    x = e\n",
    "async": (
        b"async def g(x):\n    async with x as y:\n        async for z in y:\n            await z\n"
        b"    return [w async for w in x]\n"
    ),
    "positional-only parameters": (
        b"def g(a, /, b, *, c=1, **d):\n    return a\ng(1, 2, c=3, e=4)\ng(*[1], **{'b': 2})\n"
    ),
    "walrus everywhere": b"def g(x):\n    return [y := x, (z := y), [w for v in x if (w := v)]]\n",
    "nested functions to the bottom": (
        b"".join(b" " * i + b"def f%d():\n" % i for i in range(80)) + b" " * 80 + b"return 1\n"
    ),
    "a class in its own bases": b"class A(A):\n    pass\n",
    "a circle of classes": b"class A(B):\n    pass\nclass B(A):\n    pass\nclass A(B):\n    pass\nA().x\n",
    "many inheritors": b"".join(
        b"class C%d(C%d):\n    def m(self):\n        return super().m()\n" % (i + 1, i) for i in range(200)
    ),
    "a function that is its own argument": b"def g(h):\n    return h(h)\ng(g)\n",
    "a list in itself": b"x = []\nx.append(x)\ny = x[0][0][0]\n",
    "exec and friends": b"exec('a = 1')\nglobals()['b'] = 2\n__import__('os')\nsetattr(a, 'b' + 'c', 1)\n",
    "monkey patching": (
        b"import json\njson.dumps = lambda x: x\nclass C: pass\nC.m = lambda self: 1\nC().m()\n"
    ),
    "a del of everything": b"x = 1\ndel x\nprint(x)\ndef g(a):\n    del a\n    return a\n",
    "a star target": b"a, *b = c\n(d, [e, *f]), g = h\nfor i, (j, *k) in l: pass\n",
    "a global in a class": b"class A:\n    global n\n    n = 1\n    def m(self):\n        return n\n",
    "decorators of every kind": b"@a\n@b.c\n@d(1)\n@e[0]\n@(lambda f: f)\ndef g(x):\n    return x\n",
    "missing packages": (
        b"import nowhere\nfrom nothing.at.all import this as that, those\nthat(those.x(nowhere.y))\n"
    ),
    "relative imports beyond the top": b"from .... import a\nfrom ..b import c\na.d(c)\n",
    "hints in strings": (
        b"x: 'dict[str, \"list[int]\"]' = {}\ndef g(a: 'not valid python (', b: 'A.B[C]'): pass\n"
    ),
}


LONG = {"a long literal", "many inheritors"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "what",
    [pytest.param(what, marks=[pytest.mark.slow] if what in LONG else (), id=what.replace(" ", "-")) for what in ODD],
)
def test_odd_source_stops_nothing(what, project):
    project.write("odd.py", ODD[what])
    project.write("train.py", "from odd import *\nimport odd\n" + SOME)
    result = project.scan()
    assert "train:f" in {each.id for each in result.functions}
    assert not result.warnings


def test_cyclic_imports_stop_nothing(project):
    project.write("a.py", "from b import *\nfrom b import g\nimport b\ndef f(x):\n    return b.g(x)\n")
    project.write("b.py", "from a import *\nfrom a import f\nimport a\ndef g(x):\n    return a.f(x)\n")
    assert {each.id for each in project.scan().functions} == {"a:f", "b:g"}


def test_links_in_a_circle_stop_nothing(project):
    project.write("train.py", SOME)
    (project.root / "loop").symlink_to(project.root, target_is_directory=True)
    (project.root / "dangling.py").symlink_to(project.root / "nowhere.py")
    result = project.scan()
    assert [each.id for each in result.functions] == ["train:f"]


def test_a_directory_called_like_a_module_stops_nothing(project):
    project.write("train.py", SOME)
    (project.root / "folder.py").mkdir()
    assert [each.id for each in project.scan().functions] == ["train:f"]


def test_an_empty_project_is_an_empty_scan(project):
    result = project.scan()
    assert result.functions == ()
    assert result.lines == 0
    assert result.uses_tensorflow is False


@pytest.mark.slow
def test_a_file_of_twenty_thousand_lines_is_read(project):
    project.write("long.py", "".join(f"def f{i}(x):\n    y = x * {i}\n    return y\n\n" for i in range(5000)))
    result = project.scan()
    assert len(result.functions) == 5000
    assert result.lines == 20000


def test_every_proposal_carries_what_a_run_must_check(project):
    project.write("train.py", "import tensorflow as tf\ndef step(x):\n    return x * 2\nstep(tf.ones([2]))\n")
    function = project.function("step")
    assert function.proposal is Action.HYBRIDIZE
    assert function.blocker is None
    assert {each.kind for each in function.assumptions} >= {
        AssumptionKind.ARGUMENT_TYPE,
        AssumptionKind.STABLE,
        AssumptionKind.NO_EFFECT,
        AssumptionKind.TRACEABLE,
        AssumptionKind.SAME_RESULT,
        AssumptionKind.BOUNDED_TRACES,
    }
    assert [(each.subject, each.hint) for each in function.assumptions if each.hint] == [("x", "tensor")]


def test_what_is_not_proposed_says_why(project):
    project.write("train.py", "import tensorflow as tf\ndef step(x):\n    print(x)\nstep(tf.ones([2]))\n")
    function = project.function("step")
    assert function.proposal is Action.NONE
    assert function.blocker is not None
    assert function.assumptions == ()


@pytest.mark.slow
def test_scanning_imports_no_tensorflow_and_runs_no_user_code(tmp_path: Path):
    (tmp_path / "train.py").write_text("import tensorflow\nopen('ran', 'w')\n")
    program = (
        "import sys; from pathlib import Path; from hybridize.static import scan; "
        f"scan(Path({str(tmp_path)!r})); print('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stdout.strip() == "False"
    assert not (tmp_path / "ran").exists()


def test_two_scans_give_the_same(project):
    project.write("a.py", "import tensorflow as tf\nfrom b import g\ndef f(x):\n    return g(x) * 2\nf(tf.ones([2]))\n")
    project.write("b.py", "def g(x):\n    print(x)\n    return x\n")
    assert scan(project.root) == scan(project.root)


@pytest.mark.slow
def test_no_tree_is_kept_where_names_are_reached_without_being_written(project, monkeypatch):
    """The trees of a large library are larger than all else that a scan holds."""
    for number in range(5):
        project.write(f"part_{number}.py", f"import os\n\ndef get_{number}(x):\n    return getattr(os, x)\n")
    seen = []

    def count_trees(program):
        seen.append(sum(isinstance(each, ast.Module) for each in gc.get_objects()))
        return solve(program)

    before = sum(isinstance(each, ast.Module) for each in gc.get_objects())
    monkeypatch.setattr("hybridize.static.project.solve", count_trees)
    assert len(project.scan().functions) == 5
    assert seen[0] <= before + 1  # the last file's may still be at hand
