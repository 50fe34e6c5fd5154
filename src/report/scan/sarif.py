"""The results of the static analysis as SARIF 2.1.0, for code scanning on a code host and for editors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from ...fingerprints import fingerprints_of_lines
from ...records import Action, Confidence, Finding, Function, Scan
from ..sarif import Result, Step, log

# SARIF requires a rule for every result, but a candidate has no rule code.
_CANDIDATE = "candidate"
#: SARIF's priorities, from 0 to 100.
_RANKS = {Confidence.HIGH: 90.0, Confidence.MEDIUM: 50.0, Confidence.LOW: 10.0}


def render(scan: Scan, titles: Mapping[str, str]) -> Iterator[str]:
    """Yield a SARIF log with one result per candidate and one per finding.

    Candidates and certain findings are warnings. Findings that a run must decide are notes. ``titles`` maps the rules'
    codes to their titles.
    """
    codes = sorted({finding.code for function in scan.functions for finding in _findings(function)})
    rules = {_CANDIDATE: "A function that may run as a graph", **{code: titles.get(code, "") for code in codes}}
    return log(scan.root, _results(scan, _Contents(scan)), rules, scan.warnings)


class _Contents:
    """The fingerprints of the lines that results are about. A file is read on the first request for a line of it."""

    def __init__(self, scan: Scan) -> None:
        self._root = Path(scan.root)
        self._lines: dict[str, set[int]] = {}
        self._found: dict[str, dict[int, str]] = {}
        for function in scan.functions:
            if function.proposal is not Action.NONE:
                self._lines.setdefault(function.file, set()).add(function.line)
            for finding in _findings(function):
                self._lines.setdefault(finding.file, set()).add(finding.line)

    def of(self, file: str, line: int) -> str:
        """The fingerprint of a line; empty if its file can't be read."""
        if file not in self._found:
            self._found[file] = fingerprints_of_lines(self._root / file, self._lines[file])
        return self._found[file].get(line, "")


def _results(scan: Scan, contents: _Contents) -> Iterator[Result]:
    for function in scan.functions:
        if function.proposal is not Action.NONE:
            yield _candidate(function, contents)
        yield from (_finding(finding, function, contents) for finding in _findings(function))


def _candidate(function: Function, contents: _Contents) -> Result:
    checks = "; ".join(assumption.statement for assumption in function.assumptions)
    text = f"{function.qualname} is a candidate ({function.proposal.value})"
    text += f", because it {', '.join(function.rests_on)}" if function.rests_on else ""
    text += f"; a run must check: {checks}." if checks else "."
    return Result(
        _CANDIDATE,
        "warning",
        text,
        function.file,
        function.line,
        function.id,
        contents.of(function.file, function.line),
        rank=None if function.confidence is None else _RANKS[function.confidence],
    )


def _findings(function: Function) -> tuple[Finding, ...]:
    blocker = function.blocker
    return function.findings if blocker is None or blocker in function.findings else (*function.findings, blocker)


def _finding(finding: Finding, function: Function, contents: _Contents) -> Result:
    return Result(
        finding.code,
        "warning" if finding.certain else "note",
        finding.message,
        finding.file,
        finding.line,
        function.id,
        contents.of(finding.file, finding.line),
        chain=[Step(step.file, step.line, step.note) for step in finding.chain],
    )
