"""Runs the original and the edited script with several seeds, and compares their final results (level L3)."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING

from ...options import SEED_LIMIT
from ...records import Benchmark, Drift, Ending, Judgement, Scan
from ...report.wording import count
from ..work import Work

if TYPE_CHECKING:
    from ...dynamic.parent.cold import Arm
    from ...dynamic.parent.runs import Seen
    from ...measure.equivalence import Ended, References, SeedPair

#: The factor by which recording and another run at its side slow a run down.
SIDE_BY_SIDE = 2.5
#: The share of the units that fit by the first seed's timing that is planned.
CAUTION = 0.7
#: A run of fewer units than this has no results to compare, unless --steps asks for fewer.
LEAST_UNITS = 5
CLOSING_SECONDS = 3.0


@dataclass(frozen=True)
class Extent:
    """The length of each run: ``steps`` units, or fewer if the script ends before, in at most ``seconds``."""

    steps: int
    seconds: float


def run(work: Work, scan: Scan) -> None:
    """If --drift-runs asks for it and the plan is faster, compare the final results over several seeds."""
    if not work.options.drift_runs or work.benchmark is None or work.benchmark.verdict != "faster":
        return
    seeds = count(work.options.drift_runs, "seed")
    with work.stage("seeds", f"final results of the original and the edited script, over {seeds}"):
        compare_over_seeds(work, scan, work.unit or work.selected()[0])


def compare_over_seeds(work: Work, scan: Scan, hottest: Judgement) -> None:
    """Compare the plan over the requested seeds, and update ``work.drift`` after each seed.

    A run with one seed was compared before. Its result stays in the reason, and its numbers are kept.
    """
    before = work.drift
    trial = SeedTrial(work, scan, hottest)
    for drift in trial.run():
        work.drift = merged(drift, before)
    if work.drift is not None and work.drift.level == "L3" and work.drift.verdict == "inconclusive":
        work.warn(f"the comparison of final results is not decided: {work.drift.reason}")


def merged(found: Drift, before: Drift | None) -> Drift:
    """The verdict over several seeds, followed by the result with one seed."""
    if before is None:
        return found
    reason = f"{found.reason}; with one seed, from a cold start ({before.level}): {before.verdict}, {before.reason}"
    return replace(found, reason=reason, metrics=(*found.metrics, *before.metrics), courses=before.courses)


def extent(
    benchmark: Benchmark | None, left: float, rounds: int, length: int | None, steps: int | None
) -> Extent | None:
    """The length of each run if ``rounds`` rounds must fit in ``left`` seconds; None if that is too short.

    ``length`` is the number of units of the whole script, if known; then the script runs to its end if that fits.
    ``steps`` is the most units that the user wants.
    """
    share = left / rounds
    startup, unit_seconds = _costs(benchmark)
    affordable = int((share / SIDE_BY_SIDE - startup) / unit_seconds)
    if steps is None and length is not None and length <= affordable:
        return Extent(sys.maxsize, share)
    wanted = min(value for value in (affordable, steps, length) if value is not None)
    return Extent(wanted, share) if wanted >= min(LEAST_UNITS, steps or LEAST_UNITS) else None


def _costs(benchmark: Benchmark | None) -> tuple[float, float]:
    """Seconds of the original script until its first unit, and per unit."""
    pairs = [pair for pair in benchmark.pairs if pair.turns and "eager" in pair.arms] if benchmark is not None else []
    if not pairs:
        return 10.0, 1.0
    rates = [turn.seconds[pair.arms.index("eager")] / turn.units for pair in pairs for turn in pair.turns if turn.units]
    return max(pair.startup_seconds[pair.arms.index("eager")] for pair in pairs), max(median(rates), 1e-6)


class SeedTrial:
    """The runs with several seeds: a pair for each, and two more of the original script if a pair differs."""

    def __init__(self, work: Work, scan: Scan, hottest: Judgement) -> None:
        from ...dynamic.parent.cold import Unit

        self.work, self.scan = work, scan
        self.unit = Unit.of(hottest.function)
        self.wanted = work.options.drift_runs
        first = (work.options.seed or 0) + 1
        self.seeds = [(first + number) % SEED_LIMIT for number in range(self.wanted)]
        self.length = hottest.observation.calls if work.observed_whole else None
        left = work.left - CLOSING_SECONDS
        # One more round is for the two reference runs, which show whether chance or rounding explains a difference.
        self.extent = extent(work.benchmark, left, self.wanted + 1, self.length, work.options.steps)
        self.pairs: list[SeedPair] = []
        self.round_seconds = 0.0
        self.stopped = ""

    def run(self) -> Iterator[Drift]:
        """Run seed after seed. Yields the current verdict after each."""
        if self.extent is None:
            self.stopped = "the budget leaves no time for a run with another seed; use a longer --budget"
            yield self._compare()
            return
        for number, seed in enumerate(self.seeds):
            if self._is_over(1.0):
                break
            self.work.watch(f"seed {number + 1} of {self.wanted}: the original and the edited script, side by side")
            failed = self._add(seed)
            if number == 0 and failed is None and self._reach_further():
                failed = self._add(seed)
            if failed is not None:
                yield Drift("drift", "L3", f"with seed {seed}, {failed}")
                return
            yield self._compare()
        if len(self.pairs) < self.wanted and not self.stopped:
            self.stopped = "the budget ended before the other seeds; use a longer --budget"
        yield self._compare(self._find_references())

    def _compare(self, references: References | None = None) -> Drift:
        from ...measure.equivalence import compare_seeds

        metrics = self.work.options.metrics
        return compare_seeds(self.pairs, self.wanted, references=references, metrics=metrics, stopped=self.stopped)

    def _add(self, seed: int) -> str | None:
        """Run a pair. Returns why the edited script fails with this seed if the original does not, else None."""
        from ...dynamic.parent.cold import Arm, failure
        from ...measure.equivalence import SeedPair

        seen = self._replay(seed, [Arm("edited", self.work.plan.files), Arm("eager")])
        eager, edited = seen["eager"], seen["edited"]
        if _is_timely(eager) and edited.outcome.ending is not Ending.TIMEOUT and _units(edited):
            broken = failure(edited, eager)
            if broken is not None:
                return broken.reason
        if not (_is_timely(eager) and _is_timely(edited)):
            ended = "raised an error by itself" if eager.outcome.ending is Ending.RAISED else "did not end in time"
            self.stopped = f"with seed {seed} the script {ended}"
        elif not all(self._came_through(each) for each in (eager, edited)):
            self.stopped = f"with seed {seed} the runs did not get as far as planned in the time"
        else:
            self.pairs.append(SeedPair(seed, _ended(eager), _ended(edited)))
        return None

    def _reach_further(self) -> bool:
        """Whether the first seed was so fast that all runs can be at least twice as long; then it must be run again."""
        assert self.extent is not None
        if self.extent.steps == sys.maxsize or not self.pairs:
            return False
        share = (self.work.left - CLOSING_SECONDS) / (self.wanted + 1)
        units = self.pairs[0].eager.units
        room = int(CAUTION * units * share / max(self.round_seconds, 1e-3))
        steps = self.work.options.steps
        if steps is None and self.length is not None and self.length <= room:
            further = sys.maxsize
        else:
            further = min(value for value in (room, steps, self.length) if value is not None)
        if further < 2 * units:
            return False
        self.extent = Extent(further, share)
        self.pairs.clear()
        return True

    def _find_references(self) -> References | None:
        """Two more runs with the last seed, if something differs and there is time."""
        from ...dynamic.parent.cold import Arm
        from ...measure.equivalence import References, needs_references

        if not needs_references(self.pairs, self.work.options.metrics) or self._is_over(1.0):
            return None
        self.work.watch("running the original script twice more, to see whether chance explains the difference")
        seed = self.pairs[-1].seed
        seen = self._replay(seed, [Arm("nudged", nudge=1), Arm("twin")])
        if not all(_is_timely(each) and self._came_through(each) for each in seen.values()):
            return None
        return References(seed, _ended(seen["nudged"]), _ended(seen["twin"]))

    def _replay(self, seed: int, arms: Sequence[Arm]) -> dict[str, Seen]:
        from ...dynamic.parent.cold import replay

        assert self.extent is not None
        begun = time.monotonic()
        run = self.work.run_with(self.scan)
        run = replace(run, target=replace(run.target, seed=seed), finals=True)
        labelled = [replace(arm, label=f"seed-{seed}-{arm.label}") for arm in arms]
        seconds = min(2 * self.extent.seconds, self.work.left)
        seen = replay(run, self.unit, labelled, seconds, self.extent.steps)
        self.round_seconds = time.monotonic() - begun
        return {arm.label: seen[other.label] for arm, other in zip(arms, labelled, strict=True)}

    def _is_over(self, rounds: float) -> bool:
        """Whether the budget is too short for this many more rounds, each as long as the last one."""
        return self.work.left < rounds * self.round_seconds + CLOSING_SECONDS

    def _came_through(self, seen: Seen) -> bool:
        assert self.extent is not None
        return seen.outcome.ending in (Ending.FINISHED, Ending.EXITED) or _units(seen) >= self.extent.steps


def _is_timely(seen: Seen) -> bool:
    return seen.outcome.ending in (Ending.FINISHED, Ending.EXITED, Ending.CUT)


def _units(seen: Seen) -> int:
    return int(seen.report.get("units", 0))


def _ended(seen: Seen) -> Ended:
    from ...measure.equivalence import Ended

    report, outcome = seen.report, seen.outcome
    return Ended(
        # If a script prints more lines than are kept, its last lines are unknown.
        lines=() if outcome.lines_dropped else outcome.lines,
        units=_units(seen),
        scalars=tuple(tuple(row) for row in report.get("latest", ())),
        recorded=report.get("recorded", {}),
        complete=outcome.ending in (Ending.FINISHED, Ending.EXITED),
    )
