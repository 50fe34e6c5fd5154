"""The edits as a unified diff, for `git apply` and `patch -p1`; empty if there are no edits."""

from __future__ import annotations

from pathlib import Path

from ...records import Report

#: The patch must have the bytes of the user's source unchanged, and a surrogate escape is such a byte.
ERRORS = "surrogateescape"


def render(report: Report, results: Path | None) -> str:
    """Return the patch. Bytes of the sources that are not UTF-8 are surrogate escapes. ``results`` is not used."""
    return "".join(edited.diff for edited in report.plan.files)
