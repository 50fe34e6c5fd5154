"""The analysis of a program: what can't be followed is left out and said, and the rest is analysed all the same."""

from __future__ import annotations

import pytest
from laying import calls_of, class_in, function_in, lowered, read

from hybridize.static import analysis
from hybridize.static.analysis import build_program, solve
from hybridize.static.dataflow.calls import Calls
from hybridize.static.ir.code import Call
from hybridize.static.ir.values import INTEGER, STRING, SYMBOLIC, TENSOR
from hybridize.static.reading.imports import Resolver

GOOD = "def f(x):\n    return x\ny = f(1)\n"


# Files


def test_a_file_that_can_not_be_lowered_is_named_and_the_others_are_analysed(monkeypatch: pytest.MonkeyPatch) -> None:
    lower = analysis.lower_module

    def fail(program: object, source: object, index: int) -> None:
        if index == 0:
            raise RecursionError if kind == "deep" else ValueError("inner words")
        lower(program, source, index)  # type: ignore[arg-type]

    monkeypatch.setattr(analysis, "lower_module", fail)
    for kind in ("deep", "ours"):
        skipped: list[object] = []
        sources = read({"bad.py": "x = 1\n", "train.py": GOOD})
        program = build_program(Resolver(["bad", "train"], []), sources, skipped)  # type: ignore[arg-type]
        solve(program)
        (left,) = skipped
        assert left.file == "bad.py" and "inner words" not in left.reason  # type: ignore[attr-defined]
        assert ("nested" in left.reason) == (kind == "deep")  # type: ignore[attr-defined]
        assert function_in(program, "f").parameters[0].node.values == (INTEGER,)


# Functions


def failing_at(line: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has following a value fail in the calls on a line."""
    handle = Calls.__init__

    def init(calls: Calls, program: object) -> None:
        handle(calls, program)  # type: ignore[arg-type]
        tell = calls.program.graph.handlers[Call]

        def fail(call: Call, *rest: object) -> None:
            if call.place % (1 << 24) == line:
                raise ValueError("inner words")
            tell(call, *rest)

        calls.program.graph.handlers[Call] = fail

    monkeypatch.setattr(Calls, "__init__", init)


NESTED = """\
def f(x):
    return x

def outer(x):
    def inner(y):
        return f(y)
    return inner(x)

z = outer(1)
f(2)
w = f("s")
"""


@pytest.mark.parametrize(("line", "name"), [(6, "outer.<locals>.inner"), (7, "outer")])
def test_the_function_in_which_a_value_can_not_be_followed_is_left_out(
    line: int, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing_at(line, monkeypatch)
    program = lowered({"train.py": NESTED})
    solve(program)
    left = {code.qualname: code.left_out for code in program.functions if code.left_out}
    assert [*left] == [name] and "inner words" not in str(left)
    assert program.left_out == []
    assert STRING in function_in(program, "f").parameters[0].node.values


def test_a_line_of_a_module_is_told_with_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    failing_at(10, monkeypatch)
    program = lowered({"train.py": NESTED})
    solve(program)
    ((file, which),) = program.left_out
    assert file == "train.py" and which.startswith("line 10 ")
    assert not any(code.left_out for code in program.functions)


# Classes


@pytest.mark.parametrize(
    "text",
    [
        "import tensorflow as tf\nclass Net(tf.keras.Model): pass",
        "from tensorflow import keras\nclass Net(keras.Model): pass",
        "from tensorflow import *\nclass Net(keras.Model): pass",
        "from names import *\nclass Net(tf.keras.Model): pass",
        "from names import *\nclass Net(keras.models.Model): pass",
        "from names import Model\nclass Net(Model): pass",
        "import names\nclass Net(names.Model): pass",
        "import names\nclass Net(names.tf.keras.Model): pass",
        "import tensorflow as tf\nmodels = tf.keras\nclass Net(models.Model): pass",
        "import tensorflow as tf\nK = tf.keras\nM = K.models\nclass Net(M.Model): pass",
        "from names import *\nclass Base(keras.Model): pass\nclass Net(Base): pass",
    ],
)
def test_a_class_is_a_model_by_whatever_name_its_base_is_called(text: str) -> None:
    names = "import tensorflow as tf\nfrom tensorflow import keras\nfrom tensorflow.keras import Model\n"
    body = "\n    def call(self, x):\n        return x\n"
    program = calls_of({"train.py": text.removesuffix(" pass") + body, "names.py": names}).program
    assert class_in(program, "Net").kind == "model"
    assert TENSOR in function_in(program, "Net.call").parameters[1].node.values


def test_a_base_that_nobody_knows_makes_no_kind() -> None:
    text = "from somewhere import lib, make\nclass A(lib.a.b.Model): pass\nclass B(make()): pass\n"
    program = calls_of(text).program
    assert [each.kind for each in program.classes] == [None, None]


# Symbolic tensors


@pytest.mark.parametrize(
    ("make", "symbolic"),
    [
        ("tf.keras.Input((3,))", True),
        ("tf.keras.layers.Input((3,))", True),
        ("keras.Input((3,))", True),
        ("tf.ones([1, 3])", False),
    ],
)
def test_a_layer_gives_a_symbolic_tensor_for_one(make: str, symbolic: bool) -> None:
    text = f"import tensorflow as tf\nfrom tensorflow import keras\nx = tf.keras.layers.Dense(1)({make})\n"
    values = calls_of(text).program.cell("train", "x").values
    assert (SYMBOLIC in values) == symbolic and (TENSOR in values) != symbolic
