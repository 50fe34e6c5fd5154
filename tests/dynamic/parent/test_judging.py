"""From what the runs saw to verdicts: every way to be refuted, every doubt, and what a confirmation rests on."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from hybridize.dynamic.child.observing import sampled
from hybridize.dynamic.parent import judging
from hybridize.dynamic.rows import CheckedRow, ObservedRow
from hybridize.records import (
    Action,
    Assumption,
    Function,
    FunctionKind,
    Move,
    Observation,
    Variant,
    Verdict,
)

ROOT = {"/copy/p": ""}


def function(*assumptions: Assumption) -> Function:
    return Function(
        id="train:step",
        file="train.py",
        line=3,
        end_line=9,
        module="train",
        qualname="step",
        kind=FunctionKind.FUNCTION,
        hybrid=None,
        parameters=(),
        findings=(),
        assumptions=assumptions,
        proposal=Action.HYBRIDIZE,
        blocker=None,
    )


def observed(**changes: Any) -> ObservedRow:
    """What an observing run reports of a candidate that is worth checking."""
    known = {
        "calls": 100,
        "seconds": 2.0,
        "own_seconds": 1.0,
        "squares": 0.05,
        "window": 20.0,
        "caller_seconds": {},
        "traced_calls": 0,
        "threads": 1,
        "function_objects": 1,
        "owners": 1,
        "late_owners": 0,
        "owner_signatures": 1,
        "owner_calls": 100,
        "creation": None,
        "refusal": "",
        "signatures": 1,
        "paths": 1,
        "ops": {"MatMul": 40, "Relu": 20},
        "op_calls": 20,
        "effects": [],
        "effect_calls": 20,
        "exceptions": {},
        "result_types": {"EagerTensor": 20},
        "callers": {"": 100},
        "first_seconds": 0.0,
        "last_seconds": 2.0,
        "overhead_seconds": 0.0,
        "parameters": {"x": parameter("tensor", ("float32",), ("(4, 3)",))},
        "misfits": {},
        "fitting": {"x": 20},
        "blind": "",
        "whole": False,
        **changes,
    }
    return ObservedRow.from_json(known)


def creation(more: int = 0) -> dict[str, Any]:
    """What an observing run reports of variables that were created in a later call, and in ``more`` after that."""
    return {"call": 295, "number": 4, "names": ["sgd/iteration"], "more": more}


def parameter(kind: str, dtypes: tuple[str, ...] = (), shapes: tuple[str, ...] = (), objects: int = 0) -> Any:
    """What an observing run reports of a parameter: ``objects`` different ones."""
    return {
        "kinds": [kind], "dtypes": list(dtypes), "shapes": list(shapes), "values": max(1, objects), "objects": objects
    }  # fmt: skip


def effect(kind: str = "attribute", subject: str = "self.count", calls: int = 3, later: int = 2, **more: Any) -> Any:
    """What an observing run reports of an effect: seen in ``calls``, ``later`` of them not the first of their owner."""
    detail = more.pop("detail", "0 then 1")
    row = {"kind": kind, "subject": subject, "detail": detail, "place": None, "calls": calls, "later": later}
    return {**row, "building": 0, **more}


def judge(**changes: Any) -> Any:
    return judging.judge_observed(function(), observed(**changes), 4.0, ROOT)


def test_a_candidate_without_a_fault_is_left_to_be_checked() -> None:
    assert judge() is None


def test_what_was_not_called_is_unobserved() -> None:
    for row in (None, observed(calls=0)):
        found = judging.judge_observed(function(), row, 4.0, ROOT)
        assert found is not None and found.verdict is Verdict.UNOBSERVED


@pytest.mark.parametrize(
    ("changes", "verdict", "words"),
    [
        ({"effects": [effect()]}, Verdict.REFUTED, "it changes self.count, which outlives the call (0 then 1)"),
        ({"effects": [effect("printed", "standard output", detail="'x'")]}, Verdict.REFUTED, "it prints ('x')"),
        ({"effects": [effect("file", "log.txt")]}, Verdict.REFUTED, "writes to the file log.txt"),
        ({"effects": [effect("iterator", "BATCHES")]}, Verdict.REFUTED, "advances the Python iterator BATCHES"),
        ({"effects": [effect("array", "buffer")]}, Verdict.REFUTED, "the NumPy array buffer in place"),
        ({"effects": [effect("random", "np.random", detail="drawn")]}, Verdict.REFUTED, "a graph would freeze them"),
        ({"creation": creation()}, Verdict.REFUTED, "it creates variables in call 295 (4 variables, such as sgd/"),
        ({"refusal": "a `Trainer` can't be hashed"}, Verdict.REFUTED, "a `Trainer` can't be hashed"),
        ({"effects": [effect("thread", "threading")]}, Verdict.REFUTED, "starts a thread"),
        ({"effects": [effect("global", "STEP")]}, Verdict.REFUTED, "the global STEP"),
        ({"effects": [effect("closure", "step")]}, Verdict.REFUTED, "the enclosing function's step"),
        ({"effects": [effect("something new", "x")]}, Verdict.REFUTED, "it changes x"),
        ({"effects": [effect(beside=True)]}, Verdict.INCONCLUSIVE, "another thread ran at the same time"),
        ({"effects": [effect("random", "np.random")]}, Verdict.REFUTED, "np.random"),
        ({"exceptions": {"ValueError: no": 100}}, Verdict.INCONCLUSIVE, "every call raised: ValueError: no"),
        ({"ops": {}}, Verdict.NOT_PROPOSED, "it ran no TensorFlow op in 20 sampled calls"),
        ({"op_calls": 0}, Verdict.INCONCLUSIVE, "could not be checked"),
        ({"blind": "MemoryError: "}, Verdict.INCONCLUSIVE, "could not be checked (MemoryError: )"),
        (
            {"calls": 5},
            Verdict.INCONCLUSIVE,
            "it was called 5 times; at least 6 calls are needed to compare it; use a longer --budget",
        ),
        ({"calls": 1}, Verdict.INCONCLUSIVE, "it was called once"),
        ({"calls": 0, "traced_calls": 7}, Verdict.NOT_PROPOSED, "already runs only inside graphs (7 calls"),
        ({"function_objects": 90}, Verdict.REFUTED, "redefined 90 times in its 100 calls"),
        (
            {"parameters": {"x": parameter("symbolic tensor")}},
            Verdict.REFUTED,
            "symbolic tensors of Keras",
        ),
    ],
)
def test_what_the_observed_run_alone_decides(changes: dict[str, Any], verdict: Verdict, words: str) -> None:
    found = judge(**changes)
    assert found is not None and found.verdict is verdict
    assert words in found.reasons[0].message


def test_what_only_the_first_call_did_is_the_cold_runs_matter() -> None:
    """Built lazily: under a graph it happens in the first trace, once, as it did eagerly."""
    assert judge(effects=[effect(calls=1, later=0)]) is None


def test_what_the_only_call_did_counts() -> None:
    found = judge(calls=1, whole=True, effects=[effect(calls=1, later=0)])
    assert found is not None and found.verdict is Verdict.REFUTED


def test_the_seeds_that_the_only_call_drew_while_it_built_do_not_count() -> None:
    seeds = effect("random", "random", calls=1, later=0, building=1, detail="Python random numbers were drawn")
    assert judge(calls=1, whole=True, effects=[seeds]) is None
    assert judge(calls=1, whole=True, effects=[{**seeds, "building": 0}]) is not None


def test_variables_made_in_a_later_call_are_told_with_the_call_and_what_to_do() -> None:
    found = judge(creation=creation(more=2), effects=[effect()])
    assert found is not None and [reason.message for reason in found.reasons] == [
        "it creates variables in call 295 (4 variables, such as sgd/iteration) and in 2 later calls; a graph may "
        "create them only in its first call: create them before it (`optimizer.build(variables)` creates an "
        "optimizer's), or define one function for each model",
    ]


def test_an_effect_says_in_how_many_calls_it_was_seen_and_where() -> None:
    found = judge(effects=[{**effect(), "place": "/copy/p/train.py:7"}])
    assert found is not None
    assert found.reasons[0].message.endswith("at train.py:7 (seen in 3 of 20 sampled calls)")


def test_a_call_of_our_own_threads_effect_never_hides_a_real_one() -> None:
    found = judge(effects=[effect(beside=True), effect("printed", "standard output", detail="'x'")])
    assert found is not None and found.verdict is Verdict.REFUTED and "prints" in found.reasons[0].message


@pytest.mark.parametrize(
    ("signatures", "calls", "grows"),
    [
        (1, 100, False),
        (12, 100, False),
        (13, 1000, False),
        (13, 100, True),
        (100, 100, True),
        (6, 10, True),
        (5, 9, False),
    ],
)
def test_signatures_that_grow_with_the_calls_are_named_with_their_parameter(
    signatures: int, calls: int, grows: bool
) -> None:
    parameters = {
        "x": {"kinds": ["tensor"], "dtypes": ["float32"], "shapes": ["(4, 3)"], "values": 1},
        "rate": {"kinds": ["Python float"], "dtypes": [], "shapes": [], "values": signatures},
    }
    many = {"signatures": signatures, "calls": calls, "owner_signatures": signatures, "owner_calls": calls}
    row = observed(parameters=parameters, **many)
    reason = judging.growing_signatures(judging.observation_of(row, 4.0, ROOT), row)
    assert (reason is not None) == grows
    if reason is not None:
        assert f"{signatures}+ signatures in {calls:,} calls, from `rate` (Python float)" in reason


# Checked


def checked(**changes: Any) -> CheckedRow:
    """What a checking run reports of a candidate that agreed."""
    known = {
        "calls": 40,
        "compared": 14,
        "states": 14,
        "reads_nothing": False,
        "refutations": {},
        "doubts": {},
        "eager_seconds": 0.01,
        "graph_seconds": 0.002,
        "trace_seconds": 0.3,
        "max_error": 1e-7,
        "traces": 1,
        "owner_traces": 1,
        "owner_compared": 14,
        "causes": [],
        "signatures": 1,
        "objects": {},
        "compared_paths": 1,
        "unseen_path_calls": 0,
        "raised": 0,
        "retraced": 5,
        "captured": [],
        "returned": [],
        "rehearsal": None,
        **changes,
    }
    return CheckedRow.from_json(known)


def settle(died: str = "", variant: Variant | None = None, **changes: Any) -> Any:
    row = checked(**changes)
    return judging.judge_checked(function(), Observation(calls=100), row, ROOT, died, variant or Variant())


def test_a_confirmation_says_what_it_rests_on() -> None:
    found = settle()
    assert found.verdict is Verdict.CONFIRMED
    agreed = found.reasons[0]
    assert (agreed.code, agreed.evidence) == ("agreed", "14 distinct states, 1 signature, 1 op sequence")
    assert "14 calls compared" in agreed.message and "5 retraces checked" in agreed.message
    (variant,) = found.variants
    assert (variant.name, variant.outcome, variant.traces) == ("graph", Verdict.CONFIRMED, 1)
    assert (variant.eager_seconds_per_call, variant.seconds_per_call) == (0.01, 0.002)


def test_a_confirmation_says_what_it_does_not_rest_on() -> None:
    row = checked(captured=["float32()=3.0 (/copy/p/train.py:4)", "float32()=5.0"])
    found = judging.judge_checked(function(), Observation(calls=100, signatures=3), row, ROOT, "", Variant())
    assert found.verdict is Verdict.CONFIRMED
    assert ", 1 of 3 signatures, " in found.reasons[0].evidence
    assert found.reasons[1].message == (
        "its graph keeps 2 constant tensors, which did not change: float32()=3.0 (train.py:4), float32()=5.0"
    )


def test_what_a_thread_beside_may_have_drawn_is_for_the_check_to_tell() -> None:
    assert judge(effects=[effect("random", "np.random", beside=True)]) is None


def test_a_confirmation_says_which_variables_come_back_as_their_values() -> None:
    reading = replace(function(), results_read=(("[1]", "train.py:40"),))
    found = judging.judge_checked(reading, Observation(calls=100), checked(returned=["[1]"]), ROOT, "", Variant())
    assert found.reasons[1].message == (
        "its result[1] is a variable; a graph returns its value, and the project only reads the value (train.py:40)"
    )


def test_calls_of_other_threads_are_no_evidence() -> None:
    found = judging.judge_checked(function(), Observation(calls=100, threads=2), checked(), ROOT, "", Variant())
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "called in 2 threads" in found.reasons[0].message


@pytest.mark.parametrize(
    ("changes", "verdict", "words"),
    [
        ({"refutations": {"unstable": "a constant changes"}}, Verdict.REFUTED, "its trace depends on Python state"),
        ({"refutations": {"differs": "the result is 3"}}, Verdict.REFUTED, "the graph computes something different"),
        ({"refutations": {"raised": "as a graph it raises"}}, Verdict.REFUTED, "as a graph it raises"),
        ({"refutations": {"effect": "it prints ('x')"}}, Verdict.REFUTED, "it prints ('x')"),
        ({"refutations": {"stale-weights": "initial weights"}}, Verdict.REFUTED, "initial weights"),
        ({"doubts": {"state": "a queue"}}, Verdict.INCONCLUSIVE, "a queue"),
        ({"doubts": {"mode": "run eagerly"}}, Verdict.INCONCLUSIVE, "run eagerly"),
        ({"doubts": {"own": "we failed"}}, Verdict.INCONCLUSIVE, "we failed"),
        ({"doubts": {"beside": "a thread"}}, Verdict.INCONCLUSIVE, "a thread"),
        ({"doubts": {"nudge": "raised"}}, Verdict.CONFIRMED, "agree"),
        ({"compared": 4}, Verdict.INCONCLUSIVE, "too little evidence"),
        ({"compared": 0, "states": 0}, Verdict.INCONCLUSIVE, "too little evidence: 0 calls compared"),
        ({"states": 1}, Verdict.INCONCLUSIVE, "too little evidence"),
        ({"states": 1, "reads_nothing": True}, Verdict.CONFIRMED, "eager and graph agree"),
        ({"retraced": 0}, Verdict.INCONCLUSIVE, "its trace was never compared with a later one"),
        ({"unseen_path_calls": 2}, Verdict.INCONCLUSIVE, "2 calls ran an op sequence that was never compared"),
    ],
)
def test_what_a_comparison_decides(changes: dict[str, Any], verdict: Verdict, words: str) -> None:
    found = settle(**changes)
    assert found.verdict is verdict
    assert words in found.reasons[0].message


@pytest.mark.parametrize(
    ("calls", "died", "move", "end"),
    [
        (5, "", Move.BUDGET, "use a longer --budget"),
        (100, "", Move.NOBODY, "1 op sequence"),
        (5, "the process was killed by signal 9", Move.NOBODY, "killed by signal 9"),
    ],
    ids=["the check ended before its calls", "the check saw all of them", "the run died"],
)
def test_a_longer_budget_is_advised_where_it_helps(calls: int, died: str, move: Move, end: str) -> None:
    row = checked(compared=3, calls=calls)
    (reason,) = judging.judge_checked(function(), Observation(calls=100), row, ROOT, died, Variant()).reasons
    assert reason.code == "little-evidence" and reason.move is move
    assert reason.message.endswith(end)


@pytest.mark.parametrize(("traces", "verdict"), [(1, Verdict.CONFIRMED), (6, Verdict.INCONCLUSIVE)])
def test_where_few_calls_were_observed_the_traces_of_the_compared_ones_must_not_grow(
    traces: int, verdict: Verdict
) -> None:
    """Whether the signatures grow with the calls is otherwise told from the observed ones."""
    row = checked(calls=8, compared=7, traces=traces)
    found = judging.judge_checked(function(), Observation(calls=2), row, ROOT, "", Variant())
    assert found.verdict is verdict
    assert found.verdict is Verdict.CONFIRMED or "it was traced 6 times in 7 compared calls" in found.reasons[0].message


@pytest.mark.parametrize(
    ("error", "raised", "verdict"),
    [
        ("InvalidArgumentError: diverged (1 times)", 0, Verdict.INCONCLUSIVE),
        ("InvalidArgumentError: diverged (1 times)", 1, Verdict.CONFIRMED),
        ("OutOfRangeError: End of sequence (3 times)", 0, Verdict.CONFIRMED),
    ],
)
def test_a_call_that_raised_must_be_compared(error: str, raised: int, verdict: Verdict) -> None:
    """Eager code stops at the error; a graph may change variables all the same."""
    seen = Observation(calls=100, exceptions=(error,))
    found = judging.judge_checked(function(), seen, checked(raised=raised), ROOT, "", Variant())
    assert found.verdict is verdict
    assert verdict is Verdict.CONFIRMED or "it raised InvalidArgumentError: diverged" in found.reasons[0].message


def test_a_refutation_outweighs_every_doubt() -> None:
    assert settle(refutations={"differs": "x"}, doubts={"state": "y"}, compared=0).verdict is Verdict.REFUTED


def test_what_the_run_did_not_reach_is_inconclusive() -> None:
    for died in ("", "the process was killed by signal 9"):
        found = judging.judge_checked(function(), Observation(), None, ROOT, died, Variant())
        assert found.verdict is Verdict.INCONCLUSIVE
        assert [reason.message for reason in found.reasons] == [died or "the checking run did not reach it"]


def test_places_in_the_scratch_copy_are_told_as_the_users() -> None:
    found = settle(refutations={"unstable": "a constant changes (/copy/p/train.py:12)"})
    assert found.reasons[0].message.endswith("(train.py:12)")


# Sampling


def test_calls_are_looked_at_ever_more_rarely() -> None:
    looked_at = [call for call in range(1, 10_001) if sampled(call)]
    assert looked_at[:12] == [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64]
    assert len(looked_at) < 30
    assert max(later / earlier for earlier, later in itertools.pairwise(looked_at[2:])) <= 1.5


SIGNED = Variant("input_signature", (("input_signature", "[tf.TensorSpec([], tf.float32)]"),))


def test_a_result_carries_the_variant_that_it_is_of() -> None:
    found = settle(variant=SIGNED)
    assert found.variant == SIGNED
    assert (found.variants[0].name, found.variants[0].arguments) == (SIGNED.name, SIGNED.arguments)
    assert found.variants[0].reason == found.reasons[0].message


def test_a_variant_whose_traces_grow_with_the_calls_is_refuted() -> None:
    found = settle(variant=SIGNED, owner_traces=8, owner_compared=14, causes=["rate: value 0.1 then 0.2"])
    assert found.verdict is Verdict.REFUTED
    assert "retraced repeatedly: 8 times in 14 calls (rate: value 0.1 then 0.2)" in found.reasons[0].message
    # Of the bare graph, the signatures of all observed calls have told that there are no more.
    assert settle(owner_traces=8, owner_compared=14).verdict is Verdict.CONFIRMED


@pytest.mark.parametrize(
    ("owners", "late", "calls", "grows"),
    [
        (24, 24, 24, True),  # an instance for each call
        (24, 12, 100, True),
        (24, 0, 100, False),  # many layers of one class, all there from the start
        (2, 1, 100, False),  # a second critic
        (40, 20, 10_000, False),
    ],
)
def test_traces_grow_with_the_instances_only_where_new_ones_go_on_coming(
    owners: int, late: int, calls: int, grows: bool
) -> None:
    row = observed(calls=calls, signatures=owners, owners=owners, late_owners=late, owner_calls=calls // owners)
    assert judging.traces_grow(row) == grows
