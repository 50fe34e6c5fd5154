"""Findings and their chains as plain data, the same in a report and in a scan."""

from __future__ import annotations

from typing import Any

from ..records import Finding, Step


def finding_of(finding: Finding) -> dict[str, Any]:
    """Give one finding with its chain of evidence."""
    return {
        "code": finding.code,
        "file": finding.file,
        "line": finding.line,
        "message": finding.message,
        "certain": finding.certain,
        "chain": [step_of(step) for step in finding.chain],
    }


def step_of(step: Step) -> dict[str, Any]:
    """Give one link of a chain."""
    return {"file": step.file, "line": step.line, "note": step.note}
