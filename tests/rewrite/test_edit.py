"""Edits of a file and of a project, in memory."""

from __future__ import annotations

import ast
import hashlib
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from hybridize import static
from hybridize.records import Action, Edit, EditedFile
from hybridize.rewrite import edit as editing
from hybridize.rewrite import edit_file, edit_project
from hybridize.rewrite.source import Splice

HEAD = "import tensorflow as tf\n"


def test_the_record_says_what_was_read_and_where_everything_went(rewrite):
    source = HEAD + "class A:\n    def f(self): pass\n\n    @property\n    def g(self): pass\n"
    edited = rewrite(source, "A.f", "A.g")
    assert edited.before == source.encode()
    assert edited.sha256_before == hashlib.sha256(source.encode()).hexdigest()
    assert edited.def_lines == {"m:A.f": 4, "m:A.g": 8}
    assert edited.line_map == (1, 2, 4, 5, 6, 8)
    before, after = source.splitlines(), edited.after.decode().splitlines()
    assert [after[line - 1] for line in edited.line_map] == before


def test_edits_that_can_be_made_are_made_beside_those_that_can_not(tmp_path, edit_of):
    source = (HEAD + "async def g(x): pass\ndef f(x): pass\n").encode()
    (tmp_path / "m.py").write_bytes(source)
    edited, refused = edit_file(tmp_path, "m.py", [edit_of(source, "g"), edit_of(source, "f")])
    assert edited is not None and b"@tf.function\ndef f" in edited.after
    assert list(refused) == ["m:g"]


def test_a_function_is_edited_once(tmp_path, edit_of):
    source = (HEAD + "def f(x): pass\n").encode()
    (tmp_path / "m.py").write_bytes(source)
    edited, refused = edit_file(tmp_path, "m.py", [edit_of(source, "f"), edit_of(source, "f")])
    assert edited is not None and edited.after.count(b"@tf.function") == 1
    assert "already" in next(iter(refused.values())).message


def test_an_action_that_no_module_makes_is_refused_by_name(tmp_path):
    (tmp_path / "m.py").write_text(HEAD + "def f(x): pass\n")
    edited, refused = edit_file(tmp_path, "m.py", [Edit("m:f", "m.py", 2, "f", Action.NONE)])
    assert edited is None and "none" in next(iter(refused.values())).message


