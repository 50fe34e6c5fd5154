"""Chooses the variant of each candidate: the fastest safe one of those worth a run.

Every variant is checked like any candidate (``dynamic.parent.proof``) before it is timed, and the winning plan runs
from a cold start like any other (``trial``).
"""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...measure.contest import Choice, Entrant
from ...measure.costs import Length, base_result, length_of, predicted_seconds
from ...measure.variants import way_of, ways
from ...records import Judgement, Reason, Scan, Variant, VariantResult, Verdict
from ..pacing import RACE_SECONDS
from ..variants import advice, is_dear, is_whole, mend, plainer, variant_of, with_story, with_variant
from ..work import Work, edits_of

if TYPE_CHECKING:
    from ...dynamic.parent.proof import Observed
    from ...measure.seats import Group

#: The stage's share of the budget, and the share that it reserves for the cold runs and the measurement.
SHARE, RESERVE = 0.2, 0.45
#: The share of the stage's time for the checks of variants. The rest is for the race.
CHECK_PART = 0.5
#: Candidates with a smaller share of the time get no variants: they are converted plainly or not at all.
LEAST_SHARE = 0.05
#: The number of compared calls that proves a variant of a candidate whose bare graph is proved.
ENOUGH = 16
#: A variant that was slower than the plainest one by this factor in the check does not race.
HOPELESS = 1.5
#: A candidate other than the hottest gets a variant only if that is predicted to be faster by this factor.
CLEARLY = 1.25
MOST_ENTRANTS = 3


def run(work: Work, scan: Scan, observed: Observed) -> None:
    """Decide which candidates are in the plan, and the variant of each."""
    Race(work, scan, observed).run()


@dataclass(frozen=True)
class Plan:
    """A plan that may be timed: the judgements of the chosen candidates, each with its variant."""

    name: str
    judgements: tuple[Judgement, ...]

    @property
    def rank(self) -> int:
        """The sum of the variants' ranks."""
        return sum(way_of(judgement.variant.name).rank for judgement in self.judgements)

    @property
    def dear(self) -> bool:
        """Whether any of the variants is compiled."""
        return any(is_dear(judgement.variant) for judgement in self.judgements)


