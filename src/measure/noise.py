"""The judgement whether a difference between two runs is larger than the effect of rounding on the script.

Two correct runs do not stay equal: a graph rounds differently from eager code, and training amplifies the difference.
So no fixed tolerance is used alone. Other runs of the original script, ideally one whose variables were perturbed by
one rounding error, show the effect of rounding on each number in each unit. The edited run may differ by a factor more.
If rounding moves a number far, the number is no evidence for or against.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from ..records import Metric

# The relative effect of a different order of float32 operations on the result of one unit.
ROUNDING = 2e-5
# The edited run rounds differently in every unit, but the perturbed one was perturbed once. So the edited run's
# distance may be larger by the first factor while distances are small, and by the second from a tenth on.
FACTOR, LATE_FACTOR, LATE = 30.0, 10.0, 0.1
# If rounding alone moves a number by this share, comparing it proves nothing. The limit is lower for a printed number:
# one that differs between two runs of the original script may be a time, whatever its name.
POWERLESS, POWERLESS_PRINTED = 0.05, 1e-3
# Agreement is evidence only if the noise is this small relative to the value and to its change during training.
# Otherwise a missing update would agree as well.
TELLING, TELLING_MOVED = 1e-3, 0.1
# If rounding moves a number by this share of its change during training, the number is only rounding noise. Adam turns
# the gradient of a bias before a normalization, which is noise, into full steps.
PURE_NOISE = 0.5
# If no run shows the noise: the size of a jump, and its factor from one unit to the next.
JUMP, JUMP_FACTOR = 5e-4, 100.0


class State(Enum):
    """The judgement on a number.

    AGREES: it agrees, in a comparison that could have failed. POWERLESS: it proves nothing. UNEXPLAINED: it differs,
    and no other run shows whether that is rounding. DRIFT: it differs by more than rounding explains.
    """

    AGREES = "none"
    POWERLESS = "inconclusive"
    UNEXPLAINED = "inconclusive, and different"
    DRIFT = "drift"


@dataclass(frozen=True)
class Finding:
    """One compared number, and the judgement on it.

    ``name`` and ``detail`` form a sentence. ``baseline`` and ``optimized`` are the values at the deciding point, or at
    the last point that could be judged. ``noise`` is the distance of the other runs there, and ``largest`` the largest
    distance of the edited run anywhere. ``evidence`` is false if the number agrees but proves nothing (the number of an
    epoch, a learning rate). ``unsettled`` says that no point could be judged.
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
    unsettled: bool = False

    def metric(self) -> Metric:
        """The finding as a record. Values that are not finite become None."""
        values = [self.baseline, self.optimized, self.noise]
        before, after, noise = (None if value is None or not math.isfinite(value) else value for value in values)
        difference = None if before is None or after is None else after - before
        verdict = self.state.value.partition(",")[0]
        return Metric(self.name, self.source, before, after, difference, noise, verdict)


@dataclass(frozen=True)
class Judged:
    """The judgement on a number over its points.

    ``at`` is the deciding position, or the last one that could be judged (-1: none). ``level`` is the noise there.
    ``telling`` says whether the comparison could have detected a change.
    """

    state: State
    at: int
    level: float = 0.0
    telling: bool = False


def judge(
    distances: Sequence[float],
    noise: Sequence[float] | None,
    slack: Sequence[float],
    ahead: int,
    powerless: float = POWERLESS,
    moved: Sequence[float] | None = None,
) -> Judged:
    """Judge a number by its relative distances from the reference.

    ``distances`` are those of the edited run, and ``noise`` those of the other runs (None if there are none). ``slack``
    is allowed in addition. ``moved`` is how far training has moved the number so far. The noise at a point is the
    largest up to ``ahead`` points later, because a perturbed run diverges later. Nothing is judged from the point where
    the noise reaches ``powerless``, or where the number moves by little more than noise.
    """
    if noise is None:
        for at, distance in enumerate(distances):
            if distance > slack[at]:
                before = distances[at - 1] if at else 0.0
                # Rounding differences grow from unit to unit, so a jump has another cause. If the points are
                # further apart (then ahead is 1), either is possible.
                abrupt = distance >= JUMP and distance >= JUMP_FACTOR * before
                return Judged(State.DRIFT if abrupt and ahead > 1 else State.UNEXPLAINED, at)
        return Judged(State.AGREES if distances else State.POWERLESS, len(distances) - 1, telling=bool(distances))
    last, reached, telling = -1, 0.0, False
    for at, distance in enumerate(distances):
        level = max(noise[: at + ahead + 1], default=0.0)
        way = max(moved[: at + ahead + 1], default=0.0) if moved is not None else math.inf
        if level >= powerless or (way > 0 and level >= PURE_NOISE * way):
            break
        last, reached = at, level
        if distance > slack[at] + min(FACTOR * level, max(LATE_FACTOR * level, LATE)):
            return Judged(State.DRIFT, at, level)
        telling = telling or (way > 0 and level <= min(TELLING, TELLING_MOVED * way))
    return Judged(State.AGREES if last >= 0 else State.POWERLESS, last, reached, telling)