# Each of these is told by its reason and never an exception: one odd file must not stop a plan.
UNREADABLE = {
    "syntax error": b"def f(x:\n",
    "null byte": b"def f(x): pass\n\0",
    "unknown encoding": b"# coding: klingon\ndef f(x): pass\n",
    "not what it declares": b"# coding: ascii\nE = '\xe9'\ndef f(x): pass\n",
    "not UTF-8": b"E = '\xe9'\ndef f(x): pass\n",
    "empty": b"",
    "nested too deeply": b"x = " + b"(" * 5000 + b")" * 5000 + b"\ndef f(x): pass\n",
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_file_that_can_not_be_parsed_is_refused(tmp_path, case):
    (tmp_path / "m.py").write_bytes(UNREADABLE[case])
    edited, refused = edit_file(tmp_path, "m.py", [Edit("m:f", "m.py", 2, "f")])
    assert edited is None
    assert len(refused) == 1 and next(iter(refused.values())).message.endswith(".")


def test_a_missing_file_is_refused(tmp_path):
    edited, refused = edit_file(tmp_path, "gone.py", [Edit("gone:f", "gone.py", 2, "f")])
    assert edited is None and "gone.py can't be read" in next(iter(refused.values())).message


def test_each_edit_is_undone_by_its_own_transformation(tmp_path, monkeypatch):
    """What CONTRIBUTING.md says of a transformation: a module with ``transform`` and ``undo``, and no list to edit."""
    undone: list[list[int]] = []
    noted = SimpleNamespace(
        transform=lambda source, at, edit, alias: Splice(source.starts[at.line - 1], at.line, "# noted\n"),
        undo=lambda tree, changed: undone.append(sorted(changed)) or True,
    )
    known = {**editing._transformations(), Action.DEHYBRIDIZE: noted}
    monkeypatch.setattr(editing, "_transformations", lambda: known)
    (tmp_path / "m.py").write_text("import tensorflow as tf\ndef f(x):\n    return x\ndef g(x):\n    return x\n")
    edits = [Edit("m:f", "m.py", 2, "f", Action.DEHYBRIDIZE), Edit("m:g", "m.py", 4, "g")]
    edited, refused = edit_file(tmp_path, "m.py", edits)
    assert not refused and edited is not None
    assert edited.after == (
        b"import tensorflow as tf\n# noted\ndef f(x):\n    return x\n@tf.function\ndef g(x):\n    return x\n"
    )
    assert undone == [[3]]


def test_a_project_is_edited_file_by_file(tmp_path):
    (tmp_path / "pkg").mkdir()
    for name in ("b", "a"):
        (tmp_path / "pkg" / f"{name}.py").write_text(HEAD + "def f(x): pass\n")
    edits = [Edit(f"pkg.{name}:f", f"pkg/{name}.py", 2, "f") for name in ("b", "a", "gone")]
    files, refused = edit_project(tmp_path, edits)
    assert [file.file for file in files] == ["pkg/a.py", "pkg/b.py"]
    assert list(refused) == ["pkg.gone:f"]


def test_nothing_is_written(rewrite, tmp_path):
    edited = rewrite(HEAD + "def f(x): pass\n")
    assert (tmp_path / "m.py").read_bytes() == edited.before


# Files of odd layouts: heads (with and without TensorFlow), then blocks that hold a target `f`.
_heads = st.sampled_from(
    [
        "",
        "import tensorflow as tf\n",
        "import tensorflow\n",
        "from tensorflow import function as graph\n",
        '"""Doc\nstring."""\n',
        '"""Doc."""; import os\n',
        "#!/usr/bin/env python\n# coding: utf-8\n",
        "from __future__ import annotations\nimport os; import sys  # both\n",
        "import os, \\\n    sys\n",
        "if True:\n    import tensorflow as tf\n",
        "tf = 1\n",
        "import a.b as tf\n\n\n",
        "x = '''\nimport tensorflow as tf\n'''\n",
        "# only a comment\n\n",
    ]
)
_decorators = st.lists(
    st.sampled_from(["@d\n", "@d(1,\n   2)\n", "# c\n", "\n", "@d # e\n", "   # odd\n", "\t\n"]), max_size=4
)
_bodies = st.sampled_from(
    [
        "(x): return x\n",
        "(x):\n    return '''\n  @tf.function\n'''\n",
        "(\n  x, *, y=lambda: 1\n):\n    pass\n",
        "(x) -> 'é':\n    # c\n\n    def g(): pass\n    return g\n",
        "(x): pass; pass\n",
    ]
)
_ends = st.sampled_from(["", "\n\n", "# end", "   ", "class B:\n    tf = f = 1\n", "def h(): pass\n"])


@given(
    head=_heads,
    decorators=_decorators,
    body=_bodies,
    end=_ends,
    depth=st.sampled_from(["", "class A:\n", "if 1:\n", "def g():\n", "class A:\n\tif 1:\n"]),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    mark=st.sampled_from([b"", b"\xef\xbb\xbf"]),
    cut=st.booleans(),
)
@settings(
    max_examples=300,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@pytest.mark.slow
def test_an_edit_adds_whole_lines_and_changes_no_other_byte(
    tmp_path: Path, head, decorators, body, end, depth, newline, mark, cut
):
    indent = "\t" * depth.count("\n")
    block = "".join(decorators) + "def f" + body
    lines = [indent + line if line.strip() else line for line in block.splitlines(keepends=True)]
    text = (head + depth + "".join(lines) + end).replace("\n", newline)
    source = mark + (text.rstrip() if cut else text).encode()
    try:
        tree = ast.parse(source)
    except SyntaxError:
        assume(False)
    target = next(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "f")
    qualname = {"class": "A.f", "def": "g.f"}.get(depth.partition(" ")[0], "f")
    (tmp_path / "m.py").write_bytes(source)

    edited, refused = edit_file(tmp_path, "m.py", [Edit("m:f", "m.py", target.lineno, qualname)])

    assert refused == {}
    assert edited is not None
    _assert_only_lines_added(edited, newline.encode())
    # Python sees the same program, with one decorator more and at most one import.
    after = ast.parse(edited.after)
    (decorated,) = (
        node
        for node in ast.walk(after)
        if isinstance(node, ast.FunctionDef) and node.lineno == edited.def_lines["m:f"]
    )
    assert decorated.name == "f"
    assert ast.unparse(decorated.decorator_list.pop()).rpartition(".")[2] in ("function", "graph")
    added = len(after.body) - len(tree.body)
    assert added in (0, 1)
    if added:
        statements = {ast.unparse(node) for node in after.body} - {ast.unparse(node) for node in tree.body}
        assert all(statement.startswith("import tensorflow") for statement in statements)
    else:
        assert ast.dump(after) == ast.dump(tree)


def _assert_only_lines_added(edited: EditedFile, newline: bytes) -> None:
    before, after = edited.before.split(newline), edited.after.split(newline)
    kept = [after[line - 1] for line in edited.line_map]
    assert kept == before[: len(kept)] or edited.before.startswith(b"\xef\xbb\xbf")
    added = [line.strip() for number, line in enumerate(after, 1) if number not in edited.line_map]
    allowed = (b"", b"@", b"import tensorflow")
    assert all(line.removeprefix(b"\xef\xbb\xbf").startswith(allowed) for line in added)
    position = 0
    for byte in edited.before:
        position = edited.after.index(byte, position) + 1


# A name that is defined twice

TWICE = """\
import tensorflow as tf

if tf.config.list_physical_devices("GPU"):
    def step(x):
        return x + 1.0
else:
    def step(x):
        return x + 2.0

class Model:
    def call(self, x):
        return x

    def call(self, x):
        def inner(y):
            return y * 2.0

        def inner(y):
            return y * 3.0

        return inner(x)

class Model:
    def call(self, x):
        return x * x
"""


@pytest.mark.slow
def test_every_function_that_the_scan_names_is_found_by_the_rewrite(tmp_path):
    (tmp_path / "m.py").write_text(TWICE)
    found = static.scan(tmp_path).functions
    assert {"m:step#2", "m:Model.call#2", "m:Model.call#2.<locals>.inner#2", "m:Model#2.call"} <= {f.id for f in found}
    for function in found:
        edit = Edit(function.id, function.file, function.line, function.qualname)
        edited, refused = edit_file(tmp_path, "m.py", [edit])
        assert not refused and edited is not None, (function.id, refused)
        line = edited.after.decode().splitlines()[edited.def_lines[function.id] - 2]
        assert line.strip() == "@tf.function", function.id


def test_both_definitions_of_a_name_can_be_edited_at_once(tmp_path):
    (tmp_path / "m.py").write_text(TWICE)
    edits = [Edit("m:step", "m.py", 4, "step"), Edit("m:step#2", "m.py", 7, "step#2")]
    edited, refused = edit_file(tmp_path, "m.py", edits)
    assert not refused and edited is not None and edited.after.count(b"    @tf.function\n    def step") == 2


@pytest.mark.parametrize(("line", "name"), [(7, "other#2"), (8, "step#2"), (99, "step#2")])
def test_a_line_that_holds_another_function_has_changed(tmp_path, line, name):
    (tmp_path / "m.py").write_text(TWICE)
    edited, refused = edit_file(tmp_path, "m.py", [Edit(f"m:{name}", "m.py", line, name)])
    assert edited is None and "has changed since it was read. Run optimize again." in refused[f"m:{name}"].message
