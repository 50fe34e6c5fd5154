"""The nodes that a program shares: names of modules, star imports, containers and their keys."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import pytest
from laying import calls_of, lowered

from hybridize.static.ir.program import ATOMS, Program
from hybridize.static.ir.values import FLOAT, INTEGER, NONE, STRING, TENSOR, UNKNOWN, Atom, Value
from hybridize.static.reading.imports import Resolver


def program() -> Program:
    return Program(Resolver([], []))


def held(files: Mapping[str, str], name: str = "x") -> set[str]:
    """What a global of ``train.py`` holds, in words; the parts of a function's call are told by its own argument."""
    solved = calls_of(files).program
    return {repr(value) for value in solved.cell("train", name).values}


# Names that come by `import *`

STARS: dict[str, tuple[dict[str, str], set[str]]] = {
    "a module": ({"train.py": "from a import *\ny = f\n", "a.py": "def f(): pass\n"}, {"f"}),
    "through another one": (
        {"train.py": "from a import *\ny = f\n", "a.py": "from b import *\n", "b.py": "def f(): pass\n"},
        {"f"},
    ),
    "modules that import each other": (
        {
            "train.py": "from a import *\ny = f\n",
            "a.py": "from b import *\n",
            "b.py": "from a import *\ndef f(): pass\n",
        },
        {"f"},
    ),
    "of two": (
        {"train.py": "from a import *\nfrom b import *\ny = f\n", "a.py": "x = 1\n", "b.py": "def f(): pass\n"},
        {"f"},
    ),
    # Which of both it is, the order tells: both may be it.
    "from two at once": (
        {"train.py": "from a import *\nfrom b import *\ny = f\n", "a.py": "f = 1\n", "b.py": "f = 's'\n"},
        {"int", "str"},
    ),
    "a library": ({"train.py": "from tensorflow import *\ny = add\n"}, {"tensorflow.add"}),
    "nowhere": ({"train.py": "from a import *\ny = f\n", "a.py": "x = 1\n"}, {"unknown"}),
}


@pytest.mark.parametrize("name", STARS)
def test_a_name_that_comes_by_a_star_is_what_it_is_there(name: str) -> None:
    files, expected = STARS[name]
    solved = calls_of(files).program
    assert {repr(value) for value in solved.cell("train", "y").values} == expected


def test_modules_that_import_all_of_each_other_and_nothing_come_to_an_end() -> None:
    files = {"train.py": "from a import *\ny = f\n", "a.py": "from b import *\n", "b.py": "from a import *\n"}
    assert held(files, "y") == {"unknown"}


@pytest.mark.parametrize("order", [*itertools.permutations(["train.py", "a.py", "b.py"])])
def test_names_do_not_depend_on_which_file_is_read_first(order: tuple[str, ...]) -> None:
    files = {
        "train.py": "import a\nfrom b import g\nx = a.f\ny = g\n",
        "a.py": "from b import g as f\n",
        "b.py": "def g(): pass\n",
    }
    solved = calls_of({name: files[name] for name in order}).program
    for name in "xy":
        assert [repr(value) for value in solved.cell("train", name).values] == ["g"]


def test_a_module_in_a_package_is_an_attribute_of_it() -> None:
    files = {"train.py": "import a.b\nx = a.b\n", "a/__init__.py": "", "a/b.py": "y = 1\n"}
    assert held(files) == {"module a.b"}
    assert held({**files, "train.py": "from a import b as x\n"}) == {"module a.b"}


PACKAGE = {
    "a/__init__.py": "from .b import b\n",
    "a/b.py": "def b(x): return x\nc = 1\n",
    "a/d.py": "from . import b\ny = b\n",
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from a import b as x", "b"),
        ("import a\nx = a.b", "b"),
        ("import a.b as x", "b"),
        ("from a.b import b as x", "b"),
        ("from a import *\nx = b", "b"),
        ("from a.b import c as x", "int"),
        ("from a.d import y as x", "b"),
        ("import a.d as x", "module a.d"),
        ("from a import b\nx = b('s')", "str"),
    ],
)
def test_a_function_that_a_package_takes_out_of_its_module_of_that_name_is_that(text: str, expected: str) -> None:
    for order in (["train.py", *PACKAGE], [*PACKAGE, "train.py"]):
        files = {**PACKAGE, "train.py": f"{text}\n"}
        assert held({name: files[name] for name in order}) == {expected}


