"""What is said of graph code that ran eagerly: who, how often, because of which line."""

from __future__ import annotations

import pytest

from hybridize.records import Action, Batches, Finding, Function, FunctionKind, Modes, Throw
from hybridize.run.eagerness import cause, fact, is_to_enter, is_to_watch, names_switch, switches_of

ON = Throw("functions", "run_functions_eagerly", True, (("train.py", 6),))
OFF = Throw("functions", "run_functions_eagerly", False, (("train.py", 9),))
MODEL = Throw("model", "Net", True, (("train.py", 41),))


def function(qualname: str = "step", hybrid: str | None = None, blocker: str | None = None) -> Function:
    kind = FunctionKind.METHOD if "." in qualname else FunctionKind.FUNCTION
    finding = Finding(blocker, "", "train.py", 1, (), True) if blocker is not None else None
    findings = (finding,) if finding is not None else ()
    return Function(
        f"train:{qualname}", "train.py", 1, 2, "train", qualname, kind, hybrid, (), findings, (), Action.NONE, finding
    )


def test_a_decorated_function_that_ran_as_a_graph_is_not_contradicted():
    assert fact(function(hybrid="@tf.function"), Modes(), 400) is None


def test_a_decorated_function_that_ran_eagerly_is_told_with_the_line():
    said = fact(function(hybrid="@tf.function"), Modes(eager={"train:step": 400}, thrown=(ON,)), 400)
    assert said is not None
    assert "ran eagerly in 400 of 400 calls" in said
    assert "tf.config.run_functions_eagerly(True) at train.py:6" in said


def test_a_step_of_keras_names_the_switch_of_its_model_before_that_of_all_functions():
    step = function("Net.train_step", blocker="HYB302")
    said = fact(step, Modes(eager={step.id: 86}, thrown=(ON, MODEL)), 86)
    assert said is not None
    assert "because of run_eagerly=True at train.py:41" in said


def test_a_step_of_keras_that_was_traced_is_hybrid_whatever_the_source_says_of_a_switch():
    step = function("Net.train_step", blocker="HYB302")
    assert fact(step, Modes(traced={step.id: 2}), 0) == "it already runs as a graph (Model.fit traced it in this run)"


def test_a_class_of_the_projects_own_may_call_its_method_train_step():
    step = function("Trainer.train_step")
    assert not is_to_watch(step)
    assert fact(step, Modes(eager={step.id: 370}), 370) is None


def test_what_only_graph_code_calls_by_its_source_is_told_as_well():
    loss = function("loss", blocker="HYB502")
    said = fact(loss, Modes(eager={loss.id: 30}, thrown=(ON,)), 0)
    assert said is not None
    assert said.startswith("its callers are graph code by their source, but it ran eagerly in 30 calls")


def test_a_switch_that_is_thrown_back_says_so():
    (switch,) = switches_of(Modes(thrown=(ON, OFF)))
    assert switch.back == ("train.py", 9)
    assert switch.words.endswith("at train.py:6, switched off again at train.py:9")


def test_a_line_that_throws_it_again_and_again_is_one_switch():
    assert len(switches_of(Modes(thrown=(MODEL, MODEL, MODEL)))) == 1


def test_nothing_that_was_not_thrown_is_a_cause():
    assert cause(Modes(batches={"m.Net": Batches(3, 3, 1.0)}), None) is None


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("train:run_eagerly@41", True),
        ("pkg.train:run_functions_eagerly@6", True),
        ("train:run_eagerly", False),
        ("train:step@3", False),
    ],
)
def test_a_switch_is_known_by_its_id(name, is_one):
    assert names_switch(name) is is_one


def test_the_run_is_asked_of_all_that_the_source_takes_for_graph_code():
    assert is_to_enter(function(hybrid="tf.function(step)"))
    assert is_to_enter(function(blocker="HYB502"))
    assert is_to_enter(function("Net.train_step", blocker="HYB302"))
    assert not is_to_enter(function("Net.build", blocker="HYB302"))


def test_the_calls_of_what_a_switch_may_reach_are_watched():
    assert is_to_watch(function(hybrid="@tf.function"))
    assert is_to_watch(function("Net.train_step", blocker="HYB302"))
    assert not is_to_watch(function("Net.train_step", hybrid="Model.fit traces it"))
    assert not is_to_watch(function(hybrid="tf.function(step)"))
