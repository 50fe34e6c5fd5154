"""Whether state that a trace reads is known not to change the graph. Pure: no process is started here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..records import Judgement, Reason, Verdict
from .rows import CheckedRow, ObservedRow
from .wording import count, original

#: What is read, by label: the value as a text.
State = Mapping[str, str]


def question(
    judgement: Judgement,
    observed: ObservedRow,
    row: CheckedRow | None,
    whole: bool,
    root: Mapping[str, str],
) -> Judgement:
    """A confirmation as a doubt, where what its traces read changes and that is not known to be harmless.

    ``whole`` says whether the script came to its own end, observed or compared; ``root`` maps copied
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
    """Why equal traces say too little: what they read changes. None where nothing does, or it is proved harmless.

    It is proved where the script came to its own end, and each state that it passed through was traced, for each
    signature, to the same graph. Where it did not, a store in its loop that was not run so far is a doubt, too. So is
    what could not be watched.
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
            f"its trace reads {_named(label, checked['places'])}, which the training loop may still change ({store})"
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
    """Whether a trace was made in ``state``. What was not known to be read when it was made, it did not read."""
    return all(traced.get(label, text) == text for label, text in state.items())


def _covered(passed: Sequence[State], traced: Sequence[State]) -> bool:
    return all(any(agrees(state, one) for one in traced) for state in passed)
