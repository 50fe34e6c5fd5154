"""Each rule's own examples, and the pages made of the rules."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from random_programs import solved

from hybridize.records import Finding, Scan
from hybridize.static import scan
from hybridize.static.document import DIRECTORY, render_pages
from hybridize.static.facts.allocation import Allocations
from hybridize.static.facts.callgraph import CallGraph
from hybridize.static.facts.view import Facts, View
from hybridize.static.ir.solver import Node
from hybridize.static.rules import Example, Group, Rule, all_rules, explain, page_of, rule_of

INVALID = [(rule, example) for rule in all_rules() for example in rule.INVALID]
VALID = [(rule, program) for rule in all_rules() for program in rule.VALID]


def scan_program(directory: Path, program: str) -> Scan:
    (directory / "train.py").write_text(inspect.cleandoc(program) + "\n")
    result = scan(directory)
    assert not result.warnings
    return result


def found_in(result: Scan) -> list[Finding]:
    """What is found in the example's ``step``; in all of its functions where none is called that."""
    functions = [function for function in result.functions if function.qualname.split(".")[-1] == "step"]
    found: list[Finding] = []
    for function in functions or result.functions:
        found += function.findings
        if function.blocker is not None:
            found.append(function.blocker)
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("rule", "example"), INVALID, ids=lambda value: getattr(value, "code", ""))
def test_the_failing_example_has_the_finding(rule: Rule, example: Example, tmp_path: Path) -> None:
    """At that line, as certain as that, in those words."""
    found = [each for each in found_in(scan_program(tmp_path, example.program)) if each.code == rule.code]
    assert found
    assert (found[0].line, found[0].certain, found[0].message) == example[1:]


@pytest.mark.slow
@pytest.mark.parametrize(("rule", "program"), VALID, ids=lambda value: getattr(value, "code", ""))
def test_the_passing_example_has_not(rule: Rule, program: str, tmp_path: Path) -> None:
    assert rule.code not in {each.code for each in found_in(scan_program(tmp_path, program))}


@pytest.mark.slow
@pytest.mark.parametrize(("rule", "example"), INVALID, ids=lambda value: getattr(value, "code", ""))
def test_each_message_is_a_clause_with_its_own_subject(rule: Rule, example: Example, tmp_path: Path) -> None:
    """So that it can stand alone, after a colon, and after "although"."""
    subject = re.compile(r"(`[\w.]+`|parameter `\w+`|the (script|lambda)|Keras|Python) \w")
    for function in scan_program(tmp_path, example.program).functions:
        for finding in function.findings:
            assert subject.match(finding.message), finding.message
        for assumption in function.assumptions:
            doubt = assumption.statement.partition(", although ")[2]
            assert not doubt or subject.match(doubt), assumption.statement


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_a_rule_is_complete(rule: Rule) -> None:
    assert rule.title
    assert not rule.title.endswith(".")
    assert rule.INVALID
    assert rule.VALID
    page = page_of(rule)
    for part in ("## What it does", "## Why it matters"):
        assert part in page


def test_codes_are_unique_and_ordered() -> None:
    codes = [rule.code for rule in all_rules()]
    assert codes == sorted(set(codes))


def test_what_a_function_is_ranks_before_what_it_does_and_that_before_what_it_gains() -> None:
    ranks = {code: rule.rank for code, rule in rule_of().items()}
    assert ranks["HYB302"] == ranks["HYB206"] < ranks["HYB101"] < ranks["HYB201"] < ranks["HYB301"] < ranks["HYB401"]
    assert ranks["HYB401"] < ranks["HYB501"] < ranks["HYB600"]


def test_a_rule_s_group_is_that_of_its_code() -> None:
    groups = list(Group)
    assert {rule.code: groups.index(rule.group) for rule in all_rules()} == {
        rule.code: int(rule.code[3]) - 1 for rule in all_rules()
    }


def test_explain_gives_the_page_for_any_spelling_of_the_code() -> None:
    assert explain("hyb104") == explain("HYB104")
    assert explain("HYB104").startswith("# HYB104: ")


def test_explain_refuses_a_code_that_no_rule_has() -> None:
    with pytest.raises(KeyError):
        explain("HYB999")


def test_every_page_is_up_to_date() -> None:
    """A rule was changed, added or removed: ``python -m hybridize.static.document`` writes the pages."""
    pages = render_pages()
    written = {path.name: path.read_text() for path in DIRECTORY.glob("*.md")}
    assert written == pages


@pytest.mark.parametrize("width", [3, 30])
def test_a_container_that_a_result_has_many_times_is_searched_once(
    width: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a list of lists of lists there are as many paths as their widths multiplied; the steps are added."""
    lists = "".join(f"    {outer} = [{', '.join(inner * width)}]\n" for inner, outer in ("ab", "bc", "cd"))
    program = solved(tmp_path, f"import numpy as np\ndef f():\n    a = np.ones(2)\n{lists}    return d\n")
    code = program.functions[-1]
    asked = list[Node]()
    traced = View.traced

    def count(view: View, node: Node, depth: int = 0) -> bool | None:
        asked.append(node)
        return traced(view, node, depth)

    monkeypatch.setattr(View, "traced", count)
    view = View(Facts(program, CallGraph(program), Allocations(program)), code)
    (hazard,) = rule_of()["HYB401"].conclude(view)
    assert "a NumPy array" in hazard.message
    assert len(asked) == width
