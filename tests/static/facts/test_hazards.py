"""A hazard as it stands, and as callers inherit it."""

from __future__ import annotations

from hybridize.records import AssumptionKind, Group
from hybridize.static.facts.hazards import LONGEST, LONGEST_OF_DOUBT, Hazard
from hybridize.static.ir.code import Call, FunctionCode, ModuleCode
from hybridize.static.ir.solver import Node


def function(name: str) -> FunctionCode:
    module = ModuleCode(0, "train", "train.py", False, 99)
    return FunctionCode(module, name, name, "function", 1, 2, Node(1), Node(1))


def inherited(times: int) -> Hazard:
    hazard = Hazard("HYB101", "`f0` prints", function("f0"), 7, True, AssumptionKind.NO_EFFECT, "print", effect=True)
    for number in range(1, times + 1):
        owner = function(f"f{number}")
        hazard = hazard.seen_from(owner, Call(owner, 10 + number, None), hazard.certain, None)
    return hazard


def test_it_knows_where_it_stands_and_how_far_that_is():
    hazard = inherited(3)
    assert hazard.depth == 3
    assert (hazard.innermost.owner.name, hazard.innermost.line) == ("f0", 7)
    assert (hazard.owner.name, hazard.line) == ("f3", 13)
    assert inherited(0).innermost.depth == 0


def test_its_chain_names_each_call_and_ends_where_it_stands():
    assert [step.note for step in inherited(2).chain(LONGEST)] == ["calls f1", "calls f0", "`f0` prints"]


def test_a_long_chain_has_its_first_calls_and_its_last_step():
    chain = inherited(20).chain(LONGEST)
    assert len(chain) == LONGEST
    assert (chain[0].note, chain[-1].note) == ("calls f19", "`f0` prints")


def test_the_chain_of_a_doubt_is_shorter_than_that_of_a_refusal():
    assert len(inherited(20).finding(False, Group.EFFECTS).chain) == LONGEST_OF_DOUBT
    assert len(inherited(20).finding(True, Group.EFFECTS).chain) == LONGEST


def test_what_a_call_may_reach_instead_makes_it_ambiguous():
    hazard, owner = inherited(0), function("caller")
    assert not hazard.seen_from(owner, Call(owner, 1, None), True, None).ambiguous
