"""What goes over the line of a candidate: nothing that would refute it is left out, and no share comes out too low."""

from __future__ import annotations

import json

import pytest

from hybridize.dynamic.child import record as module
from hybridize.dynamic.child.effects import Change
from hybridize.dynamic.child.record import Found, Record
from hybridize.dynamic.parent.judging import lasting_effects
from hybridize.dynamic.rows import ObservedRow


def record(**values: object) -> Record:
    made = Record("train:step", {})
    for name, value in values.items():
        setattr(made, name, value)
    return made


def found(name: str, calls: set[int], later: int, building: int = 0, kind: str = "attribute") -> dict:
    made = Found(Change(kind, name, "changed", "train.py:3"))
    made.calls, made.later, made.building = calls, later, building
    return {(kind, name): made}


def sent(made: Record, begun: float = 0.0, overhead: float = 0.0) -> ObservedRow:
    """The row as it arrives at the parent."""
    return ObservedRow.from_json(json.loads(json.dumps(made.row(begun, overhead).to_json())))


def test_an_effect_is_told_with_its_calls_and_its_line() -> None:
    row = sent(record(calls=5, effects=found("self.n", {1, 2, 3}, 2, 1), beside={("attribute", "self.n")}))
    (effect,) = row.effects
    assert (effect.kind, effect.subject, effect.detail) == ("attribute", "self.n", "changed")
    assert effect.place == "train.py:3"
    assert (effect.calls, effect.later, effect.building, effect.beside) == (3, 2, 1, True)


def test_an_effect_that_lasts_is_never_left_out_for_those_of_the_first_call() -> None:
    effects = {}
    for number in range(60):
        effects |= found(f"self.part{number}", {1}, 0)
    effects |= found("self.n", {1, 2, 3}, 2) | found("random", {2}, 1, kind="random")
    row = sent(record(calls=3, effects=effects))
    assert {effect.subject for effect in lasting_effects(row)} == {"self.n", "random"}
    assert len(row.effects) < 60, "a function that builds much would send it all with each row"


def test_what_is_counted_is_told_as_numbers() -> None:
    made = record(calls=7, threads={1, 2}, definitions=3, seconds=1.5, own_seconds=1.0, squares=0.5, effect_calls=4)
    made.signatures.update(["a", "a", "b"])
    made.paths.update([1, 2, 3, 3])
    made.ops.update({"MatMul": 2, "Add": 1})
    made.exceptions.update(["ValueError"])
    row = sent(made)
    assert (row.calls, row.threads, row.function_objects, row.signatures, row.paths) == (7, 2, 3, 2, 3)
    assert (row.seconds, row.own_seconds, row.squares, row.effect_calls) == (1.5, 1.0, 0.5, 4)
    assert row.ops == {"MatMul": 2, "Add": 1} and row.exceptions == {"ValueError": 1}


def test_the_first_call_that_makes_variables_is_told_and_how_many_more_did() -> None:
    made = record(creations=3, creation={"call": 4, "number": 2, "names": ("w",)})
    row = sent(made)
    assert row.creation is not None
    assert (row.creation.call, row.creation.number, row.creation.more, list(row.creation.names)) == (4, 2, 2, ["w"])
    assert sent(record()).creation is None


def test_the_time_since_its_first_call_does_not_count_what_watching_took(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "perf_counter", lambda: 110.0)
    row = sent(record(calls=2, first=100.0, last=108.0, overhead=0.5), begun=90.0, overhead=4.0)
    assert (row.first_seconds, row.last_seconds, row.window, row.overhead_seconds) == (10.0, 18.0, 6.0, 0.5)


def test_of_what_was_never_called_no_time_is_told() -> None:
    row = sent(record(), begun=90.0, overhead=4.0)
    assert (row.calls, row.first_seconds, row.last_seconds, row.window) == (0, 0.0, 0.0, 0.0)


def test_parameters_are_told_by_how_many_values_and_objects_they_had_and_by_their_kinds() -> None:
    seen = {"x": {"values": {1, 2, 3}, "objects": {7}, "kinds": {"tensor", "array"}}}
    assert sent(record(parameters=seen)).parameters == {
        "x": {"values": 3, "objects": 1, "kinds": ["array", "tensor"]}
    }
