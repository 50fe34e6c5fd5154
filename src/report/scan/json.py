"""The results of the static analysis for programs: a list of functions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ...records import Action, Finding, Function, Group, Region, Scan, Step


def render(scan: Scan, titles: Mapping[str, str]) -> Iterator[str]:
    """Yield a JSON list of all functions with their facts, one per line. Null means undetermined.

    ``titles`` is not used, because messages say more. Uncertain findings and evidence are given only for candidates and
    for functions that are already a tf.function. Nothing is repeated: an assumption from a finding has its code and no
    statement, and the last step of a chain has no note if that equals the finding's message.
    """
    before = "[\n"
    for function in scan.functions:
        yield before + json.dumps(to_json(function), separators=(",", ":"))
        before = ",\n"
    yield "\n]\n" if scan.functions else "[]\n"


def to_json(function: Function) -> dict[str, Any]:
    """Return one function as plain data."""
    refused = function.proposal is Action.NONE and function.hybrid is None
    return {
        "id": function.id,
        "file": function.file,
        "line": function.line,
        "kind": function.kind.value,
        "hybrid": function.hybrid,
        "parameters": [
            {
                "name": parameter.name,
                "kind": parameter.kind.value,
                "evidence": [_step_of(step) for step in parameter.evidence if not refused],
            }
            for parameter in function.parameters
        ],
        "findings": [_finding_of(each) for each in function.findings if not refused or each.certain or _advises(each)],
        "more": dict(function.more) if not refused else {},
        "assumptions": [
            {
                "kind": assumption.kind.value,
                "subject": assumption.subject,
                "statement": assumption.statement if assumption.code is None else None,
                "code": assumption.code,
                "hint": assumption.hint,
            }
            for assumption in function.assumptions
        ],
        "proposal": function.proposal.value,
        "confidence": None if function.confidence is None else function.confidence.value,
        "rank": function.rank,
        "rests_on": list(function.rests_on),
        "blocker": None if function.blocker is None else _finding_of(function.blocker),
        "has_tensor_parameter": function.has_tensor_parameter,
        "has_primitive_parameter": function.has_primitive_parameter,
        "has_python_side_effects": function.has_python_side_effects,
        "is_recursive": function.is_recursive,
        "computes_with_tensors": function.computes_with_tensors,
        "region": _region_of(function.region),
    }


def _advises(finding: Finding) -> bool:
    """Whether a finding is about the gain in the function itself, not about a problem."""
    return finding.group is Group.BENEFIT and len(finding.chain) < 2


def _finding_of(finding: Finding) -> dict[str, Any]:
    """Return one finding. Its chain is empty if that would only repeat the finding."""
    own = [(step.line, step.note) for step in finding.chain] == [(finding.line, finding.message)]
    steps = [_step_of(step) for step in finding.chain] if not own else []
    if steps and steps[-1]["note"] == finding.message:
        steps[-1]["note"] = ""
    return {
        "code": finding.code,
        "file": finding.file,
        "line": finding.line,
        "message": finding.message,
        "certain": finding.certain,
        "chain": steps,
    }


def _step_of(step: Step) -> dict[str, Any]:
    return {"file": step.file, "line": step.line, "note": step.note}


def _region_of(region: Region | None) -> dict[str, Any] | None:
    """Return the statements that can become a function as plain data; None for a function."""
    if region is None:
        return None
    return {
        "first": region.first,
        "last": region.last,
        "name": region.name,
        "parameters": list(region.parameters),
        "results": list(region.results),
        "moved": [list(lines) for lines in region.moved],
        "ahead": [list(lines) for lines in region.ahead],
        "owner": region.owner,
        "receiver": region.receiver,
        "given": [list(pair) for pair in region.given],
        "expression": region.expression,
    }
