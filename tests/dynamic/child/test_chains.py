"""What a function's source reads: chains from parameters, globals and enclosing variables, through local names too."""

from __future__ import annotations

import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hybridize.dynamic.child.chains import Reads, reads_of


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str], Reads]:
    """Compiles source with a function `f` in it; gives what `f` reads."""
    numbers = iter(range(100))

    def of(source: str) -> Reads:
        path = tmp_path / f"{next(numbers)}.py"
        path.write_text(source)
        space: dict[str, Any] = {}
        exec(compile(source, str(path), "exec"), space)
        return reads_of(space["f"].__code__)

    return of


def uses(reads: Reads) -> set[tuple[str, str]]:
    return {(str(one.chain), one.use) for one in reads.chains}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return self.schedule.epoch >= 3", {("self.schedule.epoch", "used")}),
        ("return state['rate'] * x", {("state['rate']", "used"), ("x", "used")}),
        ("return state.get('rate', 0.1)", {("state['rate']", "used")}),
        ("return getattr(self, 'rate', 0.1)", {("self.rate", "used")}),
        ("s = self.schedule\n    return s.epoch + 1", {("self.schedule", "held"), ("self.schedule.epoch", "used")}),
        (
            "return self.schedule.value()",
            {("self.schedule.value", "called")},
        ),
        ("self.rate *= 2", {("self.rate", "used"), ("self", "held")}),
        ("self.rate = 2", {("self", "held")}),
        ("return len(self.buffer)", {("len", "called"), ("self.buffer", "passed")}),
        ("return vars(self.config)", {("vars", "called"), ("self.config", "attributes")}),
        (
            "for c in self.callbacks:\n        x = x * c.scale",
            {("self.callbacks", "used"), ("self.callbacks[…].scale", "used"), ("x", "used")},
        ),
        (
            "return [c.scale for _, c in enumerate(self.callbacks)]",
            {
                ("enumerate", "called"),
                ("self.callbacks", "passed"),
                ("self.callbacks[…].scale", "used"),
            },
        ),
        (
            "for k, v in options.items():\n        x += v.rate",
            {("options.items", "called"), ("options[…].rate", "used"), ("x", "used")},
        ),
        ("a, b = self.a, self.b\n    return a.x + b.y", {("self.a.x", "used"), ("self.b.y", "used")}),
        ("return [table[k] for k in x]", {("x", "used"), ("table[…]", "used"), ("x[…]", "used")}),
    ],
)
def test_reads_are_followed_to_the_name_they_start_from(
    read: Callable[[str], Reads], body: str, expected: set[tuple[str, str]]
) -> None:
    found = uses(read(f"def f(self, x):\n    {body}\n"))
    assert expected <= found
    assert {text for text, use in found if use == "used"} - {text for text, _ in expected} <= {"self.a", "self.b"}


def test_an_attribute_of_a_call_s_result_is_known_by_its_name_only(read: Callable[[str], Reads]) -> None:
    found = read("def f(x):\n    return config().rate * x\n")
    assert found.loose == {"rate": 2} and ("config", "called") in uses(found)


def test_what_a_nested_function_reads_counts_as_read(read: Callable[[str], Reads]) -> None:
    found = read("def f(self):\n    s = self.schedule\n    def inner():\n        return s.epoch\n    return inner()\n")
    assert ("self.schedule.epoch", "used") in uses(found)


def test_a_local_name_is_no_global(read: Callable[[str], Reads]) -> None:
    found = read("def f(x):\n    import os\n    loss = x + 1\n    return loss, os\n")
    assert {str(one.chain) for one in found.chains} == {"x"}


def test_what_a_value_is_passed_to_is_known(read: Callable[[str], Reads]) -> None:
    (passed,) = [one for one in read("def f():\n    return help(state)\n").chains if one.use == "passed"]
    assert str(passed.receiver) == "help" and passed.line == 2


def test_without_source_the_names_in_the_code_are_taken() -> None:
    code = compile("def f():\n    return state.rate\n", "<made up>", "exec").co_consts[0]
    assert isinstance(code, types.CodeType)
    found = reads_of(code)
    assert "rate" in found.loose and "state" in {str(one.chain) for one in found.chains}


def test_decorated_functions_and_lambdas_are_found(read: Callable[[str], Reads]) -> None:
    decorated = read("def same(g):\n    return g\n\n@same\n@same\ndef f():\n    return state['a']\n")
    assert ("state['a']", "used") in uses(decorated)
    assert ("state['a']", "used") in uses(read("f = lambda: state['a']\n"))
