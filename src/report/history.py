"""The history of checks in a JSONL file, one line per check: appends, reads, and renders the trend with its steps."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..records import Report
from .wording import ratio

_WIDTH = 30


@dataclass(frozen=True)
class Entry:
    """One check: its time, commit and status, and the ratio with its confidence interval; None if not measured."""

    created: str
    commit: str
    status: str
    ratio: float | None
    low: float | None
    high: float | None
    message: str = ""


def append(path: Path, report: Report, commit: str = "") -> None:
    """Append the result of a check to the file. Raises OSError."""
    now = report.held.now if report.held is not None else None
    line = {
        "created": report.created,
        "commit": commit,
        "status": report.status,
        "ratio": None if now is None else now.median,
        "low": None if now is None else now.low,
        "high": None if now is None else now.high,
        "message": report.message,
        "environment": dict(report.environment),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as stream:
        # A single write, so that jobs that append at the same time leave whole lines.
        stream.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")


def read(path: Path) -> list[Entry]:
    """Read the file, oldest first. Raises OSError, or ValueError with the number of a line that is not an entry."""
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            found.append(_entry(json.loads(line)))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ValueError(f"line {number} of {path} is not a result of a check") from None
    return sorted(found, key=lambda entry: entry.created)


def _entry(row: dict[str, Any]) -> Entry:
    median, low, high = (None if row[name] is None else float(row[name]) for name in ("ratio", "low", "high"))
    if any(number is not None and not 0 < number < float("inf") for number in (median, low, high)):
        raise ValueError
    created, commit, status = (str(row[name]) for name in ("created", "commit", "status"))
    return Entry(created, commit, status, median, low, high, str(row.get("message", "")))


@dataclass(frozen=True)
class Stepped:
    """A step of the ratio: the medians before and after, and the probability of it in a series without steps."""

    before: float
    after: float
    p_value: float


def render(entries: Sequence[Entry], found: Mapping[int, Stepped], factor: float) -> Iterator[str]:
    """Yield the lines of the trend: each check with a bar, the steps between them, and a sentence.

    ``found`` maps the position of the first check after a step by ``factor`` or more to the step.
    """
    most = max((entry.ratio for entry in entries if entry.ratio is not None), default=1.0)
    for position, entry in enumerate(entries):
        step = found.get(position)
        if step is not None:
            change = step.after / step.before - 1
            yield f"{'':19}  -- {ratio(step.before)} to {ratio(step.after)} ({change:+.0%}), p {step.p_value:.2g} --"
        name = f"{entry.created[:19]:19}  {entry.commit[:10]:10}  {entry.status:10}"
        if entry.ratio is None:
            yield f"{name}  not measured"
            continue
        bar = "#" * max(1, round(_WIDTH * entry.ratio / most))
        yield f"{name}  {ratio(entry.ratio):>6} [{ratio(entry.low)}, {ratio(entry.high)}]  {bar}"
    measured = sum(entry.ratio is not None for entry in entries)
    yield ""
    if found:
        places = ", ".join(entries[position].commit[:10] or entries[position].created[:19] for position in found)
        yield f"The speedup stepped {len(found)} {'time' if len(found) == 1 else 'times'}, first seen at {places}."
    else:
        yield f"The speedup did not change by {factor - 1:.0%} or more in {measured} measured checks."
