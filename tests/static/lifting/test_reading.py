"""What a region takes in and gives out: each name that it needs, none that it does not, or why it can't be a function.

The statements between ``# {`` and ``# }`` are the region.
"""

from __future__ import annotations

import ast
import textwrap

import pytest

from hybridize.records import Region
from hybridize.static.lifting.choosing import choose
from hybridize.static.lifting.reading import MOST_PARAMETERS, MOST_RESULTS, Unliftable


def read(text: str, methods: frozenset[str] = frozenset()) -> Region | Unliftable:
    """The marked statements, in the last plain function that begins above them and holds them, or the module."""
    text = textwrap.dedent(text).lstrip("\n")
    lines = text.splitlines()
    (first,) = [number for number, line in enumerate(lines, 1) if line.strip() == "# {"]
    (last,) = [number for number, line in enumerate(lines, 1) if line.strip() == "# }"]
    tree = ast.parse(text)
    around = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.lineno < first and (node.end_lineno or 0) >= last - 1
    ]
    return choose(tree, "a.py", max(around, default=0), first + 1, last - 1, None, methods=methods)


def region(text: str) -> Region:
    found = read(text)
    assert isinstance(found, Region), found
    return found


def reason(text: str) -> str:
    found = read(text)
    return found.reason if isinstance(found, Unliftable) else ""


def in_loop(inside: str, before: str = "", after: str = "", behind: str = "", head: str = "w, data") -> str:
    """A function whose loop has the region ``inside``, and other statements around."""
    parts = [f"def fit({head}):"]
    parts += [textwrap.indent(textwrap.dedent(before), "    ")] if before else []
    parts += ["    for x in data:", "        # {", textwrap.indent(textwrap.dedent(inside).strip(), "        ")]
    parts += ["        # }", *([textwrap.indent(textwrap.dedent(after), "        ")] if after else [])]
    parts += [textwrap.indent(textwrap.dedent(behind), "    ")] if behind else ["    return 1"]
    return "\n".join(parts) + "\n"


# In and out


@pytest.mark.parametrize(
    ("text", "parameters", "results"),
    [
        (in_loop("y = w * x"), ["w", "x"], []),
        (in_loop("y = w * x", after="print(y)"), ["w", "x"], ["y"]),
        (in_loop("y = w * x\ny = y + 1", after="print(y)"), ["w", "x"], ["y"]),
        (in_loop("w = w * x"), ["x", "w"], ["w"]),
        (in_loop("w = x", behind="return w"), ["x"], ["w"]),
        (in_loop("w = x"), ["x"], []),
        (in_loop("y = x\nz = x", after="print(z, y)"), ["x"], ["y", "z"]),
        # The parameters of the function come in their order, then what a round binds in the order in which it does so.
        (in_loop("y = x * b * a", head="a, b, data"), ["a", "b", "x"], []),
        (in_loop("z = y + x", before="y = 1", after="y = 2"), ["x", "y"], []),
        # It may be left as it was, so it goes in as well.
        (in_loop("if x:\n    w = x", behind="return w"), ["x", "w"], ["w"]),
        (in_loop("if x:\n    w = x\nelse:\n    w = 1", behind="return w"), ["x"], ["w"]),
        (in_loop("for y in x:\n    w = y", behind="return w"), ["x", "w"], ["w"]),
        # Own names of comprehensions and functions
        (in_loop("y = [a for a in x]"), ["x"], []),
        (in_loop("y = (lambda a: a * w)(x)"), ["w", "x"], []),
        (in_loop("y = [w * a for a in x if a]", after="print(y)"), ["w", "x"], ["y"]),
        (in_loop("def g(a): return a * w\ny = g(x)"), ["w", "x"], []),
        # What is deleted here was bound here.
        (in_loop("y = x\ndel y"), ["x"], []),
        # Globals and builtins stay where they are.
        (in_loop("y = len(x) + OTHER"), ["x"], []),
        # What functions around bind comes in.
        ("def outer(a):\n" + textwrap.indent(in_loop("y = x * a", head="data"), "    "), ["a", "x"], []),
    ],
)  # fmt: skip
def test_what_is_needed_goes_in_and_what_is_read_later_comes_out(
    text: str, parameters: list[str], results: list[str]
) -> None:
    found = region(text)
    assert (list(found.parameters), list(found.results)) == (parameters, results)


def test_of_a_module_what_a_round_changes_goes_in_and_the_rest_is_read() -> None:
    found = region("w = 1\nrate = 2\nfor x in data:\n    # {\n    w = w * x * rate\n    # }\nprint(w)\n")
    assert (found.parameters, found.results, found.place) == (("x", "w"), ("w",), 3)