def distance(first: float | None, second: float | None, scale: float) -> float:
    """The distance of two numbers in units of ``scale``; infinite if only one of them is finite (or not None)."""
    first, second = (math.nan if value is None else value for value in (first, second))
    if first == second or (math.isnan(first) and math.isnan(second)):
        return 0.0
    gap = abs(first - second)
    return gap / scale if math.isfinite(gap) else math.inf


@dataclass(frozen=True)
class Series:
    """The values of one number in the reference, the edited run, and the others, which give the noise.

    ``source`` is "unit", "printed" or "metric". A printed number has a ``place``, the value of one unit in its last
    place, and may be ``integral``: then it is exact.
    """

    name: str
    source: str
    reference: Sequence[float | None]
    edited: Sequence[float | None]
    others: Sequence[Sequence[float | None]]
    place: float = 0.0
    integral: bool = False

    def judge(self, common_noise: float, ahead: int, where: str, repeats: bool = True) -> Finding:
        """Judge the points that the edited run and one of the others reached.

        ``common_noise`` is the effect of rounding on the state of the script, which a print may not show. ``repeats``
        says whether the script repeats itself. If it does not, everything that depends on the computation differs, so a
        number that never differs is a setting, a counter or a schedule.
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
            # A number may change by up to one place before its printed form changes.
            unseen = LATE_FACTOR * min(common_noise, self.place / scale) if self.others else 0.0
            exact = 0.0 if self.integral else 1.001 * self.place / scale + ROUNDING
            slack.append(exact + (0.0 if self.integral else unseen))
        powerless = POWERLESS_PRINTED if self.source == "printed" else POWERLESS
        judged = judge(distances, noise if self.others else None, slack, ahead, powerless)
        shown = judged.at if judged.at >= 0 else length - 1
        return Finding(
            judged.state,
            self.source,
            self.name,
            self._detail(judged, where, max(noise, default=0.0)),
            self.reference[shown] if length else None,
            self.edited[shown] if length else None,
            noise[shown] * scales[shown] if self.others and noise else None,
            evidence=judged.state is not State.AGREES or self._tells(judged, noise, repeats),
            largest=max((gap * scale for gap, scale in zip(distances, scales, strict=True)), default=0.0),
            unsettled=judged.state is State.POWERLESS and length > 0,
        )

    def _tells(self, judged: Judged, noise: Sequence[float], repeats: bool) -> bool:
        """Whether agreement of this number proves anything."""
        if not repeats and not any(noise):
            return False
        values = {value for value in self.reference[: judged.at + 1] if value is not None and not math.isnan(value)}
        whole = self.integral or all(value == math.floor(value) for value in values if math.isfinite(value))
        return judged.telling and not whole and (len(values) > 1 or any(noise) or self.is_single)

    @property
    def is_single(self) -> bool:
        """Whether there is only one value, of a unit or a requested metric, so that nothing shows whether it changes.
        """
        return self.source in ("unit", "metric") and len(self.reference) == 1

    def _detail(self, judged: Judged, where: str, most: float) -> str:
        if judged.state is State.POWERLESS:
            return f"differs between two runs of the original script (relative difference {most:.2g})"
        if judged.state is State.AGREES:
            return "agrees"
        at = judged.at
        became = f"is {_text(self.edited[at])}, original {_text(self.reference[at])} ({where} {at + 1})"
        if self.others:
            level = judged.level
            moved = f"rounding explains a difference of {level:.2g}" if level else "rounding does not explain it"
            return f"{became}; {moved}"
        return f"{became}; no other run shows whether that is rounding"


def _finite(value: float | None) -> float:
    return value if value is not None and math.isfinite(value) else 0.0


def _text(value: float | None) -> str:
    return "no number" if value is None else f"{value:.7g}"
