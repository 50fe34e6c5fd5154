"""Whole loops around proved steps: found where a round is steps alone, and left where anything may change meanwhile."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Sequence

import pytest

from hybridize.records import Region
from hybridize.static.lifting.loops import Loop, Step, count_names, find_loops
from hybridize.static.lifting.reading import Unliftable

HEAD = """
import tensorflow as tf
import sys

data = load()
rate = 0.5

def step(x, rate=1.0):
    return x

"""
TRAIN = """
def train():
    for epoch in range(9):
        for x in data:
            step(x, rate)
"""
STEP = Step("train:step", "step")


def loops(text: str, *others: str, steps: Sequence[Step] = (STEP,)) -> list[Loop | Unliftable]:
    tree = ast.parse(text)
    names = count_names([tree, *(ast.parse(textwrap.dedent(other)) for other in others)])
    return find_loops(tree, "train.py", steps, *names)


def reason(text: str, *others: str, steps: Sequence[Step] = (STEP,)) -> str:
    """Why the one loop is left; empty where it is none."""
    (found,) = loops(text, *others, steps=steps)
    return found.reason if isinstance(found, Unliftable) else ""


def test_a_loop_is_told_with_its_steps_and_what_it_goes_over() -> None:
    (loop,) = loops(HEAD + TRAIN)
    assert isinstance(loop, Loop)
    first = (HEAD + TRAIN).splitlines().index("        for x in data:") + 1
    assert (loop.region.first, loop.region.last) == (first, first + 1)
    assert loop.region.whole_loop and loop.region.file == "train.py"
    assert (loop.qualname, loop.iterated) == ("train", ("data",))
    assert (loop.steps, loop.absorbed) == (("train:step",), ())
    assert loop.region.parameters == ("data",), "a graph that has it as a constant would keep it for good"


def test_a_step_that_is_no_function_is_absorbed() -> None:
    text = HEAD + "for epoch in range(9):\n    for x in data:\n        y = x * 2\n        z = y * 2\n        step(x)\n"
    line = text.splitlines().index("        y = x * 2") + 1
    region = Region("train.py", line, line + 1, "f", ("x",), (), (), 1)
    (loop,) = loops(text, steps=[Step("train:<module>@1", "<module>", region), STEP])
    assert isinstance(loop, Loop)
    assert loop.steps == ("train:<module>@1", "train:step") and loop.absorbed == ("train:<module>@1",)


def test_loops_without_a_step_are_not_spoken_of() -> None:
    assert loops(HEAD + "for x in data:\n    print(x)\n") == []
    assert loops(HEAD + TRAIN, steps=[]) == []


def test_each_loop_has_a_name_of_its_own() -> None:
    found = loops(HEAD + TRAIN + TRAIN.replace("train", "again"))
    names = [each.region.name for each in found if isinstance(each, Loop)]
    assert len(names) == len(set(names)) == 2


# What a loop reads and is not given

CHANGING = {
    "it is bound again": "rate = 0.1",
    "it is bound in a loop": "for n in range(3):\n    rate = n",
    "it is what a loop goes through": "for rate in range(3): pass",
    "it is added to": "rate *= 0.5",
    "in an expression": "print(rate := 2)",
    "with": "with open('a') as rate: pass",
    "an error": "try: pass\nexcept ValueError as rate: pass",
    "an import": "import rate",
    "an import of another name": "from a import b as rate",
    "a function": "def rate(): pass",
    "a class": "class rate: pass",
    "it is deleted": "del rate",
    "a pattern": "match data:\n    case [rate]: pass",
    "a pattern of the rest": "match data:\n    case [1, *rate]: pass",
    "a pattern of a dictionary": "match data:\n    case {'a': 1, **rate}: pass",
    "a function rebinds it": "def f():\n    global rate\n    rate = 2",
    "a function may rebind it": "def f():\n    global rate",
    "from outside, here": "import train\ntrain.rate = 2",
    "by its name": "setattr(sys.modules[__name__], 'rate', 2)",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CHANGING)
def test_a_name_of_the_module_that_may_change_is_no_constant_of_the_loop(name: str) -> None:
    assert "rate may change" in reason(f"{HEAD}{CHANGING[name]}\n{TRAIN}")
    assert "rate may change" in reason(f"{HEAD}{TRAIN}\n{CHANGING[name]}\n")


@pytest.mark.parametrize(
    "line", ["globals()['rate'] = 2", "globals().update(rate=2)", "exec('rate = 2')", "vars()['rate'] = 2"]
)
def test_where_any_name_may_be_bound_no_loop_is_lifted(line: str) -> None:
    assert "may change" in reason(f"{HEAD}{line}\n{TRAIN}")
    assert "may change" in reason(f"{HEAD}def f():\n    {line}\n{TRAIN}")
    assert not reason(f"{HEAD}print(vars(data))\n{TRAIN}")


@pytest.mark.parametrize("other", ["import train\ntrain.rate = 2", "import train\nsetattr(train, 'rate', 2)"])
def test_nor_one_that_another_file_assigns(other: str) -> None:
    assert "rate may change" in reason(HEAD + TRAIN, other)
    assert not reason(HEAD + TRAIN, other.replace("rate", "pace"))


def test_a_name_that_is_bound_once_is_one() -> None:
    assert not reason(HEAD + TRAIN)
    assert not reason(HEAD + "def other(rate):\n    pace = rate\n" + TRAIN)
    # A variable of another function is another name.
    assert not reason(HEAD + "def other():\n    rate = 2\n    return rate\n" + TRAIN)


def test_a_name_that_a_loop_of_the_module_binds_is_none() -> None:
    text = TRAIN.replace("rate", "pace")
    assert "pace may change" in reason(f"{HEAD}for n in range(3):\n    pace = n\n{text}")
    assert not reason(f"{HEAD}if data:\n    pace = 3\n{text}")


def test_a_name_that_nobody_binds_is_none() -> None:
    assert "pace may change" in reason(HEAD + TRAIN.replace("rate", "pace"))


def test_what_a_function_has_of_its_own_is_given() -> None:
    own = TRAIN.replace("def train():", "def train(rate):")
    (loop,) = loops(HEAD + own)
    assert isinstance(loop, Loop) and set(loop.region.parameters) == {"data", "rate"}


# What a round does

NO_STEP = {
    "something else": ("step(x, rate)", "step(x, rate)\n            print(x)", "`print(x)` is not part"),
    "an expression": ("step(x, rate)", "step(x, rate + 1)", "may change later"),
    "an attribute": ("step(x, rate)", "step(x, data.rate)", "may change later"),
    "a keyword": ("step(x, rate)", "step(x, rate=data.rate)", "may change later"),
    "spread": ("step(x, rate)", "step(x, *rate)", "may change later"),
    "spread keywords": ("step(x, rate)", "step(x, **rate)", "may change later"),
    "of an object": ("step(x, rate)", "data.step(x, rate)", "may change later"),
    "of an item": ("step(x, rate)", "data[0](x, rate)\n            step(x, rate)", "is not part"),
    "into an item": ("step(x, rate)", "data[0] = step(x, rate)\n            step(x)", "is not part"),
    "into an attribute": ("step(x, rate)", "data.x = step(x, rate)\n            step(x)", "is not part"),
    "into two": ("step(x, rate)", "a = b = step(x, rate)\n            step(x)", "is not part"),
    "divided": ("step(x, rate)", "rate /= step(x)\n            step(x)", "is not part"),
    "else": ("step(x, rate)", "step(x, rate)\n        else:\n            pass", "`else` branch"),
    "an item as a variable": ("x in data", "data[0] in data", "not a plain name"),
    "a fresh data set": ("x in data", "x in data.batch(2)", "not a fixed data set"),
    "numbers": ("x in data", "x in range(3)", "not a fixed data set"),
    "computed tensors": ("x in data", "x in tf.range(len(data))", "not a fixed data set"),
    "tensors by a keyword": ("x in data", "x in tf.range(limit=3)", "not a fixed data set"),
    "an attribute of anything": ("x in data", "x in tf.data", "not a fixed data set"),
}


@pytest.mark.parametrize("name", NO_STEP)
def test_a_round_is_calls_of_proved_steps_with_names_and_constants(name: str) -> None:
    old, new, words = NO_STEP[name]
    assert words in reason(HEAD + TRAIN.replace(old, new))


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        TRAIN.replace("data:", "tf.range(3):"),
        TRAIN.replace("rate)", "0.5)"),
        TRAIN.replace("rate)", "rate=rate)"),
        TRAIN.replace("for x in", "for x, (y, z) in"),
        TRAIN.replace("step(x", "x = step(x"),
        TRAIN.replace("    for epoch", "    total = 0.0\n    for epoch").replace("step(x", "total += step(x"),
    ],
)
def test_what_a_loop_of_steps_may_look_like(text: str) -> None:
    assert not reason(HEAD + text)


@pytest.mark.parametrize(
    ("first", "number"),
    [("0", True), ("0.0", True), ("tf.constant(0.0)", True), ("tf.zeros([])", True), ("[]", False), ("data", False),
     ("load()", False), ("tf.constant(data)", False), ("''", False), ("tf.Variable(0.0)", False)],
)  # fmt: skip
def test_what_is_added_to_must_be_a_number(first: str, number: bool) -> None:
    """A list, an array or a variable would be changed in place, and not bound anew."""
    text = TRAIN.replace("    for epoch", f"    total = {first}\n    for epoch").replace("step(x", "total += step(x")
    assert ("may not be a number" in reason(HEAD + text)) != number


CALLED = {
    "it is bound again": "step = load()",
    "another function has the name": "class A:\n    def step(self): pass",
    "a parameter has the name": "def other(step): return step",
    "it is assigned from outside": "import train\ntrain.step = load()",
    "by its name": "setattr(sys.modules[__name__], 'step', load())",
    "among the globals": "globals()['step'] = load()",
}


@pytest.mark.parametrize("name", CALLED)
def test_a_step_that_may_be_another_function_is_none(name: str) -> None:
    assert "may change later" in reason(f"{HEAD}{CALLED[name]}\n{TRAIN}")


def test_a_step_that_is_decorated_is_another_function() -> None:
    assert "may change later" in reason(HEAD.replace("def step", "@load\ndef step") + TRAIN)


# What an object has

TRAINER = """
class Trainer:
    def __init__(self, data):
        self.data = data

    def step(self, x): return x

    def fit(self):
        for epoch in range(9):
            for x in self.data:
                self.step(x)
