"""How a switch that was left on is taken away, and where that is left to the user."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from hybridize.dynamic.parent.runs import before_edits
from hybridize.records import Action, Edit, EditedFile, Reason
from hybridize.rewrite import edit_file


def reconfigured(folder: Path, text: str, line: int, name: str) -> tuple[EditedFile | None, Mapping[str, Reason]]:
    (folder / "train.py").write_bytes(text.encode())
    edit = Edit(f"train:{name}@{line}", "train.py", line, name, Action.RECONFIGURE)
    return edit_file(folder, "train.py", [edit])


COMPILE = {
    "the last of a line": ("m.compile('adam', run_eagerly=True)\n", "m.compile('adam')\n"),
    "the first": ("m.compile(run_eagerly=True, loss='mse')\n", "m.compile(loss='mse')\n"),
    "the only one": ("m.compile(run_eagerly=True)\n", "m.compile()\n"),
    "in the middle": ("m.compile('adam', run_eagerly=True, loss='mse')\n", "m.compile('adam', loss='mse')\n"),
    "before a trailing comma": ("m.compile('adam', run_eagerly=True,)\n", "m.compile('adam',)\n"),
    "on a line of its own": (
        "m.compile(\n    'adam',\n    run_eagerly=True,\n    loss='mse',\n)\n",
        "m.compile(\n    'adam',\n    loss='mse',\n)\n",
    ),
    "with a comment of its own": (
        "m.compile(\n    'adam',  # fast\n    run_eagerly=True,  # to debug\n)\n",
        "m.compile(\n    'adam',  # fast\n)\n",
    ),
    "last, without a comma": (
        "m.compile(\n    'adam',\n    run_eagerly=True\n)\n",
        "m.compile(\n    'adam',\n)\n",
    ),
    "last, before the bracket": (
        "m.compile('adam',\n          run_eagerly=True)\n",
        "m.compile('adam')\n",
    ),
    "after a comment, before the bracket": (
        "m.compile('adam',  # fast\n          run_eagerly=True)\n",
        "m.compile('adam',  # fast\n          )\n",
    ),
    "sharing a line": (
        "m.compile('adam',\n          run_eagerly=True, loss='mse')\n",
        "m.compile('adam', loss='mse')\n",
    ),
    "in other line ends": (
        "m.compile(\r\n    'adam',\r\n    run_eagerly=True,\r\n)\r\n",
        "m.compile(\r\n    'adam',\r\n)\r\n",
    ),
    "after other letters": ("m.compile('Größe', run_eagerly = True)\n", "m.compile('Größe')\n"),
    "in parentheses": ("m.compile(('adam'), run_eagerly=(True), loss='mse')\n", "m.compile(('adam'), loss='mse')\n"),
}


@pytest.mark.parametrize("case", COMPILE)
def test_run_eagerly_leaves_the_call_of_compile_and_nothing_else_changes(case, tmp_path):
    before, after = COMPILE[case]
    edited, refused = reconfigured(tmp_path, before, 1, "run_eagerly")
    assert not refused
    assert edited is not None
    assert edited.before == before.encode()
    assert edited.after == after.encode()


STATEMENTS = {
    "a statement": (
        "import tensorflow as tf\n# debug\ntf.config.run_functions_eagerly(True)\nx = 1\n",
        "import tensorflow as tf\n# debug\nx = 1\n",
        3,
    ),
    "with a comment of its own": (
        "x = 1\ntf.config.experimental_run_functions_eagerly(True)  # debug\nx = 2\n",
        "x = 1\nx = 2\n",
        2,
    ),
    "by its imported name": ("x = 1\nrun_functions_eagerly(True)\nx = 2\n", "x = 1\nx = 2\n", 2),
    "by keyword": ("x = 1\ntf.config.run_functions_eagerly(run_eagerly=True)\n", "x = 1\n", 2),
    "as an attribute": ("m.compile('adam')\nm.run_eagerly = True\nm.fit(x)\n", "m.compile('adam')\nm.fit(x)\n", 2),
    "over several lines": ("x = 1\nrun_functions_eagerly(\n    True\n)\nx = 2\n", "x = 1\nx = 2\n", 2),
    "in a function": ("def f():\n    run_functions_eagerly(True)\n    g()\n", "def f():\n    g()\n", 2),
    "under the guard of the script": (
        "if __name__ == '__main__':\n    run_functions_eagerly(True)\n    main()\n",
        "if __name__ == '__main__':\n    main()\n",
        2,
    ),
    "without a line end": ("x = 1\nrun_functions_eagerly(True)", "x = 1\n", 2),
    "alone in its block": (
        "def f():\n    run_functions_eagerly(True)\n",
        "def f():\n    run_functions_eagerly(False)\n",
        2,
    ),
    "sharing its line": ("x = 1; m.run_eagerly = True\n", "x = 1; m.run_eagerly = False\n", 1),
}


@pytest.mark.parametrize("case", STATEMENTS)
def test_a_statement_leaves_or_says_false_where_its_block_needs_it(case, tmp_path):
    before, after, line = STATEMENTS[case]
    edited, refused = reconfigured(tmp_path, before, line, "run_functions_eagerly")
    assert not refused
    assert edited is not None
    assert edited.after == after.encode()
    ast.parse(edited.after)


LEFT = {
    "what a flag decides": ("m.compile('adam', run_eagerly=args.debug)\n", 1, "`args.debug`"),
    "what a name decides": ("DEBUG = True\nrun_functions_eagerly(DEBUG)\n", 2, "`DEBUG`"),
    "what a condition decides": (
        "x = 1\nif args.debug:\n    run_functions_eagerly(True)\n    x = 2\n",
        3,
        r"`args.debug` \(line 2\)",
    ),
    "a branch for debugging": (
        "if FLAGS.debug:\n    m.compile('adam', run_eagerly=True)\nelse:\n    m.compile('adam')\n",
        2,
        "`FLAGS.debug`",
    ),
    "what a dictionary holds": ("m.compile('adam', **options)\n", 1, r"as part of \*\*keywords"),
    "what stands elsewhere": ("m.fit(x)\n", 1, "indirectly"),
}


@pytest.mark.parametrize("case", LEFT)
def test_what_the_user_decides_elsewhere_is_not_edited(case, tmp_path):
    text, line, reason = LEFT[case]
    edited, refused = reconfigured(tmp_path, text, line, "run_eagerly")
    (found,) = refused.values()
    assert edited is None
    assert re.search(reason, found.message), found.message


def test_a_condition_that_is_not_about_debugging_does_not_keep_compile_from_being_edited(tmp_path):
    text = "if not resumed:\n    m.compile('adam', run_eagerly=True)\n"
    edited, refused = reconfigured(tmp_path, text, 2, "run_eagerly")
    assert not refused
    assert edited is not None
    assert edited.after == b"if not resumed:\n    m.compile('adam')\n"


def test_lines_are_known_both_ways_around_what_went(tmp_path):
    text = "a = 1\nm.compile(\n    'adam',\n    run_eagerly=True,\n)\nb = 2\n"
    edited, _ = reconfigured(tmp_path, text, 2, "run_eagerly")
    assert edited is not None
    assert edited.line_map == (1, 2, 3, 4, 4, 5)
    places = [f"train.py:{line}" for line in (1, 2, 3, 4, 5)]
    assert before_edits(places, [edited], [""]) == [f"train.py:{line}" for line in (1, 2, 3, 5, 6)]


def test_a_switch_and_a_decorator_are_edited_together(tmp_path):
    text = "import tensorflow as tf\ntf.config.run_functions_eagerly(True)\n\n\ndef f(x):\n    return x\n"
    (tmp_path / "train.py").write_text(text)
    switch = Edit("train:run_functions_eagerly@2", "train.py", 2, "run_functions_eagerly", Action.RECONFIGURE)
    edited, refused = edit_file(tmp_path, "train.py", [switch, Edit("train:f", "train.py", 5, "f")])
    assert not refused
    assert edited is not None
    assert edited.after == b"import tensorflow as tf\n\n\n@tf.function\ndef f(x):\n    return x\n"
    assert edited.def_lines == {"train:f": 5}
    assert edited.line_map == (1, 2, 2, 3, 5, 6)
