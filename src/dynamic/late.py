"""Decides whether the state that a trace reads may change the graph. Pure: starts no process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..records import Judgement, Reason, Verdict
from .rows import CheckedRow, ObservedRow
from .wording import count, original

#: The values that are read, as texts by label.
State = Mapping[str, str]


def question(
    judgement: Judgement,
    observed: ObservedRow,
    row: CheckedRow | None,
    whole: bool,
    root: Mapping[str, str],
) -> Judgement:
    """Turn a confirmation into a doubt if its traces read state that changes and may change the graph.

    ``whole``: whether the script reached its own end in the observing or the checking run; ``root`` maps copied
    roots to the user's.
    """
    doubt = doubt_of(observed, row, whole) if judgement.verdict is Verdict.CONFIRMED and row is not None else None
    if doubt is None:
        return judgement
    doubt = original(doubt, root) or doubt
    results = tuple(replace(r, outcome=Verdict.INCONCLUSIVE, reason=doubt) for r in judgement.variants)
    return replace(
        judgement,
        verdict=Verdict.INCONCLUSIVE,
        reasons=(Reason("state-changes", doubt), *judgement.reasons),
        variants=results,
    )


def doubt_of(observed: ObservedRow, row: CheckedRow, whole: bool) -> str | None:
    """Why equal traces are not enough: the state that they read changes. None if it does not, or is proved harmless.

    It is proved harmless if the script reached its own end and each state of the run was traced, for each
    signature, to the same graph. If the script did not reach its end, a store in its loop that has not run yet is a
    doubt too. State that could not be watched is always a doubt.
    """
    seen, checked = observed.reads or {}, row.reads or {}
    labels = set(checked.get("labels", ()))
    changes = {label: number for label, number in seen.get("changes", {}).items() if label in labels}
    for label, number in checked.get("changes", {}).items():
        changes[label] = max(number, changes.get(label, 0))
    if checked.get("unwatched"):
        words = f"its trace reads {checked['unwatched']}, which is too much to watch for changes"
        return f"{words}: a graph keeps the value from its trace"
    if not changes:
        if whole or not checked.get("ahead"):
            return None
        label, store = next(iter(checked["ahead"].items()))
        words = (
            f"its trace reads {_named(label, checked['places'])}, which the script may still change ({store})"
        )
        return f"{words}: it had not changed when the observed part of the run ended, but a graph keeps the first value"
    complete = whole and not seen.get("overflowed") and not checked["overflowed"]
    passed = [
        {label: s[label] for label in changes if label in s} for s in (*seen.get("states", ()), *checked["states"])
    ]
    if complete and all(_covered(passed, traced) for traced in checked["traced"]):
        return None
    label = max(changes, key=lambda name: changes[name])
    others = f" (and {len(changes) - 1} more)" if len(changes) > 1 else ""
    read = _named(label, {**seen.get("places", {}), **checked["places"]})
    words = f"its trace reads {read}{others}, which changed {count(changes[label], 'time')}"
    if checked["asked"]:
        return f"{words}; the graph has not changed with it so far, but it would keep the value of its first trace"
    return f"{words} in the observed run; no two traces were compared across a change"


def _named(label: str, places: Mapping[str, str]) -> str:
    return f"`{label.rpartition(': ')[2]}` in {places.get(label, 'a function that it calls')}"


def agrees(state: State, traced: State) -> bool:
    """Whether a trace was made in ``state``. A label that is missing in ``traced`` was not read by that trace."""
    return all(traced.get(label, text) == text for label, text in state.items())


def _covered(passed: Sequence[State], traced: Sequence[State]) -> bool:
    return all(any(agrees(state, one) for one in traced) for state in passed)
