"""What tests read off a function's findings."""

from __future__ import annotations

from hybridize.records import Function


def codes_of(function: Function) -> set[str]:
    return {finding.code for finding in function.findings}


def certain_codes(function: Function) -> set[str]:
    return {finding.code for finding in function.findings if finding.certain}
