"""Each rule's own examples, and the pages made of the rules."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from hybridize.records import Scan
from hybridize.static import scan
from hybridize.static.document import DIRECTORY, render_pages
from hybridize.static.rules import Rule, all_rules, explain, page_of

INVALID = [(rule, program) for rule in all_rules() for program in rule.INVALID]
VALID = [(rule, program) for rule in all_rules() for program in rule.VALID]


def scan_program(directory: Path, program: str) -> Scan:
    (directory / "train.py").write_text(inspect.cleandoc(program) + "\n")
    result = scan(directory)
    assert not result.warnings
    return result


def codes_in(result: Scan) -> set[str]:
    """The codes found in the example's ``step``; in all of its functions where none is called that."""
    functions = [function for function in result.functions if function.qualname.split(".")[-1] == "step"]
    found: set[str] = set()
    for function in functions or result.functions:
        found.update(finding.code for finding in function.findings)
        if function.blocker is not None:
            found.add(function.blocker.code)
    return found


@pytest.mark.parametrize(("rule", "program"), INVALID, ids=lambda value: getattr(value, "code", ""))
def test_the_failing_example_has_the_finding(rule: Rule, program: str, tmp_path: Path) -> None:
    assert rule.code in codes_in(scan_program(tmp_path, program))


@pytest.mark.parametrize(("rule", "program"), VALID, ids=lambda value: getattr(value, "code", ""))
def test_the_passing_example_has_not(rule: Rule, program: str, tmp_path: Path) -> None:
    assert rule.code not in codes_in(scan_program(tmp_path, program))


@pytest.mark.parametrize(("rule", "program"), INVALID, ids=lambda value: getattr(value, "code", ""))
def test_each_message_is_a_clause_with_its_own_subject(rule: Rule, program: str, tmp_path: Path) -> None:
    """So that it can stand alone, after a colon, and after "although"."""
    subject = re.compile(r"(`[\w.]+`|parameter `\w+`|the (script|lambda)|Keras|Python) \w")
    for function in scan_program(tmp_path, program).functions:
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
    for part in ("## What it does", "## Why is this bad"):
        assert part in page


def test_codes_are_unique_and_ordered() -> None:
    codes = [rule.code for rule in all_rules()]
    assert codes == sorted(set(codes))


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