def test_a_function_stands_above_the_one_of_the_module_that_holds_its_call() -> None:
    text = "z = 1\n@first\n@second\ndef fit(data):\n    for x in data:\n        # {\n        y = x\n        # }\n"
    assert region(text).place == 2


# Methods

METHOD = """
class Agent(Base):
    def fit(self, data):
        for x in data:
            # {
            {}
            # }
"""


def test_a_part_of_a_method_that_reads_its_object_is_a_method() -> None:
    found = region(METHOD.replace("{}", "self.w = x * self.rate"))
    assert (found.owner, found.receiver, found.parameters, found.place) == ("Agent", "self", ("x",), 2)


def test_one_that_does_not_is_a_function() -> None:
    found = region(METHOD.replace("{}", "y = x"))
    assert (found.owner, found.receiver, found.parameters, found.place) == ("", "", ("x",), 1)


def test_a_method_that_another_class_has_is_not_overridden() -> None:
    own = region(METHOD.replace("{}", "self.w = x")).name
    other = read(METHOD.replace("{}", "self.w = x"), frozenset({own}))
    assert isinstance(other, Region) and other.name != own


@pytest.mark.parametrize("decorator", ["@staticmethod", "@classmethod"])
def test_a_method_that_is_not_given_its_object_becomes_a_function(decorator: str) -> None:
    text = METHOD.replace("    def", f"    {decorator}\n    def").replace("{}", "y = self.w * x")
    found = read(text)
    assert isinstance(found, Region) and found.receiver == "" and "self" in found.parameters


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("y = super().fit(x)", "super()"),
        ("y = __class__", "super()"),
        ("self = self.f(x)", "rebinds self"),
        ("y = x.__rate", "private names"),
    ],
)
def test_what_works_in_the_method_alone_stays_there(line: str, words: str) -> None:
    behind = METHOD + "        return self\n"
    assert words in reason(behind.replace("{}", line))


def test_a_private_name_of_its_object_is_one_in_another_method_too() -> None:
    assert region(METHOD.replace("{}", "self.__w = x")).receiver == "self"
    assert region(METHOD.replace("{}", "y = x.__len__()")).receiver == ""


# What can't be a function

