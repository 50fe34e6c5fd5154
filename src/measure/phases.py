"""Decides which calls are the units of a measurement, and estimates the rest of the script.

A script may train in phases with a different step in each, and may also call its step inside another converted
function. So the units are the calls of one function outside of other converted functions. The time of the rest of the
script is estimated from the observed run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..records import Judgement
from .benchmark import Cover
from .costs import Length, base_result, predicted_seconds
from .summary import Tail

#: Another unit is measured if the arms of the first look would spend more than this share of the time before the
#: unit's first call; and the number of those arms.
LEAD_SHARE, ARMS = 0.5, 9


def unit_of(chosen: Sequence[Judgement], seconds: float) -> Judgement:
    """The candidate of ``chosen`` (the hottest first) whose calls are the units of a measurement of ``seconds``.

    That is the hottest, unless earlier phases of the script leave no time for it.
    """
    for judgement in chosen:
        if ARMS * judgement.observation.first_seconds <= LEAD_SHARE * seconds:
            return judgement
    return chosen[0]


def tell_phases(unit: Judgement, chosen: Sequence[Judgement]) -> str:
    """The clause about those of ``chosen`` that train in phases before or after the units; empty if there are none.

    The ratio per unit does not include them.
    """
    first, last = unit.observation.first_seconds, unit.observation.last_seconds
    others = [j for j in chosen if j is not unit and j.observation.calls and last > 0]
    before = [j.function.id for j in others if j.observation.last_seconds <= first]
    after = [j.function.id for j in others if j.observation.first_seconds >= last]
    if not before and not after:
        return ""
    parts = [f"{', '.join(names)} {when} it" for names, when in ((before, "before"), (after, "after")) if names]
    return (
        f"the script trains in phases: the speedup per step is that of {unit.function.id}, and the phases of "
        f"{' and of '.join(parts)} count in the end to end figure"
    )


def callers_of(name: str, judgements: Mapping[str, Judgement]) -> set[str]:
    """The candidates from which one was called in the observed run, directly or not."""
    found, waiting = set[str](), [name]
    while waiting:
        known = judgements.get(waiting.pop())
        for caller in known.observation.callers if known is not None else ():
            if caller and caller not in found:
                found.add(caller)
                waiting.append(caller)
    return found - {name}


def covers_of(unit: Judgement, chosen: Sequence[Judgement], judgements: Mapping[str, Judgement]) -> list[Cover]:
    """Those of ``chosen`` that also call the unit. These calls are part of their graphs."""
    around = callers_of(unit.function.id, judgements)
    functions = [judgement.function for judgement in chosen if judgement.function.id in around]
    return [Cover(f.id, f.file, f.line, f.hybrid is not None, f.region) for f in functions]


def units_outside(unit: Judgement, covers: Sequence[Cover], judgements: Mapping[str, Judgement]) -> int:
    """The number of observed calls of the unit outside of all ``covers``."""
    names = {cover.candidate for cover in covers}
    if not names:
        return unit.observation.calls
    return sum(
        calls
        for caller, calls in unit.observation.callers.items()
        if caller not in names and not callers_of(caller, judgements) & names
    )


def tail_of(
    unit: Judgement,
    chosen: Sequence[Judgement],
    judgements: Mapping[str, Judgement],
    training_seconds: float,
    leaving_seconds: float = 0.0,
) -> Tail:
    """The estimated seconds after the unit's last call, eager and edited, from an observed run of the whole script.

    ``training_seconds`` is the run's time from the first call of a candidate to its end (0 if it was cut), and
    ``leaving_seconds`` the time that a process then takes to end. Converted candidates that were first called after the
    last unit gain as they did in the check. The rest takes as long as before.
    """
    last = unit.observation.last_seconds
    later = [j for j in judgements.values() if j.observation.calls and j.observation.first_seconds >= last > 0]
    eager = training_seconds - last - sum(judgement.observation.overhead_seconds for judgement in later)
    if not last or eager <= 0:
        return Tail(leaving=leaving_seconds, known=bool(last and training_seconds))
    names = {judgement.function.id for judgement in chosen}
    gained = 0.0
    for judgement in later:
        name, seen, base = judgement.function.id, judgement.observation, base_result(judgement)
        if name in names and base is not None and not callers_of(name, judgements) & names:
            gained += seen.seconds - predicted_seconds(base, judgement, Length(seen.calls, True, "observed"))
    return Tail(eager, max(0.0, eager - gained), leaving_seconds, known=True)
