"""Runs a plan from a cold start beside the script as it stands, and finds the candidates that it fails for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .records import Drift, Ending, Judgement, Scan, Verdict
from .work import Work, edits_of

if TYPE_CHECKING:
    from .dynamic.runs import Run, Seen
    from .measure.drift import Trace

COLD_SHARE = 0.35
COLD_UNITS = 60


@dataclass(frozen=True)
class Objection:
    """What speaks against a plan that was run cold."""

    verdict: Verdict
    reason: str


@dataclass
class ColdTrial:
    """Runs plans cold and finds the candidates that a plan fails for."""

    work: Work
    scan: Scan
    hottest: Judgement
    references: dict[str, Seen] = field(default_factory=dict)

    def __post_init__(self) -> None:
        from .dynamic.cold import Unit

        self.unit = Unit.of(self.hottest.function)
        self.steps = self._steps(self.hottest)
        self.seconds = max(10.0, self.work.share(COLD_SHARE) / 3)

    def settle(self, chosen: Sequence[Judgement], label: str) -> Drift | None:
        """Refute those of ``chosen`` that do not run cold as the script does; the drift of what stands."""
        objection, drift = self._try(chosen, label)
        if objection is None:
            return drift
        if len(chosen) == 1:
            self._object(chosen[0], objection)
            return drift
        standing = []
        for number, judgement in enumerate(chosen):
            alone, _ = self._try([judgement], f"{label}-{number + 1}")
            if alone is None:
                standing.append(judgement)
            else:
                self._object(judgement, alone)
        if not standing:
            return drift
        if len(standing) < len(chosen):
            objection, drift = self._try(standing, f"{label}-standing")
        if objection is not None:
            for judgement in standing:
                self._object(judgement, objection, "alone it agrees, but not together with the others: ")
        return drift

    def _steps(self, hottest: Judgement) -> int:
        seen = hottest.observation
        affordable = int(self.work.share(COLD_SHARE) / 6 / max(seen.seconds / seen.calls, 1e-6))
        wanted = min(self.work.options.steps or COLD_UNITS, COLD_UNITS)
        return max(5, min(wanted, affordable, max(seen.calls - 1, 5)))

    def _object(self, judgement: Judgement, objection: Objection, lead: str = "") -> None:
        reasons = (f"{lead}{objection.reason}", *judgement.reasons)
        self.work.add([replace(judgement, verdict=objection.verdict, selected=False, reasons=reasons)])
        self.work.watcher.note(f"{judgement.function.id}: {objection.verdict.value}, {reasons[0]}")

    def _try(self, chosen: Sequence[Judgement], label: str) -> tuple[Objection | None, Drift | None]:
        """Run a plan cold; what speaks against it, if anything, and the drift measured."""
        from .dynamic.cold import failure, replay
        from .rewrite import edit_project

        files, _ = edit_project(Path(self.scan.root), edits_of(chosen))
        run = self.work.run_with(self.scan)
        arms: list[Any] = [(label, files, False)]
        if not self.references:
            arms += [("eager", (), False), ("nudged", (), True)]
        self.work.watch(f"{self.steps} units of the script and of the plan, side by side")
        seen = replay(run, self.unit, arms, self.seconds, self.steps)
        self.references.update({name: each for name, each in seen.items() if name != label})
        edited, eager = seen[label], self.references["eager"]
        broken = failure(edited, eager)
        if broken is not None:
            return Objection(Verdict.REFUTED, broken), None
        if not eager.report.get("units"):
            why = "the script did not come to its first unit in the cold run; give it longer with --budget"
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
            seen = replay(run, self.unit, [("twin", (), False)], self.seconds, self.steps)
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
