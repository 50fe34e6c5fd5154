"""Runs a plan from a cold start beside the script as it stands, and finds the candidates that it fails for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import own_failure, ran_out_of_memory
from .race import plainer
from .records import AssumptionKind, Drift, Ending, Judgement, Scan, Verdict
from .report.wording import count
from .work import Work, edits_of

if TYPE_CHECKING:
    from .dynamic.runs import Run, Seen
    from .measure.drift import Trace

COLD_SHARE = 0.35
COLD_UNITS = 60
# What a comparison from a cold start must cover at least: the first calls build, later ones train.
LEAST_UNITS = 5
# With less of the budget left than this, no cold run is begun.
LEAST_SECONDS = 5.0
# How often a plan is made anew where candidates of it did not stand.
MOST_PLANS = 3


@dataclass(frozen=True)
class Objection:
    """What speaks against a plan that was run cold."""

    verdict: Verdict
    reason: str


OUT_OF_TIME = Objection(Verdict.INCONCLUSIVE, "the budget ended before it was run cold; give it longer with --budget")
NOT_REACHED = Objection(Verdict.INCONCLUSIVE, "the cold run did not come to a call of it; give it longer with --budget")


@dataclass
class ColdTrial:
    """Runs plans cold and finds the candidates that a plan fails for."""

    work: Work
    scan: Scan
    hottest: Judgement
    confirmed: Sequence[Judgement] = ()
    references: dict[str, Seen] = field(default_factory=dict)
    reached: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        from .dynamic.cold import Unit

        self.unit = Unit.of(self.hottest.function)
        self.reach = [Unit.of(j.function) for j in self.confirmed if j.function.id != self.hottest.function.id]
        self.steps = self._steps(self.hottest)
        self.seconds = max(10.0, self.work.share(COLD_SHARE) / 3)

    def settle_plan(self, chosen: Sequence[Judgement]) -> Drift | None:
        """Run the plan of ``chosen``, and a plan made anew where a part of it fails; the drift of what stands.

        What ran inside of a candidate that did not stand was not chosen for its sake, and may be worth an edit
        now. No plan is made anew that would not be run: what is selected in the end has run in just that form.
        """
        drift: Drift | None = None
        for number in range(1, MOST_PLANS + 1):
            if not chosen:
                break
            drift = self.settle(chosen, "plan" if number == 1 else f"plan-{number}")
            stood = self.work.selected()
            if len(stood) == len(chosen) or number == MOST_PLANS:
                break
            self._select_again()
            chosen = self.work.selected()
            if len(chosen) == len(stood):
                break
        return drift

    def _select_again(self) -> None:
        """Choose also among what is confirmed and not chosen, now that others are out of the way."""
        from .measure.selection import NOT_NEEDED, select

        confirmed = [j for j in self.work.judgements.values() if j.verdict is Verdict.CONFIRMED]
        anew = [
            j
            if j.selected
            else replace(j, covered_by=None, reasons=tuple(r for r in j.reasons if not r.startswith(NOT_NEEDED)))
            for j in confirmed
        ]
        # What stood was chosen by measurement, and is not put in question by an estimate.
        self.work.add([new for old, new in zip(confirmed, select(anew), strict=True) if not old.selected])

    def settle(self, chosen: Sequence[Judgement], label: str) -> Drift | None:
        """Refute those of ``chosen`` that do not run cold as the script does; the drift of what stands."""
        standing = list(chosen)
        objection, drift = self._try(standing, label)
        if objection is not None and any(plainer(judgement) for judgement in standing):
            standing = self._give_up_variants(standing, objection)
            objection, drift = self._try(standing, f"{label}-plainer")
        if objection is not None and len(standing) > 1:
            standing = self._stand_alone(standing, label)
            if standing and len(standing) < len(chosen):
                objection, drift = self._try(standing, f"{label}-standing")
        if objection is not None and len(standing) > 1:
            standing, objection, drift = self._stand_together(standing, label)
        missed = [j for j in standing if objection is None and not self.reached.get(j.function.id, 1)]
        if missed:
            self.reach = [unit for unit in self.reach if unit.candidate not in {j.function.id for j in missed}]
            for judgement in missed:
                self._object(judgement, NOT_REACHED)
            standing = [j for j in standing if j not in missed]
            if standing:
                objection, drift = self._try(standing, f"{label}-reached")
        if objection is not None:
            for judgement in standing:
                self._object(judgement, objection)
        return drift

    def _give_up_variants(self, chosen: Sequence[Judgement], objection: Objection) -> list[Judgement]:
        """The candidates with the plainest of their variants, which the objection may not hold for."""
        plain = []
        for judgement in chosen:
            other = plainer(judgement)
            if other is not None:
                failed = judgement.variant.name
                reason = f"{failed} was given up: {objection.reason}"
                results = tuple(
                    replace(r, outcome=objection.verdict, reason=objection.reason) if r.name == failed else r
                    for r in judgement.variants
                )
                other = replace(other, variants=results, reasons=(*judgement.reasons, reason))
                self.work.add([other])
                self.work.watcher.note(f"{other.function.id}: {reason}")
            plain.append(other or judgement)
        return plain

    def _stand_alone(self, chosen: Sequence[Judgement], label: str) -> list[Judgement]:
        """Those of ``chosen`` that run cold as the script does when they are all that is edited."""
        standing = []
        for number, judgement in enumerate(chosen):
            alone, _ = self._try([judgement], f"{label}-{number + 1}")
            if alone is None:
                standing.append(judgement)
            else:
                self._object(judgement, alone)
        return standing

    def _stand_together(
        self, chosen: Sequence[Judgement], label: str
    ) -> tuple[list[Judgement], Objection | None, Drift | None]:
        """Of candidates that agree alone and fail together: those that stand when each is added to the ones before.

        The hottest comes first, so that what has to go is what gains least.
        """
        hottest, *others = sorted(chosen, key=lambda judgement: judgement.observation.seconds, reverse=True)
        standing = [hottest]
        objection, drift = self._try(standing, f"{label}-together")
        for number, judgement in enumerate(others, 1) if objection is None else ():
            reached = self.reached
            more, found = self._try([*standing, judgement], f"{label}-together-{number}")
            if more is None:
                standing, drift = [*standing, judgement], found
            else:
                self.reached = reached
                names = ", ".join(each.function.id for each in standing)
                self._object(judgement, more, f"alone it agrees, but not together with {names}: ")
        return standing, objection, drift

    def _steps(self, hottest: Judgement) -> int:
        seen = hottest.observation
        affordable = int(self.work.share(COLD_SHARE) / 6 / max(seen.seconds / seen.calls, 1e-6))
        wanted = min(self.work.options.steps or COLD_UNITS, COLD_UNITS)
        # However few the time allows, some are run; but never more than the user wants.
        return min(wanted, max(5, min(affordable, seen.calls - 1)))

    def _object(self, judgement: Judgement, objection: Objection, lead: str = "") -> None:
        reasons = (f"{lead}{objection.reason}", *judgement.reasons)
        variants = tuple(
            replace(each, outcome=objection.verdict, reason=objection.reason)
            if each.name == judgement.variant.name
            else each
            for each in judgement.variants
        )
        assumptions = tuple(
            replace(each, verdict=objection.verdict, evidence=objection.reason)
            if each.assumption.kind is AssumptionKind.SAME_RESULT
            else each
            for each in judgement.assumptions
        )
        refuted = replace(judgement, verdict=objection.verdict, selected=False, reasons=reasons)
        self.work.add([replace(refuted, variants=variants, assumptions=assumptions)])
        self.work.watcher.note(f"{judgement.function.id}: {objection.verdict.value}, {reasons[0]}")

    def _try(self, chosen: Sequence[Judgement], label: str) -> tuple[Objection | None, Drift | None]:
        """Run a plan cold; what speaks against it, if anything, and the drift measured."""
        from .dynamic.cold import failure, replay
        from .rewrite import edit_project

        if self.work.left < LEAST_SECONDS:
            return OUT_OF_TIME, None
        files, _ = edit_project(Path(self.scan.root), edits_of(chosen))
        run = self.work.run_with(self.scan)
        arms: list[Any] = [(label, files, False)]
        if not self.references:
            arms += [("eager", (), False), ("nudged", (), True)]
        self.work.watch(f"{self.steps} units of the script and of the plan, side by side")
        seen = replay(run, self.unit, arms, min(self.seconds, self.work.left), self.steps, self.reach)
        for arm in arms:
            # Side by side they may need more memory than there is; what fails by itself as well is a fault.
            outcome = seen[arm[0]].outcome
            if len(arms) > 1 and outcome.ending is Ending.RAISED and ran_out_of_memory(outcome):
                seen |= replay(run, self.unit, [arm], min(self.seconds, self.work.left), self.steps, self.reach)
        self.references.update({name: each for name, each in seen.items() if name != label})
        edited, eager = seen[label], self.references["eager"]
        self.reached = edited.report.get("reached", {})
        failed = next((seen.role_errors[0] for seen in (edited, eager) if seen.role_errors), None)
        if failed is not None:
            return Objection(Verdict.INCONCLUSIVE, own_failure("cold run", failed)), None
        broken = failure(edited, eager)
        if broken is not None:
            return Objection(Verdict.REFUTED, broken), None
        if unread := edited.report.get("unread"):
            return Objection(Verdict.INCONCLUSIVE, f"the traces of its cold run could not be read: {unread}"), None
        units = min(int(seen.report.get("units", 0)) for seen in (eager, edited))
        whole = all(seen.outcome.ending in (Ending.FINISHED, Ending.EXITED) for seen in (eager, edited))
        # A script that comes to its end has no more units than that.
        if not units or (units < min(LEAST_UNITS, self.steps) and not whole):
            # A script that takes long to come to its training, or graphs that take long to trace.
            if 4 * self.seconds < self.work.left:
                self.seconds *= 2
                if eager.report.get("units", 0) < min(LEAST_UNITS, self.steps):
                    self.references.clear()
                return self._try(chosen, f"{label}-longer")
            why = f"the cold run came no further than {count(units, 'unit')} in its time; give it longer with --budget"
            return Objection(Verdict.INCONCLUSIVE, why), None
        drift = self._compare(run, edited)
        if drift.verdict == "none":
            return None, drift
        verdict = Verdict.REFUTED if drift.verdict == "drift" else Verdict.INCONCLUSIVE
        return Objection(verdict, f"started cold, it parts from the script as it stands: {drift.reason}"), drift

    def _compare(self, run: Run, edited: Seen) -> Drift:
        from .dynamic.cold import replay
        from .measure.drift import compare

        traces = {name: _trace(seen) for name, seen in self.references.items()}
        drift = compare(
            traces["eager"],
            _trace(edited),
            perturbed=traces.get("nudged"),
            twin=traces.get("twin"),
            metrics=self.work.options.metrics,
        )
        if drift.verdict != "none" and "twin" not in traces:
            # Only now is it worth a run to know whether the script repeats itself at all.
            seen = replay(run, self.unit, [("twin", (), False)], self.seconds, self.steps, self.reach)
            self.references["twin"] = seen["twin"]
            return self._compare(run, edited)
        return drift


def _trace(seen: Seen) -> Trace:
    from .measure.drift import Trace

    report = seen.report
    return Trace(
        lines=seen.outcome.lines,
        units=int(report.get("units", 0)),
        scalars=tuple(tuple(row) for row in report.get("scalars", ())),
        digests={int(unit): rows for unit, rows in report.get("digests", {}).items()},
        complete=seen.outcome.ending in (Ending.FINISHED, Ending.EXITED),
    )
