"""Records as plain data and back, on records of all kinds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Annotated

import pytest

from hybridize.records.notes import AsObject, Inline, Key, LeftOut
from hybridize.report.encoding import Unfit, from_plain, kind_of, to_plain


class Color(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Inner:
    x: int
    tree: tuple[tuple[str, Inner], ...] = ()


@dataclass(frozen=True)
class Outer:
    inner: Annotated[Inner, Inline()]
    color: Color
    names: Annotated[tuple[tuple[str, int], ...], AsObject()]
    renamed: Annotated[float, Key("other")] = 0.5
    maybe: Inner | None = None
    table: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    anything: object = None
    hidden: Annotated[bytes, LeftOut("it is long")] = b"default"


OUTER = Outer(
    Inner(1, (("a", Inner(2)),)),
    Color.BLUE,
    (("b", 2), ("a", 1)),
    1.5,
    Inner(3),
    {"t": (0.5, 1.0)},
    ("x", {"y": (None, True)}),
    b"long",
)
PLAIN = {
    "x": 1,
    "tree": [["a", {"x": 2, "tree": []}]],
    "color": "blue",
    "names": {"b": 2, "a": 1},
    "other": 1.5,
    "maybe": {"x": 3, "tree": []},
    "table": {"t": [0.5, 1.0]},
    "anything": ["x", {"y": [None, True]}],
}


def test_a_record_is_written_by_its_types_and_their_notes():
    assert to_plain(OUTER, Outer) == PLAIN


def test_a_record_is_read_back_and_what_is_left_out_has_its_default():
    read = from_plain(PLAIN, Outer)
    assert read == Outer(*(getattr(OUTER, name) for name in vars(OUTER) if name != "hidden"))
    assert read.hidden == b"default"


def test_what_the_data_lacks_has_its_default():
    read = from_plain({"x": 1, "color": "red", "names": {}, "unknown": 3}, Outer)
    assert read == Outer(Inner(1), Color.RED, ())


def test_numbers_that_json_lacks_are_null():
    assert to_plain((math.nan, math.inf, 1.0), tuple[float, ...]) == [None, None, 1.0]
    read = from_plain([None, 2], tuple[float, ...])
    assert math.isnan(read[0]) and read[1] == 2.0 and isinstance(read[1], float)
    assert from_plain([None], tuple[float | None, ...]) == (None,)


def test_what_no_type_is_known_of_is_written_as_well_as_json_can():
    value = {1: Path("a/b"), "c": Color.RED, "d": math.nan, "e": frozenset({2})}
    assert to_plain(value, object) == {"1": "a/b", "c": "red", "d": None, "e": [2]}


def test_notes_are_found_wherever_in_the_type_they_stand():
    kind = kind_of(Annotated[Annotated[int, Key("a")] | None, LeftOut("b")])
    assert kind.base is int and kind.optional
    assert kind.note(Key) == Key("a") and kind.note(LeftOut) == LeftOut("b") and kind.note(Inline) is None


@pytest.mark.parametrize(
    "data, annotation, said",
    [
        ({"x": 1}, Outer, "color is missing"),
        ({**PLAIN, "x": "1"}, Outer, "x is not a whole number"),
        ({**PLAIN, "x": None}, Outer, "x is null"),
        ({**PLAIN, "tree": [["a"]]}, Outer, "tree[0] is not a list of 2"),
        ({**PLAIN, "tree": [["a", {"x": 1.5}]]}, Outer, "tree[0][1].x is not a whole number"),
        ({**PLAIN, "color": "green"}, Outer, "color is not any of the values that it may be"),
        ({**PLAIN, "names": {"b": True}}, Outer, "names.b is not a whole number"),
        ({**PLAIN, "maybe": 1}, Outer, "maybe is not an object"),
        ({**PLAIN, "table": {"t": 1}}, Outer, "table.t is not a list"),
        (1, bool, "it is not true or false"),
        (1, str, "it is not a string"),
        (True, float, "it is not a number"),
    ],
)
def test_data_of_another_form_is_an_error_that_says_where(data, annotation, said):
    with pytest.raises(Unfit) as raised:
        from_plain(data, annotation)
    assert str(raised.value) == said
