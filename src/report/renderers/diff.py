"""The edits as a unified diff, for `git apply` and `patch -p1`: empty where nothing is to be edited."""

from __future__ import annotations

from pathlib import Path

from ...records import Report

#: A surrogate escape is a byte of the user's source, which the patch must have as it is.
ERRORS = "surrogateescape"


def render(report: Report, results: Path | None) -> str:
    """Give the patch. Bytes of the sources that are not UTF-8 are surrogate escapes. ``results`` is not used."""
    return "".join(edited.diff for edited in report.plan.files)
