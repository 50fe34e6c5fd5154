"""The candidates as workflow commands, which GitHub shows at the lines of a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...records import Action, Scan
from ..places import Checkout
from ..workflow import command


def render(scan: Scan, titles: Mapping[str, str]) -> Iterator[str]:
    """Yield a notice for each candidate, by rank, because GitHub shows only the first ten. ``titles`` is not used."""
    checkout = Checkout(scan.root)
    candidates = [function for function in scan.functions if function.proposal is not Action.NONE]
    for function in sorted(candidates, key=lambda each: (each.rank or 0, each.file, each.line)):
        sure = f"{function.confidence.value} confidence" if function.confidence is not None else ""
        why = [sure, *function.rests_on, *(f"to check: {each.statement}" for each in function.assumptions)]
        properties = {
            "file": checkout.path(function.file),
            "line": str(max(1, function.line)),
            "title": f"may run as a graph: {function.qualname}",
        }
        yield command("notice", properties, "; ".join(filter(None, why)) or "a candidate") + "\n"
