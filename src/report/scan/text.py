"""The results of the static analysis for people: the candidates (best first), the rest by file, and the counts."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path

from ...records import Action, AssumptionKind, Finding, Function, Region, Scan
from ..wording import count

_OF_EACH = (
    "For every candidate a run must also show: a call changes no Python state that outlives it; the Python state that\n"
    "it reads does not change; tracing raises no error; graph and eager code compute the same; and the number of\n"
    "traces is bounded."
)


def render(scan: Scan, titles: Mapping[str, str], cwd: Path | None = None) -> Iterator[str]:
    """Yield the candidates by rank with their assumptions, the other analysed functions, and the counts.

    Files are shown relative to ``cwd``, so that ``file:line`` can be opened. ``titles`` maps the rules' codes to their
    titles.
    """
    folder = cwd or Path.cwd()
    functions = sorted(scan.functions, key=lambda function: (function.rank or 0, function.file, function.line))
    candidates = [function for function in functions if function.proposal is not Action.NONE]
    for candidate in candidates:
        yield from (f"{line}\n" for line in _candidate(candidate, _shown(scan, candidate.file, folder)))
    if candidates:
        yield f"\n{_OF_EACH}\n\n"
    others = (function for function in functions if function.proposal is Action.NONE)
    for file, members in groupby(others, key=lambda function: function.file):
        described = [line for member in members for line in _described(member, titles)]
        if described:
            yield "\n".join([_shown(scan, file, folder), *described, "", ""])
    yield _counts(scan) + "\n"


def _candidate(function: Function, file: str) -> Iterator[str]:
    confidence = f", {function.confidence.value} confidence" if function.confidence is not None else ""
    proposal = f"{function.proposal.value}{_as_call(function.region)}"
    yield f"{file}:{function.line}: {function.qualname}: candidate, {proposal}{confidence}"
    if function.rests_on:
        yield f"      {'; '.join(function.rests_on)}"
    given: dict[str, list[str]] = {}
    for each in function.assumptions:
        if each.kind is AssumptionKind.ARGUMENT_TYPE and not each.code:
            given.setdefault(each.statement.removeprefix(f"{each.subject} is "), []).append(each.subject)
    if given:
        types = "; ".join(f"{', '.join(names)}: {said}" for said, names in given.items())
        yield f"      a run must show: {types}"
    for assumption in function.assumptions:
        if assumption.code:
            yield f"      a run must show: {assumption.statement} ({assumption.code})"
    if function.more:
        places = count(sum(number for _, number in function.more), "more uncertain line")
        yield f"      and {places}: {', '.join(f'{code} ({number:,})' for code, number in function.more)}"


def _described(function: Function, titles: Mapping[str, str]) -> Iterator[str]:
    head = f"  {function.line}: {function.qualname}"
    if function.hybrid is not None:
        switched = next((finding for finding in function.findings if finding.code == "HYB604"), None)
        yield f"{head}: {switched.message if switched else f'already a tf.function, {function.hybrid}'}"
    elif function.blocker is not None and function.computes_with_tensors is not False:
        yield f"{head}: not proposed, {_finding(function.blocker, titles)}"
        for step in function.blocker.chain:
            yield f"      {step.file}:{step.line}: {step.note}"


def _as_call(region: Region | None) -> str:
    """The call that a region would become, with its arguments and results."""
    if region is None:
        return ""
    results = f"{', '.join(region.results)} = " if region.results else ""
    name = f"{region.receiver}.{region.name}" if region.receiver else region.name
    beside = "".join(
        f", and {where} it line {', '.join(f'{a}' if a == b else f'{a}-{b}' for a, b in lines)}"
        for where, lines in (("before", region.ahead), ("after", region.moved))
        if lines
    )
    arguments = ", ".join((*region.parameters, *(given for _, given in region.given)))
    return f" as `{results}{name}({arguments})`{beside}"


def _finding(finding: Finding, titles: Mapping[str, str]) -> str:
    return f"{finding.code} {finding.message or titles.get(finding.code, '')} (line {finding.line})"


def _counts(scan: Scan) -> str:
    candidates = sum(function.proposal is not Action.NONE for function in scan.functions)
    hybrid = sum(function.hybrid is not None for function in scan.functions)
    computing = sum(function.computes_with_tensors is True for function in scan.functions)
    return (
        f"{count(candidates, 'candidate')} among {count(len(scan.functions), 'function')} "
        f"({computing:,} certainly compute with tensors, {hybrid:,} already a tf.function) "
        f"in {count(len(scan.modules), 'file')}, {count(scan.lines, 'line')}."
    )


def _shown(scan: Scan, file: str, cwd: Path) -> str:
    path = Path(scan.root, file)
    relative = os.path.relpath(path, cwd)
    return str(path) if relative.startswith("..") else relative
