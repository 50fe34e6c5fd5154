"""Fingerprints: the same when lines move and comments change, another when what runs changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hybridize.fingerprints import fingerprints, fingerprints_of_lines, with_fingerprints, with_variant
from hybridize.records import Action, Function, FunctionKind, Scan, Variant
from hybridize.static import scan

PROGRAM = """\
import tensorflow as tf
import numpy as np

RATE = 0.1
OTHER = 1


def helper(x):
    return tf.square(x)


def inner(x):
    return helper(x) + 1.0


def apart(x):
    return x


@tf.autograph.experimental.do_not_convert
def step(x, scale=2.0):
    \"\"\"Say what it does.\"\"\"
    return inner(x) * scale * RATE


def main():
    data = tf.ones([2])
    for _ in range(3):
        step(data)
        apart(data)


main()
"""


def scanned(folder: Path, text: str) -> Scan:
    (folder / "train.py").write_text(text)
    return with_fingerprints(scan(folder, folder / "train.py"))


def of(folder: Path, text: str) -> dict[str, str | None]:
    return {function.qualname: function.fingerprint for function in scanned(folder, text).functions}


def test_every_function_of_a_scan_has_one_of_its_own(tmp_path):
    found = of(tmp_path, PROGRAM)
    assert set(found) >= {"helper", "inner", "apart", "step", "main"}
    assert None not in found.values() and len(set(found.values())) == len(found)


@pytest.mark.slow
@pytest.mark.parametrize(
    "before, after",
    [
        ("import numpy as np\n", "import numpy as np  # arrays\n\n\n# a comment\n"),
        ("    return inner(x) * scale", "    # why\n\n    return (inner(x)\n            * scale)"),
        ('"""Say what it does."""', '"""Say it in other words."""'),
        ('    """Say what it does."""\n', ""),
        ("    return tf.square(x)", "    \'a text that does nothing\'\n    return tf.square(x)"),
        ("OTHER = 1", "OTHER = 2"),
        ("import numpy as np", "import numpy as np, os"),
        ("def apart(x):\n    return x", "def apart(x):\n    return -x"),
    ],
    ids=["comment above", "layout", "docstring", "no docstring", "text", "unread constant", "import", "not called"],
)
def test_it_stays_when_lines_move_or_what_changes_is_not_run(tmp_path, before, after):
    assert before in PROGRAM
    assert of(tmp_path, PROGRAM.replace(before, after))["step"] == of(tmp_path, PROGRAM)["step"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "before, after",
    [
        ("* scale * RATE", "* scale + RATE"),
        ("scale=2.0", "scale=3.0"),
        ("scale=2.0", "scale: float = 2.0"),
        ("@tf.autograph.experimental.do_not_convert\n", ""),
        ("helper(x) + 1.0", "helper(x) + 1"),
        ("tf.square(x)", "tf.sqrt(x)"),
        ("RATE = 0.1", "RATE = 0.2"),
        ("import tensorflow as tf", "import tensorflow.compat.v2 as tf"),
    ],
    ids=["body", "default", "hint", "decorator", "callee", "callee of callee", "constant", "import"],
)
def test_it_changes_with_what_runs(tmp_path, before, after):
    changed, known = of(tmp_path, PROGRAM.replace(before, after)), of(tmp_path, PROGRAM)
    assert changed["step"] != known["step"] and changed["apart"] == known["apart"]


def test_a_function_in_another_file_counts_as_well(tmp_path):
    (tmp_path / "lib.py").write_text("def helper(x):\n    return x + 1\n")
    program = "import tensorflow as tf\nfrom lib import helper\ndef step(x): return helper(x)\nstep(tf.ones([2]))\n"
    known = of(tmp_path, program)
    (tmp_path / "lib.py").write_text("# moved\n\ndef helper(x):\n    return x + 1\n")
    assert of(tmp_path, program) == known
    (tmp_path / "lib.py").write_text("def helper(x):\n    return x + 2\n")
    assert of(tmp_path, program)["step"] != known["step"]


LOOP = """\
import tensorflow as tf

model = tf.keras.layers.Dense(1)
optimizer = tf.keras.optimizers.SGD(0.1)


def loss_of(x):
    return tf.reduce_mean(model(x))


for _ in range(3):
    x = tf.ones([2, 2])
    with tf.GradientTape() as tape:
        loss = loss_of(x)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    print("done")
