"""Two runs of one program have the same operations in the same order, and another program has not."""

from __future__ import annotations

import os
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from hybridize.dynamic.child import sequence
from hybridize.dynamic.child.sequence import Operations


def operations() -> Operations:
    made = Operations(SimpleNamespace(boundary=lambda: None, job={}))  # type: ignore[arg-type]
    made.variables = lambda: f"after {made.count}"  # type: ignore[method-assign]
    return made


def tensor(dtype: str = "float32", *shape: int) -> Any:
    return SimpleNamespace(dtype=SimpleNamespace(name=dtype), shape=shape)


Op = tuple[Any, list[Any], list[Any]]
PROGRAM: list[Op] = [
    ("MatMul", [tensor("float32", 2, 3), tensor("float32", 3, 1)], [tensor("float32", 2, 1)]),
    (b"Relu", [tensor("float32", 2, 1)], [tensor("float32", 2, 1)]),
    ("__inference_step_12", [tensor()], [tensor()]),
]


def noted(program: list[Op]) -> str:
    run = operations()
    for kind, inputs, outputs in program:
        run.note(kind, inputs, None, outputs)
    return str(run.report()["hash"])


@pytest.mark.parametrize(
    "other",
    [
        PROGRAM[:2],
        [PROGRAM[1], PROGRAM[0], PROGRAM[2]],
        [("MatMul", [tensor("float32", 2, 3), tensor("float32", 3, 1)], [tensor("float64", 2, 1)]), *PROGRAM[1:]],
        [("MatMul", [tensor("float32", 2, 3), tensor("float32", 3, 2)], [tensor("float32", 2, 1)]), *PROGRAM[1:]],
        [("MatMul2", *PROGRAM[0][1:]), *PROGRAM[1:]],
        [*PROGRAM, PROGRAM[2]],
    ],
)
def test_another_operation_order_dtype_or_shape_is_another_program(other: list[Op]) -> None:
    assert noted(PROGRAM) == noted(list(PROGRAM)) != noted(other)


def test_names_of_functions_that_are_made_in_passing_are_cut() -> None:
    assert noted(PROGRAM) == noted([*PROGRAM[:2], ("__inference_step_99", *PROGRAM[2][1:])])
    assert noted(PROGRAM) != noted([*PROGRAM[:2], ("__backward_step_99", *PROGRAM[2][1:], )][:2])


def test_what_other_threads_graphs_and_processes_do_is_not_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    run = operations()
    run.note("Relu", [], None, [], graph=object())
    thread = threading.Thread(target=lambda: run.note("Relu", [], None, []))
    thread.start()
    thread.join()
    run.looking = True  # our own look at the variables
    run.note("Relu", [], None, [])
    run.looking = False
    monkeypatch.setattr(os, "getpid", lambda: -1)
    run.note("Relu", [], None, [])
    assert run.count == 0


def test_the_hash_is_noted_on_the_way_and_the_variables_ever_more_rarely() -> None:
    run = operations()
    for _ in range(5 * sequence.EVERY):
        run.note("Relu", [tensor()], None, [tensor()])
    report = run.report()
    assert len(set(report["marks"])) == 5 and report["operations"] == 5 * sequence.EVERY
    assert report["values"] == {str(n): f"after {n}" for n in (sequence.EVERY, 2 * sequence.EVERY, 4 * sequence.EVERY)}
    assert report["last"] == "", "without TensorFlow there are none"


def test_the_calls_of_a_function_are_counted_and_its_second_ones_end_is_known() -> None:
    run = operations()

    def step(x: int) -> int:
        run.note("Relu", [], None, [])
        return x + 1

    counted = run.wrap("train:step", step)
    assert [counted(n) for n in range(4)] == [1, 2, 3, 4]
    report = run.report()
    assert (report["calls"], report["done"]) == ({"train:step": 4}, {"train:step": 2})


def test_a_call_that_raises_is_none_that_has_ended() -> None:
    run = operations()

    def step() -> None:
        raise KeyError

    with pytest.raises(KeyError):
        run.wrap("train:step", step)()
    assert run.report()["calls"] == {}


UPDATE: Op = ("AssignVariableOp", [tensor()], [])
DRAW: Op = ("RandomStandardNormal", [tensor()], [tensor("float32", 2)])


def chained(program: list[Op]) -> tuple[Any, ...]:
    """What does not depend on the order of the operations between two updates."""
    run = operations()
    for kind, inputs, outputs in program:
        run.note(kind, inputs, None, outputs)
    report = run.report()
    return report["sum"], report["updates"], report["chain"], tuple(report["chained"])


def test_operations_between_two_updates_may_change_places() -> None:
    first, second, third = PROGRAM
    assert chained([first, second, third, UPDATE]) == chained([third, first, second, UPDATE])
    assert noted([first, second, UPDATE]) != noted([second, first, UPDATE])


@pytest.mark.parametrize("barrier", [UPDATE, DRAW])
def test_no_operation_may_go_across_an_update_or_a_draw(barrier: Op) -> None:
    first, second, _ = PROGRAM
    assert chained([first, barrier, second]) != chained([first, second, barrier])
    assert chained([first, second, barrier]) != chained([first, first, barrier])
    assert chained([first, barrier]) != chained([first, barrier, barrier])


def test_updates_are_noted_on_the_way() -> None:
    program = [PROGRAM[0], UPDATE] * (2 * sequence.UPDATES)
    assert len(chained(program)[-1]) == 2
    assert chained(program)[-1][0] == chained(program[: 2 * sequence.UPDATES])[-1][0]
