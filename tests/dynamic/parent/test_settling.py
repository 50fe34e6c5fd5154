"""What the runs say of each assumption, and which of them a confirmation can't do without."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from test_judging import ROOT, SIGNED, checked, effect, function, observed, parameter, settle

from hybridize.dynamic.parent import judging
from hybridize.dynamic.parent.settling import check_assumptions
from hybridize.dynamic.rows import CheckedRow
from hybridize.records import Assumption, AssumptionKind, Observation, Variant, Verdict


@pytest.mark.parametrize(
    ("kind", "seen", "compared", "verdict"),
    [
        (AssumptionKind.ARGUMENT_TYPE, {}, {}, Verdict.CONFIRMED),
        (AssumptionKind.ARGUMENT_TYPE, {"misfits": {"x": "array"}}, {}, Verdict.REFUTED),
        (AssumptionKind.ARGUMENT_TYPE, {"fitting": {}}, {}, Verdict.UNOBSERVED),
        (AssumptionKind.NO_EFFECT, {}, {}, Verdict.CONFIRMED),
        (AssumptionKind.NO_EFFECT, {"effects": [effect()]}, {}, Verdict.REFUTED),
        (AssumptionKind.BOUNDED_TRACES, {}, {}, Verdict.CONFIRMED),
        (AssumptionKind.BOUNDED_TRACES, {"owner_signatures": 90}, {}, Verdict.REFUTED),
        (AssumptionKind.STABLE, {}, {}, Verdict.CONFIRMED),
        (AssumptionKind.STABLE, {}, {"refutations": {"unstable": "x"}}, Verdict.REFUTED),
        (AssumptionKind.STABLE, {}, {"compared": 0}, Verdict.UNOBSERVED),
        (AssumptionKind.TRACEABLE, {}, {"refutations": {"raised": "x"}, "compared": 0}, Verdict.REFUTED),
        (AssumptionKind.SAME_RESULT, {}, {"refutations": {"differs": "x"}}, Verdict.REFUTED),
        (AssumptionKind.NO_CREATION, {}, {"refutations": {"creation": "x"}}, Verdict.REFUTED),
        (AssumptionKind.SAME_RESULT, {"calls": 0}, {}, Verdict.UNOBSERVED),
    ],
)
def test_every_assumption_is_settled(
    kind: AssumptionKind, seen: dict[str, Any], compared: dict[str, Any], verdict: Verdict
) -> None:
    assumption = Assumption(kind, "x", "x is a tensor", hint="tensor")
    judgement = judging.judge_checked(
        function(assumption), Observation(calls=100), checked(**compared), ROOT, "", Variant()
    )
    (settled,) = check_assumptions(judgement, observed(**seen), checked(**compared)).assumptions
    assert settled.verdict is verdict and settled.evidence


def test_growing_signatures_are_no_fault_of_a_variant_that_takes_them_in_one_trace() -> None:
    bounded = Assumption(AssumptionKind.BOUNDED_TRACES, "rate", "it is given few values")
    row = observed(owner_signatures=90)
    for variant, verdict in ((SIGNED, Verdict.CONFIRMED), (Variant(), Verdict.REFUTED)):
        found = settle(variant=variant)
        found = replace(found, function=function(bounded))
        checked = check_assumptions(found, row, CheckedRow(traces=1, compared=14))
        assert checked.assumptions[0].verdict is verdict


ONE_MODEL = Assumption(AssumptionKind.SAME_OBJECT, "model", "`model` is always the same object")


def judge_second_object(number: int, whole: bool, **changes: Any) -> Any:
    """The judgement on a candidate that agreed in all compared calls, and whose source shows a second model."""
    parameters = {"model": parameter("Net", objects=number)}
    row = checked(**changes)
    found = judging.judge_checked(function(ONE_MODEL), Observation(calls=100), row, ROOT, "", Variant())
    return check_assumptions(found, observed(parameters=parameters, whole=whole), row)


def test_a_second_object_that_never_came_in_a_run_that_was_cut_leaves_it_open() -> None:
    found = judge_second_object(1, whole=False)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.assumptions[0].verdict is Verdict.UNOBSERVED
    assert "cut after 100 calls, before a second object was passed as `model`" in found.reasons[0].message
    assert "--budget" in found.reasons[0].message, "and what to do"
    assert found.variants[0].outcome is Verdict.INCONCLUSIVE


def test_one_object_to_the_end_of_the_script_is_enough() -> None:
    found = judge_second_object(1, whole=True)
    assert found.verdict is Verdict.CONFIRMED
    assert found.assumptions[0].evidence == "1 object in 100 calls"


def test_a_second_object_counts_when_calls_with_it_were_compared() -> None:
    assert judge_second_object(3, whole=False, objects={"model": 2}).verdict is Verdict.CONFIRMED
    found = judge_second_object(3, whole=True, objects={"model": 1})
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "the calls compared had 1 object as `model`, of 3 in 100 calls" in found.reasons[0].message


def test_variables_that_came_with_the_second_object_refute_the_assumption() -> None:
    found = judge_second_object(2, whole=True, refutations={"creation": "it creates variables in call 50"})
    assert found.verdict is Verdict.REFUTED
    assert found.assumptions[0].verdict is Verdict.REFUTED


def test_a_parameter_that_never_held_an_object_is_no_doubt() -> None:
    assert judge_second_object(0, whole=False).verdict is Verdict.CONFIRMED
