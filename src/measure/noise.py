"""Whether a difference between two runs is more than what rounding does to the script.

Two right runs part ways: a graph rounds otherwise than eager code, and training amplifies it. So nothing is
judged by a fixed tolerance alone. Other runs of the script as it stands, best one whose variables were moved by
one rounding error, tell how far rounding carries each number, unit by unit; the edited run may go as far,
times a factor. Where rounding carries a number far, nothing can be told by it: it is no evidence, for or against.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from ..records import Metric

# What another order of float32 operations does to the result of one unit, relative to it.
ROUNDING = 2e-5
# The edited run rounds anew in every unit, the perturbed one was moved once: so much further it may be while
# the distances are small, and so much once they have grown to a tenth.
FACTOR, LATE_FACTOR, LATE = 30.0, 10.0, 0.1
# Where rounding alone moves a number by this much of itself, comparing it tells nothing. For a printed number
# it takes less: what differs between two runs of the script as it stands may be a time, however it is named.
POWERLESS, POWERLESS_PRINTED = 0.05, 1e-3
# Without any run to tell the noise by: a jump of this size, and by this factor from one unit to the next.
JUMP, JUMP_FACTOR = 5e-4, 100.0


class State(Enum):
    """What is to be said of a number.

    AGREES: it does, in a comparison that could have told. POWERLESS: nothing can be told by it. UNEXPLAINED: it
    differs, and no other run tells whether that is rounding. DRIFT: it differs by more than rounding explains.
    """

    AGREES = "none"
    POWERLESS = "inconclusive"
    UNEXPLAINED = "inconclusive, and different"
    DRIFT = "drift"


@dataclass(frozen=True)
class Finding:
    """One number followed through the runs, and what is to be said of it.

    ``detail`` goes on where ``name`` begins a sentence. ``baseline`` and ``optimized`` are the last values,
    ``noise`` the distance of the other runs there, ``largest`` the edited run's largest distance anywhere.
    ``evidence`` is false for what agrees and proves nothing (the number of an epoch).
    """

    state: State
    source: str
    name: str
    detail: str = ""
    baseline: float | None = None
    optimized: float | None = None
    noise: float | None = None
    evidence: bool = True
    largest: float = 0.0

    def metric(self) -> Metric:
        """The finding as a record; what is not finite becomes None."""
        values = [self.baseline, self.optimized, self.noise]
        before, after, noise = (None if value is None or not math.isfinite(value) else value for value in values)
        difference = None if before is None or after is None else after - before
        verdict = self.state.value.partition(",")[0]
        return Metric(self.name, self.source, before, after, difference, noise, verdict)


def judge(
    distances: Sequence[float],
    noise: Sequence[float] | None,
    slack: Sequence[float],
    ahead: int,
    powerless: float = POWERLESS,
) -> tuple[State, int]:
    """The state of a number followed through the runs, and the position that decided it.

    ``distances`` (of the edited run) and ``noise`` (of the other runs; None where there are none) are from the
    reference, relative to it; ``slack`` is allowed on top. The noise of a point is the largest up to ``ahead``
    points later, since a perturbed run parts later; from where it reaches ``powerless`` on nothing is judged.
    """
    if noise is None:
        for at, distance in enumerate(distances):
            if distance > slack[at]:
                before = distances[at - 1] if at else 0.0
                # Chaos grows from unit to unit; what jumps has another cause. Between points that lie
                # further apart (ahead is 1 there) either may have happened.
                abrupt = distance >= JUMP and distance >= JUMP_FACTOR * before
                return (State.DRIFT if abrupt and ahead > 1 else State.UNEXPLAINED), at
        return (State.AGREES if distances else State.POWERLESS), 0
    powered = False
    for at, distance in enumerate(distances):
        level = max(noise[: at + ahead + 1], default=0.0)
        if level >= powerless:
            break
        powered = True
        if distance > slack[at] + min(FACTOR * level, max(LATE_FACTOR * level, LATE)):
            return State.DRIFT, at
    return (State.AGREES, 0) if powered else (State.POWERLESS, 0)


def distance(first: float | None, second: float | None, scale: float) -> float:
    """The distance of two numbers in units of ``scale``; infinite where only one is finite (or not None)."""
    first, second = (math.nan if value is None else value for value in (first, second))
    if first == second or (math.isnan(first) and math.isnan(second)):
        return 0.0
    gap = abs(first - second)
    return gap / scale if math.isfinite(gap) else math.inf


@dataclass(frozen=True)
class Series:
    """One number through the reference, the edited run, and the others, which tell the noise.

    ``source`` is "unit", "printed" or "metric". A printed number has a ``place``, the value of one unit in its
    last place, and may be ``integral``: then it is exact.
    """

    name: str
    source: str
    reference: Sequence[float | None]
    edited: Sequence[float | None]
    others: Sequence[Sequence[float | None]]
    place: float = 0.0
    integral: bool = False

    def judge(self, common_noise: float, ahead: int, where: str) -> Finding:
        """Judge it as far as the edited run and one of the others went.

        ``common_noise`` is how far rounding carries the script's state: what a print may not show.
        """
        finite = [abs(value) for value in self.reference if value is not None and math.isfinite(value)]
        least = max(1e-3 * max(finite, default=0.0), 1e-12)
        length = min(len(self.reference), len(self.edited))
        if self.others:
            length = min(length, max(len(other) for other in self.others))
        scales = [max(abs(_finite(value)), least) for value in self.reference[:length]]
        distances = [distance(self.reference[at], self.edited[at], scales[at]) for at in range(length)]
        noise = [
            max(
                (distance(self.reference[at], other[at], scales[at]) for other in self.others if at < len(other)),
                default=0.0,
            )
            for at in range(length)
        ]
        slack = []
        for scale in scales:
            # A number may move by up to one place before its print shows it.
            unseen = LATE_FACTOR * min(common_noise, self.place / scale) if self.others else 0.0
            exact = 0.0 if self.integral else 1.001 * self.place / scale + ROUNDING
            slack.append(exact + (0.0 if self.integral else unseen))
        powerless = POWERLESS_PRINTED if self.source == "printed" else POWERLESS
        state, at = judge(distances, noise if self.others else None, slack, ahead, powerless)
        level = max(noise, default=0.0)
        return Finding(
            state,
            self.source,
            self.name,
            self._detail(state, at, where, level),
            _last(self.reference[:length]),
            _last(self.edited[:length]),
            noise[-1] * scales[-1] if self.others and noise else None,
            evidence=state is not State.AGREES or not self.integral,
            largest=max((gap * scale for gap, scale in zip(distances, scales, strict=True)), default=0.0),
        )

    def _detail(self, state: State, at: int, where: str, level: float) -> str:
        if state is State.POWERLESS:
            return f"differs by {level:.2g} of itself between runs of the script as it stands"
        if state is State.AGREES:
            return "agrees"
        became = f"is {_text(self.edited[at])} where it was {_text(self.reference[at])} ({where} {at + 1})"
        if self.others:
            moved = f"rounding moves it by {level:.2g} of itself" if level else "rounding does not move it"
            return f"{became}; {moved}"
        return f"{became}; no other run tells whether that is rounding"


def _finite(value: float | None) -> float:
    return value if value is not None and math.isfinite(value) else 0.0


def _last(values: Sequence[float | None]) -> float | None:
    return values[-1] if values else None


def _text(value: float | None) -> str:
    return "not finite" if value is None or not math.isfinite(value) else f"{value:.7g}"
