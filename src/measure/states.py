"""Compares the variables of a script between runs, by digests recorded after some units."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .noise import ROUNDING, Finding, State, judge

# A number of units to the digest of each variable by name: its sum, its sum of squares, and some elements.
Digests = Mapping[int, Mapping[str, Sequence[float]]]
# A little more than the total of all perturbations of a run. A variable whose noise does not exceed this may have been
# moved by the perturbation alone and not by the computation.
NUDGED = 2e-6
# The relative distance of two draws of initial weights is about 1. Rounding does not reach this share of that.
APART = 0.1


@dataclass(frozen=True)
class _Moment:
    """A variable after ``units`` units. All distances are relative.

    ``distance`` is that of the edited run from the reference, ``noise`` the largest of the other runs, and ``moved``
    that of the reference from its first recorded value. ``values`` are the norms in the reference and the edited run.
    """

    units: int
    distance: float
    noise: float
    moved: float
    values: tuple[float, float]


def compare_variables(
    reference: Digests, edited: Digests, others: Sequence[Digests], repeats: bool
) -> list[Finding]:
    """Judge each variable over the points at which the runs recorded it.

    ``repeats`` says whether two runs of the script give the same results.
    """
    followed: dict[str, list[_Moment]] = {}
    first: dict[str, Sequence[float]] = {}
    whole: dict[str, bool] = {}
    for moment in sorted(set(reference) & set(edited)):
        here, there = reference[moment], edited[moment]
        for name in _same_names(here, there):
            noise = [
                _row_distance(here[name], other[moment][name]) for other in others if name in other.get(moment, ())
            ]
            if others and not noise:
                continue
            moved = _row_distance(here[name], first.setdefault(name, here[name]))
            finite = [value for value in here[name][2:] if math.isfinite(value)]
            whole[name] = whole.get(name, True) and all(value == round(value) for value in finite)
            away, most = _row_distance(here[name], there[name]), max(noise, default=0.0)
            norms = _norm(here[name]), _norm(there[name])
            followed.setdefault(name, []).append(_Moment(moment, away, most, moved, norms))
    return [
        _judge_variable(name, seen, bool(others), whole[name], len(first[name]) > 3, repeats)
        for name, seen in followed.items()
    ]


def are_alike(reference: Digests, twin: Digests) -> bool:
    """Whether the first recorded variables of two runs are equal except for rounding."""
    return not any(
        _row_distance(reference[moment][name], twin[moment][name]) > ROUNDING
        for moment in sorted(set(reference) & set(twin))[:2]
        for name in _same_names(reference[moment], twin[moment])
    )


def _judge_variable(
    name: str, seen: Sequence[_Moment], compared: bool, whole: bool, many: bool, repeats: bool
) -> Finding:
    """Judge a variable. ``many``: it has more than one element. ``whole``: all of them are integers."""
    noise = [each.noise for each in seen]
    # A single record does not show whether the variable ever changes.
    moved = [each.moved for each in seen] if len(seen) > 1 else [math.inf if many else 0.0]
    judged = judge(
        [each.distance for each in seen],
        noise if compared else None,
        [ROUNDING] * len(seen),
        ahead=1,
        moved=moved,
    )
    at = max(judged.at, 0)
    detail = f"has a relative difference of {seen[at].distance:.2g} {_after(seen[at].units)}"
    if compared:
        detail += f"; rounding explains {judged.level:.2g}" if judged.level else "; rounding does not explain it"
    else:
        detail += "; no other run shows whether that is rounding"
    if judged.state is State.POWERLESS:
        detail = f"differs between two runs of the original script (relative difference {max(noise):.2g})"
    if judged.state is State.AGREES:
        detail = "agrees"
    alive = max(noise) > NUDGED
    tells = judged.telling and any(moved) and not whole and (repeats or alive)
    return Finding(
        judged.state,
        "variable",
        f"the variable {name.removesuffix('#1')}",
        detail,
        *seen[at].values,
        (max(noise) if judged.state is State.POWERLESS else judged.level) if compared else None,
        evidence=judged.state is not State.AGREES or tells,
        largest=max(each.distance for each in seen[: at + 1]),
        unsettled=judged.state is State.POWERLESS,
    )


def _after(units: int) -> str:
    return "before the first step" if units == 0 else "after 1 step" if units == 1 else f"after {units} steps"


def _same_names(first: Mapping[str, Sequence[float]], second: Mapping[str, Sequence[float]]) -> list[str]:
    """The variables whose name is as frequent in both. A graph may keep a variable alive that eager code has released.
    """
    counts = [Counter(name.rpartition("#")[0] for name in rows) for rows in (first, second)]
    return [
        name
        for name in first
        if name in second
        and len(first[name]) == len(second[name])
        and counts[0][name.rpartition("#")[0]] == counts[1][name.rpartition("#")[0]]
    ]


def _norm(row: Sequence[float]) -> float:
    return math.sqrt(max(row[1], 0.0)) if len(row) > 1 and not math.isnan(row[1]) else math.nan


def _kind(value: float) -> str:
    """A text that distinguishes NaN, both infinities and numbers."""
    return "number" if math.isfinite(value) else f"{value:+}".lower() if not math.isnan(value) else "nan"


def _row_distance(first: Sequence[float], second: Sequence[float]) -> float:
    """The relative distance of two states of a variable, by its norm and by the recorded elements.

    Infinite if one has NaN, an infinity or a number where the other has a different kind.
    """
    if [_kind(value) for value in first] != [_kind(value) for value in second]:
        return math.inf
    length, other = _norm(first), _norm(second)
    pairs = [pair for pair in zip(first[2:], second[2:], strict=True) if math.isfinite(pair[0])]
    elements = math.sqrt(math.fsum(one * one for one, _ in pairs))
    apart = math.sqrt(math.fsum((one - two) ** 2 for one, two in pairs))
    if not math.isfinite(length):
        return apart / max(elements, 1e-6)
    scale = max(length, other, 1e-6)
    return max(abs(length - other) / scale, apart / max(elements, 1e-3 * scale))


def begin_apart(reference: Digests, edited: Digests) -> bool:
    """Whether the first recorded variables are far apart, as with differently drawn initial weights."""
    for moment in sorted(set(reference) & set(edited))[:2]:
        rows, others = reference[moment], edited[moment]
        if any(_row_distance(rows[name], others[name]) > APART for name in _same_names(rows, others)):
            return True
    return False
