"""Programs that are run and analysed: what a name holds in a run must be among what the analysis says of it.

A program says ``probe(n, value)`` wherever it wants to be asked, and ``choose()`` where chance decides.
"""

from __future__ import annotations

import ast
import itertools
import random
import re
import tempfile
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType

from hypothesis import strategies as st
from random_programs import solved

from hybridize.static.ir.program import Program
from hybridize.static.ir.values import BOOLEAN, FLOAT, INTEGER, NONE, STRING, UNKNOWN, Box, Class, Function, Instance

#: What a run of more steps than these is cut off after.
STEPS = 400

HEADER = "from probing import choose, probe, Stop\n"

_ATOMS = {int: INTEGER, float: FLOAT, bool: BOOLEAN, str: STRING, bytes: STRING, type(None): NONE}
_BOXES = {list: "list", tuple: "tuple", dict: "dict", set: "set"}


class Stop(Exception):
    """What the programs raise and catch."""


class _Enough(BaseException):
    """Ends a run that has gone on for long enough."""


@dataclass
class Run:
    """One run: what each probe was given, in every one of its calls."""

    chance: random.Random
    seen: dict[int, list[object]] = field(default_factory=dict)
    steps: int = 0

    def choose(self) -> bool:
        """Decide by chance."""
        self._step()
        return self.chance.random() < 0.5

    def probe(self, number: int, value: object) -> None:
        """Note what a probe was given."""
        self._step()
        self.seen.setdefault(number, []).append(value)

    def _step(self) -> None:
        self.steps += 1
        if self.steps > STEPS:
            raise _Enough


def run(text: str, seed: int) -> dict[int, list[object]]:
    """What the probes of a program are given in one run."""
    observed = Run(random.Random(seed))
    names = {"choose": observed.choose, "probe": observed.probe, "Stop": Stop, "__name__": "train"}
    body = text.removeprefix(HEADER)
    try:
        exec(compile(body, "train.py", "exec"), names)
    except (Exception, _Enough):
        pass  # What was seen until then was seen.
    return observed.seen


def said(program: Program) -> dict[int, tuple[object, ...]]:
    """What the analysis says that the probes are given."""
    found: dict[int, tuple[object, ...]] = {}
    for code in program.functions:
        for call in code.calls:
            if call.path == "probing.probe":
                assert call.literals is not None
                number = call.literals[0]
                assert isinstance(number, int)
                found[number] = (*found.get(number, ()), *call.arguments[1].values)
    return found


def covers(values: tuple[object, ...], value: object) -> bool:
    """Whether what the analysis says of a name allows for what it holds in a run."""
    if not values or UNKNOWN in values:
        return True
    if type(value) in _ATOMS:
        return _ATOMS[type(value)] in values
    if type(value) in _BOXES:
        return any(isinstance(each, Box) and each.kind == _BOXES[type(value)] for each in values)
    if isinstance(value, type | FunctionType):
        return any(isinstance(each, (Function, Class)) for each in values)
    return any(isinstance(each, Instance) for each in values)


def analysed(text: str) -> Program:
    """The program of a text, its values propagated; nothing of it may be left out."""
    with tempfile.TemporaryDirectory() as directory:
        program = solved(Path(directory), HEADER + textwrap.dedent(text))
    assert not program.left_out and not any(code.left_out for code in program.functions)
    return program


def kinds(text: str) -> dict[int, set[str]]:
    """What the analysis says that the probes of a program are given, in words."""
    return {number: {repr(value) for value in values} for number, values in said(analysed(text)).items()}


def missed(text: str, seeds: int = 20) -> Iterator[str]:
    """What runs of a program show, and the analysis of it does not know."""
    whole = HEADER + textwrap.dedent(text)
    known = said(analysed(text))
    for seed in range(seeds):
        for number, values in run(whole, seed).items():
            if number not in known:
                yield f"probe {number} is run, and the analysis never comes to it"
            for value in values:
                if number in known and not covers(known[number], value):
                    yield f"probe {number} was given {value!r}, said are {known[number]}"


