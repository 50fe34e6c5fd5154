"""Random programs with loops, recursion, closures and shared objects, for properties of the analysis."""

from __future__ import annotations

import textwrap
from pathlib import Path

from hypothesis import strategies as st

from hybridize.static.analysis import build_program, solve
from hybridize.static.ir.program import Program
from hybridize.static.reading.imports import Resolver
from hybridize.static.reading.sources import Source, read_source

FUNCTIONS = ("alpha", "beta", "gamma", "delta")
NAMES = ("a", "b", "c")

name = st.sampled_from(NAMES)
function = st.sampled_from(FUNCTIONS)
expression = st.one_of(
    name,
    st.sampled_from(("SHARED", "Node()", "[]", "[a, b]", "(c, a)", "{'k': b}", "1")),
    st.builds("{}.{}".format, name, st.sampled_from(("next", "items"))),
    st.builds("{}[0]".format, name),
    st.builds("{}({}, {})".format, function, name, name),
    st.builds("{} + {}".format, name, name),
    st.builds("({} if {} else {})".format, name, name, name),
    st.builds("list({})".format, name),
)
simple = st.one_of(
    st.builds("{} = {}".format, name, expression),
    st.builds("{} += {}".format, name, name),
    st.builds("{}.{} = {}".format, name, st.sampled_from(("next", "items")), expression),
    st.builds("{}.items.append({})".format, name, name),
    st.builds("{} = {}\n{}[0] = {}".format, name, st.sampled_from(("[1]", "[None, a]", "{0: 1}")), name, name),
    st.builds("{}[0] {} {}".format, name, st.sampled_from(("=", "+=")), expression),
    st.builds("{}, {} = {}".format, name, name, name),
    st.builds("print({})".format, name),
    st.builds("return {}".format, name),
)


def _nested(statements: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    body = st.lists(statements, min_size=1, max_size=3).map(lambda lines: textwrap.indent("\n".join(lines), "    "))
    return st.one_of(
        st.builds("for {} in {}:\n{}".format, name, name, body),
        st.builds("while {}:\n{}".format, name, body),
        st.builds("if {}:\n{}\nelse:\n{}".format, name, body, body),
        st.builds("def inner(a):\n{}\ninner({})".format, body, name),
    )


statement = st.recursive(simple, _nested, max_leaves=6)


@st.composite
def programs(draw: st.DrawFn) -> str:
    """The source of a module of a few functions that call each other, and of calls of them."""
    parts = ["class Node:\n    def __init__(self):\n        self.next = self\n        self.items = []"]
    parts.append("SHARED = Node()")
    for each in FUNCTIONS:
        body = "\n".join(draw(st.lists(statement, min_size=1, max_size=5)))
        parts.append(f"def {each}(a, b):\n    c = a\n{textwrap.indent(body, '    ')}\n    return c")
    parts += [f"{draw(function)}(Node(), SHARED)" for _ in range(2)]
    return "\n\n".join(parts) + "\n"


def solved(directory: Path, text: str) -> Program:
    """The program of one module ``train.py``, its values propagated."""
    path = directory / "train.py"
    path.write_text(text, encoding="utf-8")
    source = read_source(directory, path)
    assert isinstance(source, Source)
    program = build_program(Resolver(["train"], []), [source], [])
    solve(program)
    return program
