"""What the static analysis found, for programs: a list of functions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ...records import Function, Scan
from ..evidence import finding_of, step_of


def render(scan: Scan, titles: Mapping[str, str]) -> str:
    """Give a JSON list of all functions, with what is known of each, one a line; null is undetermined.

    ``titles`` is not used: messages say more. Each line is made by itself: of a large library all of them
    together as plain data would take more memory than the scan.
    """
    lines = ",\n".join(json.dumps(to_json(function)) for function in scan.functions)
    return f"[\n{lines}\n]\n" if lines else "[]\n"


def to_json(function: Function) -> dict[str, Any]:
    """Give one function as plain data."""
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
                "evidence": [step_of(step) for step in parameter.evidence],
            }
            for parameter in function.parameters
        ],
        "findings": [finding_of(finding) for finding in function.findings],
        "assumptions": [
            {
                "kind": assumption.kind.value,
                "subject": assumption.subject,
                "statement": assumption.statement,
                "code": assumption.code,
                "hint": assumption.hint,
            }
            for assumption in function.assumptions
        ],
        "proposal": function.proposal.value,
        "blocker": None if function.blocker is None else finding_of(function.blocker),
        "has_tensor_parameter": function.has_tensor_parameter,
        "has_primitive_parameter": function.has_primitive_parameter,
        "has_python_side_effects": function.has_python_side_effects,
        "is_recursive": function.is_recursive,
        "computes_with_tensors": function.computes_with_tensors,
    }
