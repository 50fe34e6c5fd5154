"""The verdicts as JUnit XML, which CI servers show as tests: one test case for the run and one for each candidate."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from ... import exit_codes
from ...records import Judgement, Report, Verdict
from ..advice import Weight, next_step, weight
from ..visible import visible
from ..wording import is_proposed, reasons, samples


def render(report: Report, results: Path | None) -> str:
    """Return a test suite. ``results`` is not used.

    The case of the run fails if the exit code is 1, and is an error if it is greater. A confirmed candidate passes. A
    refuted or undecided candidate is skipped with the reason, because the current code is correct. A function that the
    code already runs as a graph fails if the runs refute that.
    """
    suite = Element("testsuite", name="hybridize")
    _run(suite, report)
    _held(suite, report)
    for judgement in report.judgements:
        if is_proposed(judgement) or weight(judgement, report) is Weight.WRONG:
            _case(suite, judgement, report)
    counts = {
        "tests": str(len(suite.findall("testcase"))),
        "failures": str(len(suite.findall("testcase/failure"))),
        "errors": str(len(suite.findall("testcase/error"))),
        "time": f"{max(0.0, report.budget.spent_seconds):.3f}",
    }
    skipped = str(len(suite.findall("testcase/skipped")))
    suite.attrib.update({**counts, "skipped": skipped, "timestamp": visible(report.created)})
    suites = Element("testsuites", {"name": "hybridize", **counts})
    suites.append(suite)
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"


def _run(suite: Element, report: Report) -> None:
    case = SubElement(suite, "testcase", classname="hybridize", name="run")
    if report.exit_code:
        kind = "failure" if report.exit_code == exit_codes.CHECK else "error"
        SubElement(case, kind, type=visible(report.status), message=visible(report.message))
    else:
        SubElement(case, "system-out").text = visible(report.message)


def _held(suite: Element, report: Report) -> None:
    """A case for the speedup compared with a baseline. It is skipped if it is not decided."""
    held = report.held
    if held is None:
        return
    case = SubElement(suite, "testcase", classname="hybridize", name="speedup")
    said = visible("; ".join([held.verdict, *(f"{each.candidate} {each.message}" for each in held.otherwise)]))
    kind = {"lost": "failure", "inconclusive": "skipped"}.get(held.verdict)
    if kind is not None:
        SubElement(case, kind, type=held.verdict, message=said)
    SubElement(case, "system-out").text = said


def _case(suite: Element, judgement: Judgement, report: Report) -> None:
    function, verdict = judgement.function, judgement.verdict
    case = SubElement(suite, "testcase", classname=visible(function.module), name=visible(function.qualname))
    said = reasons(judgement) or samples(judgement, report) or "the run gives no information about it"
    if weight(judgement, report) is Weight.WRONG:
        outcome = SubElement(case, "failure", type=verdict.value, message=visible(said))
        outcome.text = visible(f"{function.file}:{function.line}\n{next_step(judgement, report)}", lines=True)
    elif verdict is not Verdict.CONFIRMED:
        SubElement(case, "skipped", type=verdict.value, message=visible(f"{verdict.value}: {said}"))
    told = [f"{function.file}:{function.line}", f"{verdict.value}: {said}", samples(judgement, report)]
    told.append(next_step(judgement, report))
    SubElement(case, "system-out").text = visible("\n".join(line for line in told if line), lines=True)