"""


@pytest.mark.slow
def test_a_step_that_stands_in_a_loop_has_one_of_its_lines_and_what_they_call(tmp_path):
    def found(text: str) -> str | None:
        (step,) = [f for f in scanned(tmp_path, text).functions if f.proposal is Action.EXTRACT]
        assert step.calls == ("train:loss_of",)
        return step.fingerprint

    known = found(LOOP)
    assert known is not None
    assert found("# above\n" + LOOP) == found(LOOP.replace('print("done")', 'print("over")')) == known
    assert found(LOOP.replace("reduce_mean", "reduce_sum")) != known
    assert found(LOOP.replace("tape.gradient(loss,", "tape.gradient(-loss,")) != known


def function(name: str, line: int, end_line: int, *calls: str) -> Function:
    return Function(
        name, "a.py", line, end_line, "a", name, FunctionKind.FUNCTION, None, (), (), (), Action.NONE, None, calls=calls
    )


@pytest.fixture
def made(tmp_path) -> Callable[..., dict[str, str]]:
    """The fingerprints of functions in a file of this text."""

    def make(text: str, *functions: Function) -> dict[str, str]:
        (tmp_path / "a.py").write_text(text)
        return fingerprints(tmp_path, functions)

    return make


def test_functions_that_call_each_other_change_together_and_are_told_apart(made):
    functions = (function("f", 1, 1, "g"), function("g", 2, 2, "f"), function("h", 3, 3, "g"), function("k", 4, 4))
    lines = ["def f(): g()", "def g(): f()", "def h(): g()", "def k(): 0"]
    known = made("\n".join(lines), *functions)
    assert len(set(known.values())) == 4
    for at, changed in ((0, {"f", "g", "h"}), (1, {"f", "g", "h"}), (2, {"h"}), (3, {"k"})):
        text = "\n".join(line + "; 1" if number == at else line for number, line in enumerate(lines))
        now = made(text, *functions)
        assert {name for name in known if now[name] != known[name]} == changed


def test_the_order_of_calls_and_functions_does_not_matter(made):
    functions = (function("f", 1, 1, "g", "h"), function("g", 2, 2), function("h", 3, 3))
    text = "def f(): g(); h()\ndef g(): 0\ndef h(): 1"
    turned = (functions[2], functions[1], function("f", 1, 1, "h", "g"))
    assert made(text, *functions) == made(text, *turned)


def test_constants_of_other_types_are_other_programs(made):
    texts = ["1", "1.0", "True", "\'1\'", "b\'1\'", "None", "...", "-1", "0.0", "-0.0"]
    found = {made(f"def f(): return {text}", function("f", 1, 1))["f"] for text in texts}
    assert len(found) == len(texts)


def test_lambdas_are_found_by_their_line(made):
    def found(text: str) -> str:
        return made(text, replace(function("l", 2, 2), kind=FunctionKind.LAMBDA))["l"]

    assert found("x = 1\nf = lambda x: x") == found("x = 2\nf = g(lambda x: x, 3)") != found("x = 1\nf = lambda x: -x")


def test_a_name_that_is_bound_inside_is_not_that_of_the_module(made):
    def found(value: str, head: str) -> str:
        return made(f"x = {value}\n{head}", function("f", 2, 2))["f"]

    assert found("1", "def f(x): return x") == found("2", "def f(x): return x")
    assert found("1", "def f(): x = 3; return x") == found("2", "def f(): x = 3; return x")
    assert found("1", "def f(): return x") != found("2", "def f(): return x")


def test_a_constant_below_an_if_or_a_try_counts(made):
    def found(value: str, head: str) -> str:
        return made(head.format(value) + "\ndef f(): return x", function("f", 5, 5))["f"]

    for head in ("if a:\n  x = {}\nelse:\n  x = 0", "try:\n  pass\nexcept OSError:\n  x = {}"):
        assert found("1", head) != found("2", head)


def test_what_is_not_found_has_none(made, tmp_path):
    assert set(made("def f(): 0", function("f", 7, 8), function("g", 1, 1))) == {"g"}
    assert made("def f(: 0", function("f", 1, 1)) == {}
    (tmp_path / "a.py").unlink()
    assert fingerprints(tmp_path, (function("f", 1, 1),)) == {}


@pytest.mark.slow
def test_a_long_expression_and_a_long_chain_of_calls_are_no_limit(made):
    count = 3000
    last = f"def f{count}(): return {'+'.join('1' * 900)}"
    text = "\n".join([*(f"def f{i}(): f{i + 1}()" for i in range(count)), last])
    functions = [function(f"f{i}", i + 1, i + 1, f"f{i + 1}") for i in range(count + 1)]
    assert len(set(made(text, *functions).values())) == count + 1


def test_a_line_has_one_for_a_change_that_is_made_to_it_alone(tmp_path):
    def found(text: str, line: int) -> str | None:
        path = tmp_path / "a.py"
        path.write_text(text)
        return fingerprints_of_lines(path, [line]).get(line)

    text = "import keras\nif True:\n    model.compile(\n        run_eagerly=True,\n    )\n"
    known = found(text, 4)
    assert known == found("# above\n" + text, 5) is not None
    assert known != found(text.replace("=True", "=1 > 0"), 4)
    assert found(text, 9) is None and found("if:", 1) is None
    assert fingerprints_of_lines(tmp_path / "absent.py", [1]) == {}


def test_each_line_has_that_of_the_innermost_statement_it_belongs_to(tmp_path):
    path = tmp_path / "a.py"
    path.write_text("def f(x):\n    for i in x:\n        print(i)\n\n    print(i)\n    return x\n")
    found = fingerprints_of_lines(path, [6, 3, 5, 2, 3])
    assert found.keys() == {2, 3, 5, 6} and found[3] == found[5]
    assert len({found[2], found[3], found[6]}) == 3


def test_what_the_script_does_not_reach_is_not_looked_at(tmp_path):
    (tmp_path / "other.py").write_text("def apart(x):\n    return x\n")
    found = {f.id: f.fingerprint for f in scanned(tmp_path, PROGRAM).functions}
    assert found["other:apart"] is None and found["train:apart"] is not None


def test_it_is_another_with_another_way_to_convert():
    graph, xla = Variant(), Variant("xla", (("jit_compile", "True"),))
    assert with_variant(None, graph) is None
    assert with_variant("a", graph) == with_variant("a", Variant("renamed")) != with_variant("a", xla)
    assert with_variant("a", graph) != with_variant("b", graph)
