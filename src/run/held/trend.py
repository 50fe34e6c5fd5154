"""Where the ratios of a history of checks stepped."""

from __future__ import annotations

from collections.abc import Sequence

from ...measure.change import steps
from ...report.history import Entry, Stepped


def stepped(entries: Sequence[Entry], factor: float) -> dict[int, Stepped]:
    """The steps of the ratio by a factor or more, by the position of the first check after each."""
    measured = [(position, entry.ratio) for position, entry in enumerate(entries) if entry.ratio is not None]
    found = steps([ratio for _, ratio in measured], factor)
    return {measured[step.at][0]: Stepped(step.before, step.after, step.p_value) for step in found}
