"""Writes and reads report.json. Its format (docs/report.md, schema.json) is a contract with CI and other tools."""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path
from typing import Any

from ..records import Report
from .derived import SCHEMA_VERSION, complete
from .encoding import Unfit, from_plain, to_plain


class UnreadableReport(ValueError):
    """Raised if no report can be read from a file. The message is a sentence that says what to do."""


def to_json(report: Report) -> dict[str, Any]:
    """Return the report as plain data that `json` can write. It conforms to schema.json."""
    return complete(to_plain(report, Report), report)


def to_text(report: Report) -> str:
    """Return the report as the text of report.json."""
    return json.dumps(to_json(report), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def load_report(path: str | PathLike[str]) -> Report:
    """Read a report.json, or the one in a results folder, and return the report.

    It equals the written report except for what the file leaves out: the contents of edited files and their line maps
    (the diff has both), the state of the network, bytes that are not Unicode, and types of option values that JSON
    does not have. Fields added by later versions are ignored. Raises `UnreadableReport`.
    """
    file = Path(path)
    if file.is_dir():
        file /= "report.json"
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnreadableReport(f"{file} can't be read: {error.strerror or error}.") from None
    except (ValueError, RecursionError):
        raise UnreadableReport(f"{file} is not a report of optimize: it does not contain JSON.") from None
    if not isinstance(document, dict) or "schema_version" not in document:
        raise UnreadableReport(f"{file} is not a report of optimize: it has no schema_version.")
    version = document["schema_version"]
    if version != SCHEMA_VERSION:
        raise UnreadableReport(
            f"{file} has the schema_version {version}, but this version of hybridize reads {SCHEMA_VERSION}. "
            "Write the report again with this version."
        )
    try:
        report: Report = from_plain(document, Report)
    except Unfit as problem:
        raise UnreadableReport(f"{file} is not a report of optimize: {problem}.") from None
    return report