REFUSED = {
    # Names that are not bound for certain
    "a name that is bound sometimes goes in": (in_loop("y = z", before="if w:\n    z = 1"), "z may be unbound"),
    "a name that a later line binds": (in_loop("y = z", after="z = 1"), "z may be unbound"),
    "a name that is deleted": (in_loop("y = z", before="z = 1\ndel z"), "z may be unbound"),
    "a name that is bound sometimes comes out": (in_loop("if x:\n    y = 1", behind="return y"), "y may be unbound"),
    "a name of a loop that may have no round": (in_loop("y = z", before="for z in w: pass"), "z may be unbound"),
    "a name that suppressed statements bind": (
        in_loop("y = z", before="with suppress(ValueError):\n    z = 1"), "z may be unbound",
    ),
    # Names that others see
    "a nested function reads it": (in_loop("y = x", before="def g(): return y"), "y, which another function reads"),
    "a lambda reads it": (in_loop("y = x", before="g = lambda: y"), "y, which another function reads"),
    "a class reads it": (
        in_loop("y = x", before="class G:\n    def g(self): return y"), "y, which another function reads",
    ),
    "a nested function rebinds it": (
        in_loop("y = x", before="y = 1\ndef g():\n    nonlocal y\n    y = 2"), "rebinds y",
    ),
    "a global": (in_loop("y = x", before="global y"), "y, a global or nonlocal name"),
    "a handler reads it": (
        "def fit(data):\n    for x in data:\n        y = 1\n        try:\n            # {\n            y = x\n"
        "            g(x)\n            # }\n        except ValueError:\n            print(y)\n",
        "y, which an enclosing exception handler reads",
    ),
    "what it deletes was bound before": (in_loop("del w"), "deletes w"),
    "a function that is used later": (in_loop("def g(): return 1", after="g()"), "the function g"),
    "a class that is used later": (in_loop("class G: pass", after="G()"), "the function G"),
    # What no graph gives back
    "a tape": (in_loop("with tf.GradientTape() as t:\n    y = x", after="print(t)"), "t is read later"),
    "a tape that is assigned": (in_loop("t = tf.GradientTape()", after="print(t)"), "a tape"),
    "a lambda": (in_loop("g = lambda: 1", after="g()"), "a function"),
    "a module": (in_loop("import math", after="math.sqrt(2)"), "a module"),
    "a name of a module": (in_loop("from math import sqrt", after="sqrt(2)"), "a module"),
    # A graph has other tensors than the tape has seen.
    "gradients of a tape outside": (
        "def fit(w, data):\n    for x in data:\n        with tf.GradientTape() as tape:\n            y = w * x\n"
        "        # {\n        g = tape.gradient(y, w)\n        # }\n",
        "takes gradients of tape",
    ),
    "a jacobian of a tape outside": (
        "def fit(w, data, tape):\n    for x in data:\n        # {\n        g = tape.jacobian(w, x)\n        # }\n",
        "takes gradients of tape",
    ),
    # It would be traced for each number.
    "the number of the round": (
        in_loop("y = x * w").replace("for x in data", "for x in range(9)"), "x is a Python number",
    ),
    "the number beside the data": (
        in_loop("y = x * n").replace("for x in data", "for n, x in enumerate(data)"), "n is a Python number",
    ),
    "a count": (in_loop("y = x * n", before="n = 0", after="n += 1"), "n is a Python number"),
    # Nobody would write it.
    "too many parameters": (
        in_loop(f"y = {' + '.join(f'p{n}' for n in range(MOST_PARAMETERS + 1))}",
                head="data, " + ", ".join(f"p{n}" for n in range(MOST_PARAMETERS + 1))),
        "parameters",
    ),
    "too many results": (
        in_loop("\n".join(f"r{n} = x" for n in range(MOST_RESULTS + 1)),
                after=f"print({', '.join(f'r{n}' for n in range(MOST_RESULTS + 1))})"),
        "results",
    ),
    "no loop": ("x = 1\n# {\ny = x\n# }\n", "not inside a loop"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_not_be_the_same_in_a_function_is_refused(name: str) -> None:
    text, words = REFUSED[name]
    compile(textwrap.dedent(text), name, "exec")
    assert words in reason(text)


FINE = {
    "a name of the module that a function reads": in_loop("y = x * len(w)", before="def g(): return w"),
    "a handler that reads another name": (
        "def fit(data, w):\n    for x in data:\n        try:\n            # {\n            y = x\n            # }\n"
        "        except ValueError:\n            print(w)\n"
    ),
    "a tape that is used up": in_loop("with tf.GradientTape() as t:\n    y = x\ng = t.gradient(y, w)"),
    "a function that is used up": in_loop("def g(): return 1\ny = g()"),
    "a tape of its own that is bound outside too": in_loop(
        "with tf.GradientTape() as t:\n    y = x\ng = t.gradient(y, w)", before="t = 1"
    ),
    "as many parameters as may be": in_loop(
        f"y = x + {' + '.join(f'p{n}' for n in range(MOST_PARAMETERS - 1))}",
        head="data, " + ", ".join(f"p{n}" for n in range(MOST_PARAMETERS - 1)),
    ),
    "as many results as may be": in_loop(
        "\n".join(f"r{n} = x" for n in range(MOST_RESULTS)),
        after=f"print({', '.join(f'r{n}' for n in range(MOST_RESULTS))})",
    ),
}


@pytest.mark.parametrize("name", FINE)
def test_what_is_the_same_is_not_refused(name: str) -> None:
    assert not reason(FINE[name])


def test_a_name_that_a_star_import_may_bind_is_read_as_before() -> None:
    text = "from lib import *\nfor x in data:\n    # {\n    y = x * rate\n    # }\n"
    assert region(text).parameters == ("x",)


# Globals that the function changes itself


def test_a_global_that_the_function_changes_in_its_rounds_is_given() -> None:
    text = "epoch = 0\n" + in_loop("y = x * epoch", before="global epoch", after="epoch = epoch * 2")
    assert region(text).given == (("epoch", "epoch"),)
    # It is bound once, and is the same in all rounds.
    once = "model = 0\n" + in_loop("y = x * model", before="global model\nmodel = 1")
    assert region(once).given == () and "model" not in region(once).parameters


@pytest.mark.parametrize(
    "other",
    [
        "def g():\n    global epoch\n    epoch = 2",
        "class A:\n    def g(self):\n        global epoch\n        epoch = 2",
    ],
)
def test_one_that_another_function_changes_is_read_where_it_is(other: str) -> None:
    text = f"epoch = 0\n{other}\n" + in_loop("y = x * epoch", before="global epoch", after="epoch = epoch * 2")
    assert region(text).given == ()