"""
METHOD = Step("train:Trainer.step", "Trainer.step")


def test_what_an_object_keeps_for_good_may_be_gone_over() -> None:
    (loop,) = loops(TRAINER, steps=[METHOD])
    assert isinstance(loop, Loop)
    assert (loop.iterated, loop.qualname, loop.region.receiver) == (("self", "data"), "Trainer.fit", "self")


@pytest.mark.parametrize(
    ("own", "other", "words"),
    [
        ("", "def f(trainer):\n    trainer.data = 2", "not a fixed data set"),
        ("", "def f(trainer):\n    setattr(trainer, 'data', 2)", "not a fixed data set"),
        ("    def turn(self): self.data = 2\n", "", "not a fixed data set"),
        ("    def turn(self): del self.data\n", "", "not a fixed data set"),
        ("", "class Other:\n    def data(self): pass", "not a fixed data set"),
        ("", "def f(trainer):\n    trainer.step = 2", "may change later"),
        ("", "def f(trainer):\n    setattr(trainer, 'step', 2)", "may change later"),
        ("", "class Other:\n    def step(self, x): pass", "may change later"),
    ],
)
def test_what_another_part_of_the_project_may_change_may_not(own: str, other: str, words: str) -> None:
    assert words in reason(TRAINER + own, other, steps=[METHOD])


@pytest.mark.parametrize("decorator", ["@staticmethod", "@classmethod", "@load"])
def test_a_method_that_is_not_given_its_object_has_none(decorator: str) -> None:
    text = TRAINER.replace("    def fit", f"    {decorator}\n    def fit")
    assert "not a fixed data set" in reason(text, steps=[METHOD])


def test_names_are_counted_over_all_files() -> None:
    trees = [ast.parse("a.x = 1\na.x += 1\ndel b.y\nfor c.x in d: pass\nprint(a.z)"), ast.parse("def f(): pass")]
    assigned, defined = count_names([*trees, ast.parse("class A:\n    async def f(self): pass")])
    assert dict(assigned) == {"x": 3, "y": 1} and dict(defined) == {"f": 2}
