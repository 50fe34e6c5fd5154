"""Which statements become a function: nothing that leaves them goes along, wherever it stands in them."""

from __future__ import annotations

import ast
import textwrap

import pytest

from hybridize.records import Region
from hybridize.static.lifting.choosing import choose, feeds, is_arithmetic, scope_at
from hybridize.static.lifting.reading import Unliftable

NESTS = {
    "plain": "{}",
    "if": "if tf.abs(x) > 0:\n    {}",
    "else": "if x is None:\n    y = 1\nelse:\n    {}",
    "with": "with tf.name_scope('a'):\n    {}",
    "try": "try:\n    {}\nexcept ValueError:\n    raise",
    "except": "try:\n    y = 1\nexcept ValueError:\n    {}",
    "finally": "try:\n    y = 1\nfinally:\n    {}",
    "match": "match x.shape[0]:\n    case 1:\n        {}\n    case _:\n        y = 2",
    "loop's else": "for i in range(2):\n    y = i\nelse:\n    {}",
}
INSIDE_A_LOOP = {
    "for": "for i in range(2):\n    {}",
    "while": "while y:\n    {}",
    "case in a loop": "for i in range(2):\n    match i:\n        case 1:\n            {}",
}
LEAVING = ("return", "break", "continue", "yield x", "global z", "nonlocal z", "from os import *", "print(locals())")


def chosen(inner: str, nest: str) -> Region | Unliftable:
    """What is chosen of a step in a round of a loop: the lines from its tape to its update, ``inner`` between them."""
    tape = "with tf.GradientTape() as tape:\n    loss = model(x)\n"
    step = f"{tape}{nest.format(inner)}\noptimizer.apply_gradients(loss)"
    head = "import tensorflow as tf\ndef outer(z):\n    def f(data, model, optimizer, y):\n        for x in data:\n"
    text = head + textwrap.indent(step, " " * 12) + "\n"
    tree = ast.parse(text)
    return choose(tree, "a.py", 3, 5, len(text.splitlines()), None)


@pytest.mark.parametrize("nest", NESTS.values(), ids=NESTS)
@pytest.mark.parametrize("leaving", LEAVING)
def test_what_leaves_a_region_refuses_it_wherever_it_stands(leaving: str, nest: str) -> None:
    found = chosen(leaving, nest)
    assert isinstance(found, Unliftable), found
    assert found.first == 5 and found.line > 5


@pytest.mark.slow
@pytest.mark.parametrize("nest", INSIDE_A_LOOP.values(), ids=INSIDE_A_LOOP)
@pytest.mark.parametrize("leaving", ["break", "continue"])
def test_what_leaves_a_loop_of_the_region_itself_is_no_hindrance(leaving: str, nest: str) -> None:
    assert isinstance(chosen(leaving, nest), Region)


@pytest.mark.slow
@pytest.mark.parametrize("nest", (NESTS | INSIDE_A_LOOP).values(), ids=NESTS | INSIDE_A_LOOP)
def test_what_stays_in_a_region_is_no_hindrance(nest: str) -> None:
    found = chosen("y = tf.abs(x)", nest)
    assert isinstance(found, Region) or "except" in found.reason or "bound" in found.reason, found


@pytest.mark.parametrize(
    ("statement", "is_one"),
    [("a = b * 2 + c", True), ("a += -b", True), ("a = f(b)", False), ("a = b.c", False), ("f", False)],
)
def test_arithmetic_is_of_names_and_numbers(statement: str, is_one: bool) -> None:
    assert is_arithmetic(ast.parse(statement).body[0]) == is_one


@pytest.mark.parametrize(
    ("statement", "is_one"),
    [
        ("a = tf.constant(x)", True),
        ("a, b = tf.constant(x), tf.convert_to_tensor(y)", True),
        ("a = tf.constant(1)", False),
        ("a = tf.abs(tf.constant(x))", False),
        ("a = images[i]", True),
        ("a = images[0]", False),
        ("a = tf.abs(x)", False),
    ],
)
def test_what_only_hands_data_to_the_tensors(statement: str, is_one: bool) -> None:
    loop = ast.parse("for i in picks: pass").body[0]
    assert feeds(ast.parse(statement).body[0], loop) == is_one


def test_a_scope_is_found_by_the_line_of_its_def():
    tree = ast.parse("class A:\n    def f(self):\n        def g(): pass\nasync def h(): pass\n")
    assert scope_at(tree, 0) is tree
    assert [getattr(scope_at(tree, line), "name", None) for line in (1, 2, 3, 4)] == [None, "f", "g", None]


@pytest.mark.parametrize("line", [0, 2, 9])
def test_the_tree_that_it_is_given_stays_as_it_is(line):
    """It is changed in a copy, of which a large module's other functions are no part."""
    tape = "    with tf.GradientTape() as tape:\n        loss = model(x)\n"
    step = f"for x in data:\n{tape}    print(x)\n    n = o.apply(loss)\n"
    functions = "".join(f"def {name}(data, model, o):\n{textwrap.indent(step, '    ')}\n" for name in "fg")
    text = f"import tensorflow as tf; model = o = data = load()\n{functions}{step}"
    tree = ast.parse(text)
    before = ast.dump(tree, include_attributes=True)
    first = line + 2 if line else text.count("\n") - 3
    region = choose(tree, "a.py", line, first, first + 3, None)
    assert isinstance(region, Region) and region.moved
    assert ast.dump(tree, include_attributes=True) == before