@dataclass
class Race:
    """The stage: checks the promising variants of the chosen candidates, and times the best of them."""

    work: Work
    scan: Scan
    observed: Observed

    def __post_init__(self) -> None:
        self.whole = is_whole(self.observed)
        self.begun = time.monotonic()
        seconds = min(SHARE * self.work.options.budget_seconds, self._spare())
        self.end = self.begun + seconds
        self.start_seconds = self.work.startup_seconds

    def _spare(self) -> float:
        return self.work.left - RESERVE * self.work.options.budget_seconds

    def run(self) -> None:
        """Decide which candidates are in the plan, and the variant of each."""
        from ...measure.selection import select

        proposals = self._proposals(select(list(self.work.judgements.values()), hopeful=True))
        if proposals and self.end - self.begun < self._least():
            names = sorted({variant.name for variants in proposals.values() for variant in variants})
            self.work.warn(
                f"{', '.join(names)} may be faster, but trying variants would leave too little of the budget for the "
                "measurement; use a longer --budget"
            )
            proposals = {}
        if proposals:
            with self.work.stage("variants", self._tell(proposals)):
                self._check(proposals)
        self.work.add(select(list(self.work.judgements.values())))
        plans = self._plans(self.work.selected())
        if not plans:
            return
        choice = Choice(plans[0].name, "")
        if len(plans) > 1:
            with self.work.stage("race", f"{', '.join(plan.name for plan in plans)} and the original script"):
                choice = self._race(plans)
        self._settle(plans, choice)

    def _least(self) -> float:
        """The fewest seconds that are useful: for one check, and turns of two plans."""
        return 4 * self.start_seconds + RACE_SECONDS

    def _tell(self, proposals: Mapping[str, Sequence[Variant]]) -> str:
        parts = [f"{name}: {', '.join(v.name for v in variants)}" for name, variants in proposals.items()]
        return "; ".join(parts)

    def _length(self, judgement: Judgement) -> Length:
        return length_of(judgement, self.whole)

    def _proposals(self, judgements: Sequence[Judgement]) -> dict[str, list[Variant]]:
        """The variants worth checking: for candidates in the plan, and for refuted ones that a variant may save."""
        found: dict[str, list[Variant]] = {}
        for judgement in judgements:
            name = judgement.function.id
            if judgement.observation.share < LEAST_SHARE:
                continue
            tried = {result.name for result in judgement.variants}
            if judgement.selected:
                proposed = [way.propose(judgement, self._length(judgement)) for way in ways() if way.name not in tried]
                variants = [variant for variant in proposed if isinstance(variant, Variant)]
            elif judgement.verdict is Verdict.REFUTED and judgement.variant.arguments and name in self.observed.growing:
                variants = [v for v in mend(judgement, self.observed)[0] if v.name not in tried]
            else:
                continue
            if variants:
                found[name] = variants
        return found

    # Checking.

    def _check(self, proposals: Mapping[str, Sequence[Variant]]) -> None:
        """Check the proposed variants, one of each candidate in a run."""
        from ...dynamic.parent.proof import check

        rounds = max((len(variants) for variants in proposals.values()), default=0)
        for number in range(rounds):
            variants = {name: found[number] for name, found in proposals.items() if number < len(found)}
            left = self.begun + CHECK_PART * (self.end - self.begun) - time.monotonic()
            if number and left < 2 * self.start_seconds:
                names = sorted({variant.name for variant in variants.values()})
                self.work.watcher.note(f"{', '.join(names)} could not be tried: the time for variants was up")
                return
            seconds = max(left / (rounds - number), 2 * self.start_seconds + 5.0)
            label = f"variants-{number + 1}"
            judged = check(self.work.run_with(self.scan), self.observed, seconds, variants, label, ENOUGH)
            for judgement in judged:
                self._take(judgement)

    def _take(self, checked: Judgement) -> None:
        """Add the result of a check of one variant."""
        known = self.work.judgements[checked.function.id]
        if not checked.variants:
            variant, seen = checked.variant, checked.observation
            eager = seen.seconds / seen.calls if seen.calls else None
            unknown = VariantResult(variant.name, checked.verdict, 0, None, None, eager, None)
            unknown = replace(unknown, arguments=variant.arguments, reason=checked.reasons[0].message)
            checked = replace(checked, variants=(unknown,))
        self.work.watcher.note(
            f"{checked.function.id} with {checked.variant.name}: {checked.verdict.value}, {checked.reasons[0].message}"
        )
        if known.verdict is Verdict.CONFIRMED:
            self.work.add([replace(known, variants=(*known.variants, *checked.variants))])
            return
        if checked.verdict is Verdict.CONFIRMED:
            tried = [result for result in known.variants if result.name != "graph"]
            story = with_story(checked, self.observed)
            self.work.add([replace(story, variants=(story.variants[0], *tried, *story.variants[1:]))])
            return
        reasons = (*known.reasons, with_variant(checked.variant, checked.reasons[0]))
        self.work.add([replace(known, reasons=reasons, variants=(*known.variants, *checked.variants))])

    # Racing.

    def _plans(self, chosen: Sequence[Judgement]) -> list[Plan]:
        """The plans to time: the plainest, and those that the checks predict to be faster over the training."""
        if not chosen:
            return []
        chosen = [plainer(judgement) or judgement for judgement in chosen]
        hottest = chosen[0]
        plain = Plan(hottest.variant.name, tuple(chosen))
        rest = tuple(self._improved(judgement) for judgement in chosen[1:])
        plans = [
            Plan(result.name, (replace(hottest, variant=variant_of(result)), *rest))
            for _, result in self._promising(hottest)
            if result.name != hottest.variant.name
        ]
        if not plans and rest != plain.judgements[1:]:
            plans.append(Plan("variants of the others", (hottest, *rest)))
        inner = self._without(hottest)
        if inner:
            # It gets a reserved place, because it is a different plan and not one more variant.
            plans = [*plans[: MOST_ENTRANTS - 2], inner]
        return [plain, *plans[: MOST_ENTRANTS - 1]]

    def _promising(self, judgement: Judgement) -> list[tuple[float, VariantResult]]:
        """The confirmed variants that were not much slower in the check than the candidate's own, the best first.

        Each has the seconds that it is predicted to take over the whole training.
        """
        base, length = base_result(judgement), self._length(judgement)
        if base is None:
            return []
        limit = HOPELESS * predicted_seconds(base, judgement, length)
        found = [
            (predicted_seconds(result, judgement, length), result)
            for result in judgement.variants
            if result.outcome is Verdict.CONFIRMED and result.seconds_per_call
        ]
        return sorted((pair for pair in found if pair[0] <= limit), key=lambda pair: pair[0])

    def _improved(self, judgement: Judgement) -> Judgement:
        """A candidate other than the hottest, with the plainest variant that is predicted to be about the best.

        It is not timed alone, so a variant other than the plainest must promise clearly more.
        """
        promising = self._promising(judgement)
        near = [result for seconds, result in promising if seconds <= CLEARLY * promising[0][0]]
        if not near:
            return judgement
        return replace(judgement, variant=variant_of(min(near, key=lambda result: way_of(result.name).rank)))

    def _without(self, hottest: Judgement) -> Plan | None:
        """The plan that leaves the hottest candidate eager and converts its callees, if that may be better.

        It may be if the graph of the whole gains little: a loop over data inside the graph, or a caller that is
        retraced repeatedly while a callee is traced once.
        """
        from ...measure.selection import select

        base = base_result(hottest)
        if base is None or (base.eager_seconds_per_call or 0.0) > 2 * (base.seconds_per_call or 0.0):
            return None
        hidden = replace(hottest, verdict=Verdict.INCONCLUSIVE, selected=False)
        others = [hidden if j.function.id == hottest.function.id else j for j in self.work.judgements.values()]
        inner = [j for j in select(others) if j.selected]
        inner.sort(key=lambda j: j.observation.seconds, reverse=True)
        if not inner or {j.function.id for j in inner} <= {j.function.id for j in self.work.selected()}:
            return None
        return Plan("only what it calls", tuple(inner))

    def _race(self, plans: Sequence[Plan]) -> Choice:
        from ...measure.contest import choose, undecided

        hottest = plans[0].judgements[0]
        entrants = self._entrants(plans)
        if not self._has_time(len(entrants) + 1):
            return Choice(plans[0].name, "there was no time to compare the variants, so the plainest was taken")
        length = self._length(hottest)
        groups = [self._run_contest(hottest, entrants, length)]
        pair = undecided(groups[0], entrants, length.calls)
        if pair and self._has_time(len(pair)):
            self.work.watcher.note(f"{pair[1].name} and {pair[0].name} are too close to call: they are timed again")
            groups.append(self._run_contest(hottest, pair, length, again=True))
        choice = choose(groups, entrants, length.calls, length.reason)
        self.work.watcher.note(f"{choice.winner}: {choice.reason}")
        return choice

    def _has_time(self, arms: int) -> bool:
        return self.end - time.monotonic() >= arms * self.start_seconds + RACE_SECONDS

    def _run_contest(
        self, hottest: Judgement, entrants: Sequence[Entrant], length: Length, again: bool = False
    ) -> Group:
        from ...measure.benchmark import has_room
        from ...measure.contest import run_contest
        from ...measure.phases import covers_of
        from ...sandbox.parent.launch import start

        return run_contest(
            self.work.target,
            edits_of([hottest])[0],
            hottest.function.line,
            entrants,
            self.work.folder,
            functools.partial(start, nursery=self.work.nursery),
            deadline=self.end,
            steps=self.work.options.steps,
            length=length.calls if length.whole else None,
            again=again,
            covers=covers_of(hottest, self.work.selected(), self.work.judgements),
            room=has_room,
        )

    def _entrants(self, plans: Sequence[Plan]) -> list[Entrant]:
        from ...rewrite import edit_project

        entrants = []
        for plan in plans:
            files, refused = edit_project(Path(self.scan.root), edits_of(plan.judgements))
            if not refused:
                entrants.append(Entrant(plan.name, files, plan.rank, plan.dear))
        return entrants

    def _settle(self, plans: Sequence[Plan], choice: Choice) -> None:
        """Select the winner's variants, and deselect candidates that gain nothing from them."""
        from ...measure.selection import COVERED, NOT_WORTH_IT, deselect, gain_refusal

        winner = next((plan for plan in plans if plan.name == choice.winner), None)
        if winner is not plans[0]:
            self.work.add([deselect(judgement, Reason("race", choice.reason)) for judgement in plans[0].judgements])
        if winner is None:
            return
        for judgement in winner.judgements:
            reasons = tuple(part for part in judgement.reasons if part.code not in (COVERED, NOT_WORTH_IT))
            reasons += tuple(part for part in (advice(judgement),) if part)
            if choice.reason and judgement is winner.judgements[0]:
                reasons = (*reasons, Reason("race", choice.reason))
            refusal = gain_refusal(judgement) if winner is plans[0] else None
            if refusal is not None:
                self.work.add([deselect(judgement, refusal)])
            else:
                self.work.add([replace(judgement, selected=True, covered_by=None, reasons=reasons)])
