"""Where a hook is put, and how a function says that its own code is entered."""

from __future__ import annotations

import builtins
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest

from hybridize.sandbox.child.sources import ENTRY_NAME, HOOK_NAME, compile_with_hooks


@pytest.fixture
def noted() -> Iterator[list[str]]:
    """What the hooks and entries of compiled code have noted, in order."""
    notes: list[str] = []

    def hook(candidate: str) -> Any:
        def wrap(function: Any) -> Any:
            notes.append(f"{candidate} is given {type(function).__name__}")
            return function

        return wrap

    builtins.__dict__.update({HOOK_NAME: hook, ENTRY_NAME: lambda name: notes.append(f"{name} is entered")})
    yield notes
    del builtins.__dict__[HOOK_NAME], builtins.__dict__[ENTRY_NAME]


HEAD = """
class Graph:
    def __init__(self, function):
        self.function = function

    def __call__(self, *args):
        return self.function(*args)

class tf:
    function = Graph

def plain(function):
    return lambda *args: function(*args)
"""


def run(text: str, hooks: dict[int, str], edited: frozenset[str], entries: dict[int, str]) -> dict[str, Any]:
    source = HEAD + textwrap.dedent(text)
    first = HEAD.count("\n")
    placed = ({line + first: name for line, name in lines.items()} for lines in (hooks, entries))
    hooks, entries = placed
    namespace: dict[str, Any] = {}
    exec(compile_with_hooks(source.encode(), "train.py", hooks, edited, entries), namespace)
    return namespace


def test_a_graph_function_is_hooked_outside_of_the_decorator_that_makes_it(noted):
    run("@tf.function\n@plain\ndef step(x):\n    return x\n", {3: "step"}, frozenset({"step"}), {})
    assert noted == ["step is given Graph"]


def test_a_decorator_that_makes_no_graph_stays_outside_of_the_hook(noted):
    run("@plain\n@tf.function\ndef step(x):\n    return x\n", {3: "step"}, frozenset({"step"}), {})
    assert noted == ["step is given Graph"]


def test_another_function_is_hooked_inside_of_all_its_decorators(noted):
    run("@plain\ndef step(x):\n    return x\n", {2: "step"}, frozenset(), {})
    assert noted == ["step is given function"]


def test_a_function_says_that_its_own_code_is_entered_and_keeps_its_docstring(noted):
    text = 'def step(x):\n    """Train."""\n    return x + 1\n\ndef bare(x): return x\n\ndef told(x):\n    "only"\n'
    found = run(text, {}, frozenset(), {1: "step", 5: "bare", 7: "told"})
    assert found["step"](1) == 2
    assert found["bare"](3) == 3
    assert found["told"](4) is None
    assert found["step"].__doc__ == "Train."
    assert noted == ["step is entered", "bare is entered", "told is entered"]


def test_code_that_is_sent_to_another_process_goes_on_without_hooks():
    """There, nothing of ours has been put in place."""
    text = """
        def train(x):
            def step(x):
                return x + 1

            return step(x)
    """
    found = run(text, {3: "step"}, frozenset(), {2: "train"})
    assert found["train"](1) == 2