def strict(text: str) -> str:
    """The same program, where each probe may be given something else as well: what is known of it must be all of it.

    A name that nothing is known of may hold anything; one that may hold two things, and of which one is known, may not.
    """

    class Perhaps(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> ast.Call:
            self.generic_visit(node)
            if isinstance(node.func, ast.Name) and node.func.id == "probe":
                choose, other = (ast.Call(ast.Name(name, ast.Load()), [], []) for name in ("choose", "Else"))
                node.args[1] = ast.IfExp(choose, node.args[1], other)
            return node

    tree = Perhaps().visit(ast.parse(textwrap.dedent(text)))
    return f"class Else: pass\n{ast.unparse(ast.fix_missing_locations(tree))}\n"


# -- random programs ------------------------------------------------------------------------------

#: Of these, ``g`` is a global that ``touch`` changes too.
NAMES = ("a", "b", "g")
VALUES = ("1", "1.5", "'s'", "None", "True", "[1]", "('s', 1)")
EXPRESSIONS = (
    "{v}",
    "{n}",
    "({v} if choose() else {n})",
    "(choose() and ({l} := {v}))",
    "[({l} := {v}) for _ in [1, 2] if choose()]",
    "[{n}, {v}][0]",
    "({n}, {v})[-1]",
    "(lambda x={n}: x)()",
    "(lambda: {n})()",
    "({n} is {n} is not {m})",
)
SIMPLE = (
    "{n} = {e}",
    "{n} = {m} = {e}",
    "{n}, *{m} = [{e}, {e}]",
    "({n}, {m}) = ({m}, {e})",
    "touch()",
    "if choose(): raise Stop",
    "if choose(): return {n}",
    "if choose():\n    {n} = {e}\n    raise Stop",
)
JUMPS = ("if choose(): break", "if choose(): continue", "{n} = {e}\nbreak", "continue")
COMPOUND = (
    "if choose():\n{B}\nelif {n}:\n{B}\nelse:\n{B}",
    "for {l} in [{e}, {e}]:\n{L}\nelse:\n{B}",
    "for {l} in [{e}]:\n{L}",
    "while choose():\n{L}\nelse:\n{B}",
    "while ({l} := {e}) and choose():\n{L}",
    # The first way out is for a `continue`, which goes past the other: a program must end.
    "while True:\n    if choose(): break\n{L}\n    if choose(): break",
    "try:\n{B}\nexcept Stop:\n{B}",
    "try:\n{B}\nexcept Stop:\n{B}\nelse:\n{B}\nfinally:\n{F}",
    "try:\n{B}\nfinally:\n{F}",
    "with suppress(Stop):\n{B}",
    "match {n}:\n    case int() as {l} if choose():\n{C}\n    case [{m}, *_]:\n{C}\n    case {l}:\n{C}",
    "def inner():\n    nonlocal a, b\n    global g\n{I}\ninner()",
)
FRAME = """
from contextlib import suppress

def touch():
    global g
    g = {}

def f(a, b):
    global g
    g = {}
{}
    return a

for _ in range(2):
    try:
        probe(@, f(1, "s"))
    except Stop:
        pass
probe(@, g)
"""


@st.composite
def programs(draw: st.DrawFn) -> str:
    """A program with every kind of control flow, which asks after each statement what a name holds."""

    def pick(choices: tuple[str, ...]) -> str:
        return draw(st.sampled_from(choices))

    def fill(template: str, depth: int, in_loop: bool) -> str:
        def give(slot: re.Match[str]) -> str:
            kind = slot[1]
            if kind == "e":
                return fill(pick(EXPRESSIONS), depth, False)
            if kind == "v":
                return pick(VALUES)
            if kind in "nm":
                return pick(NAMES)
            if kind == "l":  # What no ``for`` or pattern may bind twice, and no comprehension if it is nonlocal.
                return pick(NAMES[:2])
            # A jump out of ``finally`` would keep a run from being cut off.
            lines = block(depth - 1, in_loop if kind in "BC" else kind == "L")
            return textwrap.indent(lines, "        " if kind == "C" else "    ")

        return re.sub(r"(?<!\{)\{(\w)\}", give, template).replace("{{", "{").replace("}}", "}")

    def block(depth: int, in_loop: bool) -> str:
        choices = SIMPLE + (JUMPS if in_loop else ()) + (COMPOUND * 2 if depth > 0 else ())
        parts = []
        for _ in range(draw(st.integers(1, 3))):
            parts += [fill(pick(choices), depth, in_loop), f"probe(@, {pick(NAMES)})"]
        return "\n".join(parts)

    text = FRAME.format(pick(VALUES), pick(VALUES), textwrap.indent(block(2, False), "    "))
    numbers = itertools.count(1)
    return re.sub("@", lambda _: str(next(numbers)), text)