def test_so_is_a_class_that_others_are_derived_from() -> None:
    files = {"a/__init__.py": "from .Agent import Agent\n", "a/Agent.py": "class Agent:\n    def f(self): return 1\n"}
    assert held({**files, "train.py": "from a import Agent\nclass Own(Agent): pass\nx = Own().f()\n"}) == {"int"}


def test_a_package_that_hands_on_its_modules_hands_on_modules() -> None:
    files = {"a/__init__.py": "from . import b\nimport a.d\n", "a/b.py": "y = 1\n", "a/d.py": "y = 's'\n"}
    assert held({**files, "train.py": "from a import b\nx = b\n"}) == {"module a.b"}
    assert held({**files, "train.py": "import a\nx = a.d.y\n"}) == {"str"}


def test_a_module_that_was_not_read_holds_anything() -> None:
    solved = lowered({"train.py": "x = 1\n"})
    node = solved.module_node("gone")
    solved.link_cells()
    assert node.values == (UNKNOWN,)
    assert solved.module_node("gone") is node


# Library objects and constants


def test_a_library_s_object_is_one_by_whatever_path_it_is_reached() -> None:
    made = program()
    (one,) = made.external("tensorflow.keras.layers.Dense").values
    (other,) = made.external("keras.layers.Dense").values
    assert one is other
    assert made.external("keras.layers.Dense") is made.external("keras.layers.Dense")


def test_a_constant_s_node_holds_that_kind_alone_and_is_shared() -> None:
    made = program()
    for atom in ATOMS.values():
        assert made.constant(atom) is made.constant(atom)
        assert made.constant(atom).values == (atom,)
    value = made.values.external("a.b")
    assert made.constant(value) is not made.constant(value)
    assert made.constant(value).values == (value,)


# Containers

KEYS: list[tuple[object, Atom]] = [
    (1, INTEGER), (True, ATOMS["bool"]), (1.5, FLOAT), ("a", STRING), (b"a", STRING), (None, NONE),
    ((1, 2), UNKNOWN), (1j, UNKNOWN), (..., UNKNOWN),
]  # fmt: skip


@pytest.mark.parametrize(("key", "kind"), KEYS, ids=repr)
def test_a_key_is_of_its_own_kind(key: object, kind: Atom) -> None:
    made = program()
    assert made.constant_of(key).values == (kind,)
    box = made.box("dict", 0)
    made.field(box, key, 0)
    target = made.box("list", 0).element
    made.keys(box, target)
    assert target.values == (kind,)


def test_keys_that_nobody_knows_are_among_the_keys() -> None:
    made = program()
    box, target = made.box("dict", 0), made.box("list", 0).element
    made.field(box, 1, 0)
    box.keys = made.constant(TENSOR)
    made.keys(box, target)
    assert set(target.values) == {INTEGER, TENSOR}


def given(kind: str) -> tuple[Program, tuple[Value, ...], tuple[Value, ...]]:
    """What a container of one kind holds under a key after a tensor was put there, and at a place that nobody knows."""
    made = program()
    box = made.box(kind, 0, INTEGER)
    node = made.field(box, "a", 0)
    assert made.field(box, "a", 0) is node
    made.graph.add(node, TENSOR)
    made.graph.solve()
    return made, node.values, box.element.values


def test_what_a_dictionary_is_given_under_a_key_may_be_found_under_one_that_nobody_knows() -> None:
    _, field, element = given("dict")
    assert field == (TENSOR,) and set(element) == {INTEGER, TENSOR}


def test_the_places_of_a_tuple_are_apart() -> None:
    _, field, element = given("tuple")
    assert field == (TENSOR,) and element == (INTEGER,)


def test_an_attribute_of_a_class_has_one_node_for_all_of_its_instances() -> None:
    solved = calls_of("class A:\n    def f(self, x):\n        self.y = x\nA().f(1)\nA().f('s')\nz = A().y\n").program
    (code,) = solved.classes
    node = solved.class_attribute(code, "y")
    assert solved.class_attribute(code, "y") is node and set(node.values) == {INTEGER, STRING}
    assert {INTEGER, STRING} <= set(solved.cell("train", "z").values)
