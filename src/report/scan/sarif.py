"""What the static analysis found, as SARIF 2.1.0: for code scanning on a forge, and for editors."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ... import __version__
from ...records import Action, Confidence, Finding, Function, Scan

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "PROJECTROOT"
# Candidates have no rule's code; SARIF wants one for every result.
_CANDIDATE = "candidate"
#: SARIF's priorities, from 0 to 100.
_RANKS = {Confidence.HIGH: 90.0, Confidence.MEDIUM: 50.0, Confidence.LOW: 10.0}


def render(scan: Scan, titles: Mapping[str, str]) -> Iterator[str]:
    """Give a SARIF log with one result per candidate and one per finding.

    Candidates and certain findings are warnings, findings that a run must settle are notes. ``titles``
    maps the rules' codes to their titles.
    """
    codes = sorted({finding.code for function in scan.functions for finding in _findings(function)})
    described = {_CANDIDATE: "A function that may run as a graph", **{code: titles.get(code, "") for code in codes}}
    positions = {code: position for position, code in enumerate(described)}
    results = [
        result
        for function in scan.functions
        for result in (_candidate(function, positions), *_findings_of(function, positions))
        if result is not None
    ]
    run = {
        "tool": {
            "driver": {
                "name": "hybridize",
                "version": __version__,
                "rules": [_rule(code, title) for code, title in described.items()],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"uri": Path(scan.root).absolute().as_uri().rstrip("/") + "/"}},
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [
                    {"level": "warning", "message": {"text": warning}} for warning in scan.warnings
                ],
            }
        ],
        "results": results,
    }
    yield json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(code: str, title: str) -> dict[str, Any]:
    return {"id": code, **({"shortDescription": {"text": title}} if title else {})}


def _candidate(function: Function, positions: Mapping[str, int]) -> dict[str, Any] | None:
    if function.proposal is Action.NONE:
        return None
    checks = "; ".join(assumption.statement for assumption in function.assumptions)
    text = f"{function.qualname} is a candidate ({function.proposal.value})"
    text += f", for it {', '.join(function.rests_on)}" if function.rests_on else ""
    text += f"; a run must check: {checks}." if checks else "."
    result = _result(_CANDIDATE, "warning", text, function.file, function.line, function, positions)
    return result if function.confidence is None else {**result, "rank": _RANKS[function.confidence]}


def _findings(function: Function) -> tuple[Finding, ...]:
    blocker = function.blocker
    return function.findings if blocker is None or blocker in function.findings else (*function.findings, blocker)


def _findings_of(function: Function, positions: Mapping[str, int]) -> list[dict[str, Any]]:
    results = []
    for finding in _findings(function):
        level = "warning" if finding.certain else "note"
        result = _result(finding.code, level, finding.message, finding.file, finding.line, function, positions)
        if finding.chain:
            steps = [
                {"location": {**_location(step.file, step.line), "message": {"text": step.note}}}
                for step in finding.chain
            ]
            result["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
        results.append(result)
    return results


def _result(
    code: str,
    level: str,
    text: str,
    file: str,
    line: int,
    function: Function,
    positions: Mapping[str, int],
) -> dict[str, Any]:
    location = _location(file, line)
    location["logicalLocations"] = [{"fullyQualifiedName": function.id, "kind": "function"}]
    return {
        "ruleId": code,
        "ruleIndex": positions[code],
        "level": level,
        "message": {"text": text},
        "locations": [location],
        # Survives edits above the function, so that a forge does not report it anew.
        "partialFingerprints": {"function/v1": f"{code}:{function.id}"},
    }


def _location(file: str, line: int) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(os.fsencode(file)), "uriBaseId": _ROOT},
            "region": {"startLine": max(1, line)},
        }
    }
