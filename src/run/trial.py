"""The cold start: runs a plan in a fresh process next to the original script, and finds the candidates that make it
fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..dynamic.wording import LONGER
from ..errors import own_failure, ran_out_of_memory
from ..records import AssumptionKind, Drift, Ending, Judgement, Move, Reason, Scan, Verdict
from ..report.wording import count
from ..sandbox.protocol import REMEDY
from .failures import refused_in
from .objections import (
    NOT_ISOLATED,
    NOT_REACHED,
    OUT_OF_TIME,
    Objection,
    Stood,
    came_short,
    form_of,
    is_disagreement,
)
from .pacing import FEWEST_UNITS, LEAST_SECONDS, UNITS, limits_of, pace_of, reserve, steps_of
from .variants import plainer
from .work import Work, edits_of

if TYPE_CHECKING:
    from ..dynamic.parent.cold import Arm
    from ..dynamic.parent.runs import Seen

# The most plans that are made. Each new plan leaves out candidates that failed in the one before.
MOST_PLANS = 3


@dataclass
class ColdTrial:
    """Runs plans from a cold start, and finds the candidates that make a plan fail."""

    work: Work
    scan: Scan
    hottest: Judgement
    confirmed: Sequence[Judgement] = ()
    references: dict[str, Seen] = field(default_factory=dict)
    reached: Mapping[str, int] = field(default_factory=dict)
    #: Edits that both versions have: the plan has agreed already, and makes the runs faster.
    under: Sequence[Judgement] = ()
    #: The number of units before the candidates have been called, if they are called late.
    far: int = 0

    def __post_init__(self) -> None:
        from ..dynamic.parent.cold import Unit

        self.unit = replace(Unit.of(self.hottest.function), within=self._around(self.hottest))
        self.reach = [Unit.of(j.function) for j in self.confirmed if j.function.id != self.hottest.function.id]
        self.pace = pace_of(self.work, self.hottest, self.work.selected())
        self.steps = steps_of(self.work, self.hottest)
        self.unit_name = "step"
        # The seconds reserved for the measurement; 0 after it.
        self.kept = reserve(self.work)
        self.stood: list[Stood] = []
        self.stale: set[str] = set()
        # The initial values of the original script, recorded when a plan first started from different ones.
        self.births: Sequence[Mapping[str, Any]] = ()
        self.base = self.work.edit(Path(self.scan.root), edits_of(self.under))[0] if self.under else ()

    def _around(self, unit: Judgement) -> tuple[str, ...]:
        """The candidates that contain the unit, if it is also called elsewhere."""
        confirmed = {judgement.function.id for judgement in self.confirmed} - {unit.function.id}
        found, outside = set[str](), False
        waiting, seen = [unit.function.id], {unit.function.id}
        while waiting:
            judgement = self.work.judgements.get(waiting.pop())
            callers = judgement.observation.callers if judgement is not None else {}
            outside = outside or not callers or "" in callers
            found |= confirmed & callers.keys()
            more = callers.keys() - confirmed - seen - {""}
            seen |= more
            waiting += more
        return tuple(sorted(found)) if outside else ()

    def turn_to(self, rest: Sequence[Judgement]) -> None:
        """Continue with candidates outside of the plan, with the rest of the budget."""
        from ..dynamic.parent.cold import Unit

        known = {judgement.function.id for judgement in self.confirmed}
        more = [judgement for judgement in rest if judgement.function.id not in known]
        if more:
            # The edited run is compared with the references, so these must reach a call of each candidate too.
            self.confirmed = [*self.confirmed, *more]
            self.unit = replace(self.unit, within=self._around(self.hottest))
            self.reach += [Unit.of(j.function) for j in more if j.function.id != self.hottest.function.id]
            self.references.clear()
        self.pace, self.kept = pace_of(self.work, self.hottest, rest), 0.0

    def settle_plan(self, chosen: Sequence[Judgement]) -> Drift | None:
        """Run the plan of ``chosen``, and a new plan if a part of it fails. Returns the drift of the plan that holds.

        A function inside a dropped candidate may now be worth its own edit. No new plan is made unless it is also run,
        so the final plan has always run in exactly that form.
        """
        drift: Drift | None = None
        for number in range(1, MOST_PLANS + 1):
            if not chosen:
                break
            drift = self.settle(chosen, "plan" if number == 1 else f"plan-{number}")
            stood = self.work.selected()
            if len(stood) == len(chosen) or number == MOST_PLANS or self.work.left < LEAST_SECONDS:
                break
            self._select_again()
            chosen = self.work.selected()
            if len(chosen) == len(stood):
                break
        return drift

    def _select_again(self) -> None:
        """Choose again among the confirmed candidates, after others were dropped."""
        from ..measure.selection import COVERED, NOT_WORTH_IT, select

        parts = self._parts_of_stale()
        confirmed = [
            judgement
            for judgement in self.work.judgements.values()
            if judgement.verdict is Verdict.CONFIRMED and judgement.function.id not in parts
        ]
        anew = [
            j
            if j.selected
            else replace(
                j, covered_by=None, reasons=tuple(r for r in j.reasons if r.code not in (COVERED, NOT_WORTH_IT))
            )
            for j in confirmed
        ]
        # An estimate must not deselect a candidate whose run has agreed.
        self.work.add([new for old, new in zip(confirmed, select(anew), strict=True) if not old.selected])

    def _parts_of_stale(self) -> set[str]:
        """The candidates that run only inside functions with stale weights, and would be stale too."""
        parts, more = set[str](), True
        while more:
            within = self.stale | parts
            found = {
                name
                for name, judgement in self.work.judgements.items()
                if judgement.observation.callers and set(judgement.observation.callers) <= within
            }
            parts, more = found | parts, not found <= parts
        return parts

    def settle(self, chosen: Sequence[Judgement], label: str) -> Drift | None:
        """Refute the members of ``chosen`` that disagree with the original from a cold start. Returns the drift of the
        remaining plan."""
        standing, objection, drift = self._without_culprits(chosen, label)
        if is_disagreement(objection) and any(plainer(judgement) for judgement in standing):
            standing = self._give_up_variants(standing, objection)
            objection, drift = self.attempt(standing, f"{label}-plainer")
        if is_disagreement(objection) and len(standing) > 1:
            standing, objection = self._stand_alone(standing, label)
            if standing and objection is None:
                objection, drift = self.attempt(standing, f"{label}-standing")
        if is_disagreement(objection) and len(standing) > 1:
            standing, objection, drift = self._stand_together(standing, label)
        if objection is not None and objection.short:
            standing, objection, drift = self._fall_back(standing, objection, drift)
        missed = [j for j in standing if objection is None and not self.reached.get(j.function.id, 1)]
        if missed:
            self.reach = [unit for unit in self.reach if unit.candidate not in {j.function.id for j in missed}]
            for judgement in missed:
                self._object(judgement, NOT_REACHED)
            standing = [j for j in standing if j not in missed]
            if standing:
                objection, drift = self.attempt(standing, f"{label}-reached")
        for judgement in standing:
            if objection is not None:
                self._object(judgement, objection)
        if objection is None:
            self._tell_extent(standing)
        return drift

    def _tell_extent(self, standing: Sequence[Judgement]) -> None:
        """Add to the reasons how many steps were compared, if fewer than intended, or why none could be."""
        from .likeness import BY_CALLS

        plan = next((plan for plan in self.stood if plan.form == form_of(standing)), None)
        drift = plan.drift if plan is not None else None
        if drift is not None and drift.level == BY_CALLS:
            said = f"its run in a fresh process can't be compared with another: {drift.reason}"
            for judgement in standing:
                known = self.work.judgements[judgement.function.id]
                self.work.add([replace(known, reasons=(*known.reasons, Reason("no-two-runs-alike", said)))])
            return
        if plan is None or plan.whole:
            return
        said = f"in a fresh process only its first {plan.units} steps were compared; {LONGER}"
        for judgement in standing:
            known = self.work.judgements[judgement.function.id]
            self.work.add([replace(known, reasons=(*known.reasons, Reason("few-units", said, move=Move.BUDGET)))])

    def _without_culprits(
        self, chosen: Sequence[Judgement], label: str
    ) -> tuple[list[Judgement], Objection | None, Drift | None]:
        """Run ``chosen``, and again without the candidates that a failure names, until none is named.

        A candidate that only contains the failing line is a suspect. It is refuted if the rest then agrees; otherwise
        it is tested like the others.
        """
        standing, suspects = list(chosen), dict[str, Objection]()
        objection, drift = self.attempt(standing, label)
        number = 0
        while is_disagreement(objection):
            named = [j for j in standing if j.function.id in objection.culprits]
            if not named or (len(named) == len(standing) and not objection.certain):
                break
            number += 1
            plain = [j for j in named if plainer(j) is not None]
            if plain and not objection.certain:
                relaxed = {j.function.id: j for j in self._give_up_variants(plain, objection)}
                standing = [relaxed.get(j.function.id, j) for j in standing]
            else:
                for judgement in named:
                    if objection.certain:
                        self._object(judgement, objection)
                    else:
                        suspects[judgement.function.id] = objection
                standing = [j for j in standing if j not in named]
            if not standing:
                return [], None, None
            objection, drift = self.attempt(standing, f"{label}-without-{number}")
        if objection is None or objection.short:
            for name, suspicion in suspects.items():
                if objection is not None:
                    suspicion = Objection(Verdict.INCONCLUSIVE, f"{suspicion.reason}; {NOT_ISOLATED}")
                self._object(self.work.judgements[name], suspicion)
        else:
            again = {j.function.id for j in standing} | suspects.keys()
            standing = [self.work.judgements[j.function.id] for j in chosen if j.function.id in again]
        return standing, objection, drift

    def _fall_back(
        self, standing: list[Judgement], objection: Objection, drift: Drift | None
    ) -> tuple[list[Judgement], Objection | None, Drift | None]:
        """When the time is up: keep the best plan that has run, in exactly that form. Other candidates stay undecided.
        """
        form = form_of(standing)
        plans = [plan for plan in self.stood if plan.form <= form]
        best = max(plans, key=lambda plan: sum(j.observation.seconds for j in plan.chosen), default=None)
        if best is None:
            return standing, objection, drift
        kept = {name for name, _ in best.form}
        for judgement in standing:
            if judgement.function.id not in kept:
                self._object(judgement, objection)
        return [j for j in standing if j.function.id in kept], None, best.drift

    def _give_up_variants(self, chosen: Sequence[Judgement], objection: Objection) -> list[Judgement]:
        """The candidates with their plainest variants, which may not have the failure."""
        plain = []
        for judgement in chosen:
            other = plainer(judgement)
            if other is not None:
                failed = judgement.variant.name
                reason = f"{failed} was dropped: {objection.reason}"
                results = tuple(
                    replace(r, outcome=objection.verdict, reason=objection.reason) if r.name == failed else r
                    for r in judgement.variants
                )
                other = replace(other, variants=results, reasons=(*judgement.reasons, Reason("variant-failed", reason)))
                self.work.add([other])
                self.work.watcher.note(f"{other.function.id}: {reason}")
            plain.append(other or judgement)
        return plain

    def _stand_alone(self, chosen: Sequence[Judgement], label: str) -> tuple[list[Judgement], Objection | None]:
        """The members of ``chosen`` that agree when edited alone. Candidates without time for a run are included, with
        an objection that says so."""
        standing: list[Judgement] = []
        for number, judgement in enumerate(chosen):
            alone, _ = self.attempt([judgement], f"{label}-{number + 1}")
            if alone is OUT_OF_TIME:
                return [*standing, *chosen[number:]], alone
            if alone is None:
                standing.append(judgement)
            else:
                self._object(judgement, alone)
        return standing, None

    def _stand_together(
        self, chosen: Sequence[Judgement], label: str
    ) -> tuple[list[Judgement], Objection | None, Drift | None]:
        """A set that agrees, of candidates that agree alone but fail together, built by adding one at a time.

        The hottest comes first, so the dropped ones gain least.
        """
        hottest, *others = sorted(chosen, key=lambda judgement: judgement.observation.seconds, reverse=True)
        standing = [hottest]
        objection, drift = self.attempt(standing, f"{label}-together")
        for number, judgement in enumerate(others, 1) if objection is None else ():
            reached = self.reached
            more, found = self.attempt([*standing, judgement], f"{label}-together-{number}")
            if more is None:
                standing, drift = [*standing, judgement], found
            elif more.short:
                self.reached = reached
                self._object(judgement, more)
            else:
                self.reached = reached
                names = ", ".join(each.function.id for each in standing)
                self._object(judgement, more, f"it agrees alone, but not together with {names}: ")
        return standing, objection, drift

    def _object(self, judgement: Judgement, objection: Objection, lead: str = "") -> None:
        code = "short-of-time" if objection.short else "cold-start"
        reason = Reason(code, f"{lead}{objection.reason}", move=Move.BUDGET if objection.short else Move.NOBODY)
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
        refuted = replace(judgement, verdict=objection.verdict, selected=False, reasons=(reason, *judgement.reasons))
        self.work.add([replace(refuted, variants=variants, assumptions=assumptions)])
        self.work.watcher.note(f"{judgement.function.id}: {objection.verdict.value}, {reason.message}")

    def attempt(self, chosen: Sequence[Judgement], label: str) -> tuple[Objection | None, Drift | None]:
        """Run a plan from a cold start. Returns the objection, if any, and the measured drift."""
        from ..dynamic.parent.cold import Arm, failure
        from .likeness import compare_from_one_start, compare_runs, rests_on_calls

        known = next((plan for plan in self.stood if plan.form == form_of(chosen)), None)
        if known is not None:
            return None, known.drift
        if self.work.left < LEAST_SECONDS:
            return OUT_OF_TIME, None
        files, _ = self.work.edit(Path(self.scan.root), edits_of([*self.under, *chosen]))
        arms = [Arm(label, files)]
        if not self.references:
            arms += [Arm("eager", self.base), Arm("nudged", self.base, nudge=1)]
        self.work.watch(f"{self.steps} steps of the original and of the edited script, side by side")
        seen = self.replay(arms)
        for arm in arms:
            # Several runs side by side may need too much memory. Only a run that also fails alone is at fault.
            outcome = seen[arm.label].outcome
            if len(arms) > 1 and outcome.ending is Ending.RAISED and ran_out_of_memory(outcome):
                seen |= self.replay([arm])
        self.references.update({name: each for name, each in seen.items() if name != label})
        edited, eager = seen[label], self.references["eager"]
        self.reached = edited.report.get("reached", {})
        failed = next((seen.role_errors[0] for seen in (edited, eager) if seen.role_errors), None)
        if failed is not None:
            return Objection(Verdict.INCONCLUSIVE, own_failure("cold run", failed)), None
        broken = failure(edited, eager)
        if broken is not None:
            self.stale.update(broken.stale)
            refused = set(edited.outcome.contacts.refused) - set(eager.outcome.contacts.refused)
            if refused and not broken.stale:
                said = f"{broken.reason}, after its connection to {min(refused)} was refused"
                return Objection(Verdict.INCONCLUSIVE, said), None
            culprits = frozenset(broken.stale) or self._standing_at(broken.place, chosen)
            return Objection(Verdict.REFUTED, broken.reason, culprits, certain=bool(broken.stale)), None
        if unread := edited.report.get("unread"):
            return Objection(Verdict.INCONCLUSIVE, f"the traces of its cold run could not be read: {unread}"), None
        units, theirs = (int(seen.report.get("units", 0)) for seen in (edited, eager))
        whole = all(seen.outcome.ending in (Ending.FINISHED, Ending.EXITED) for seen in (eager, edited))
        stopped = refused_in(eager.outcome) or refused_in(edited.outcome)
        short = self._falls_short(edited, units, theirs, whole, stopped)
        if short is not None:
            if theirs < min(FEWEST_UNITS, self.steps):
                self.references.clear()
            return short, None
        drift = compare_runs(self, edited)
        if drift.verdict != "none":
            drift = compare_from_one_start(self, chosen, files, label, edited) or drift
        by_calls = rests_on_calls(self, drift)
        drift = by_calls or drift
        if by_calls is not None or drift.verdict == "none":
            least = min(units, theirs)
            self.stood.append(Stood(tuple(chosen), drift, least, whole or least >= min(self._wanted(), self.steps)))
            return None, drift
        verdict = Verdict.REFUTED if drift.verdict == "drift" else Verdict.INCONCLUSIVE
        reason = f"in a fresh process the edited script computed different numbers: {drift.reason}"
        return Objection(verdict, reason), drift

    def _falls_short(self, edited: Seen, units: int, theirs: int, whole: bool, stopped: str) -> Objection | None:
        """The objection if the runs were too short to compare. Reaching the end of the script is always enough."""
        least, fewest = min(units, theirs), min(FEWEST_UNITS, self.steps)
        if edited.report.get("waited") and units < theirs:
            return came_short(
                f"in a fresh process the edited script did {count(units, 'step')} and then waited "
                f"{edited.report['waited']:.0f} s for the next; the original did {theirs:,}: it hangs"
            )
        if least >= fewest or (whole and least):
            return None
        if stopped:
            done = count(least, "step")
            return came_short(
                f"the run in a fresh process ended after {done}: its connection to {stopped} was refused; {REMEDY}"
            )
        if whole:
            return came_short(f"the run in a fresh process ended without a call of {self.unit.candidate}")
        late, who = (self.references["eager"], "the script") if theirs < fewest else (edited, "the edited script")
        if self.work.left >= LEAST_SECONDS:
            done = f"{count(least, 'step')} in {late.outcome.seconds:.0f} s"
            return came_short(f"in a fresh process {who} did only {done}: it hangs, or takes very long to trace")
        done = count(fewest, "step")
        return came_short(f"the budget ended before {who} had done {done} in a fresh process; {LONGER}")

    def _wanted(self) -> int:
        """The number of units to compare if time allows, at most those of the script."""
        calls = self.hottest.observation.calls - 1 if self.work.observed_whole else UNITS
        return max(1, min(self.work.options.steps or UNITS, UNITS, calls))

    def replay(self, arms: Sequence[Arm]) -> dict[str, Seen]:
        """Run several versions side by side, for the length of all runs of this trial."""
        from ..dynamic.parent.cold import replay

        run = self.work.run_with(self.scan)
        limits = limits_of(self.work, self.pace, self.steps, len(arms), self.kept, self.far)
        return replay(run, self.unit, arms, limits.seconds, self.steps, self.reach, limits.patience)

    def _standing_at(self, place: str, chosen: Sequence[Judgement]) -> frozenset[str]:
        """The innermost of ``chosen`` that contains ``place`` (``file:line``), if any."""
        file, _, line = place.rpartition(":")
        around = [
            judgement.function
            for judgement in chosen
            if judgement.function.file == file
            and line.isdigit()
            and judgement.function.line <= int(line) <= judgement.function.end_line
        ]
        innermost = max(around, key=lambda function: function.line, default=None)
        return frozenset() if innermost is None else frozenset([innermost.id])
