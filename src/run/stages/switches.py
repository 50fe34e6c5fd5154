"""Tries the script without a setting that forces eager execution.

A setting meant for debugging (``run_eagerly=True``, ``tf.config.run_functions_eagerly(True)``) makes graph code run
eagerly. The run shows this (``eagerness``). Removing it is a candidate like any other: proved, run from a cold start,
and measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...options import LEAST_CALLS
from ...records import (
    Action,
    EditedFile,
    Function,
    FunctionKind,
    Judgement,
    Move,
    Observation,
    Reason,
    Scan,
    Variant,
    Verdict,
)
from ...report.wording import count
from ..eagerness import FIT, Switch, calls_of, eager_parts, has_effect, is_step, is_to_watch, switches_of
from ..trial import ColdTrial
from ..work import Work, edits_of

if TYPE_CHECKING:
    from ...dynamic.parent.proof import Observed

#: Below this share of the training time, eager execution is reported but no edit is tried.
LEAST_SHARE = 0.02
#: The share of the budget for comparing the future graphs call by call.
CHECK_SHARE = 0.2
MOST_NAMED = 3
#: The code of the reasons of a switch's removal.
SWITCH = "switch"
LEFT_OUT = "it was excluded by --only or --skip"


def run(work: Work, scan: Scan, observed: Observed) -> bool:
    """Prove the edit. Returns whether it is the plan, so that nothing else is tried before it is applied."""
    return SwitchTrial(work, scan, observed).run()


@dataclass
class SwitchTrial:
    """Tries the script without the switches that made graph code run eagerly."""

    work: Work
    scan: Scan
    observed: Observed
    compared: set[str] = field(default_factory=set, init=False)

    def run(self) -> bool:
        """Prove the edit. Returns whether it is the plan, so that nothing else is tried before it is applied."""
        from ...dynamic.parent.proof import observation

        unit = self._unit()
        switches = self._switches() if unit is not None else []
        if unit is None or not switches:
            return False
        with self.work.stage("switch", f"the script without {' and '.join(switch.words for switch in switches)}"):
            judgements = [self._judgement(switch, unit) for switch in switches]
            left_out = [j for j in judgements if not self._is_wanted(j)]
            judgements = [
                replace(j, verdict=Verdict.NOT_PROPOSED, selected=False, reasons=(Reason("left-out", LEFT_OUT),))
                if j in left_out
                else j
                for j in judgements
            ]
            self.work.add(judgements)
            tried = [j for j in judgements if j.selected]
            if tried:
                self._prove(tried, unit)
            for judgement in judgements:
                now = self.work.judgements[judgement.function.id]
                self.work.watcher.note(f"{now.function.id}: {now.verdict.value}, {now.reasons[0].message}")
        if not self.work.selected():
            return False
        self.work.unit = unit
        first = " and ".join(j.function.id for j in self.work.selected())
        why = f"it was not compared, because {first} must be changed first; run optimize again after that"
        observed = self.observed
        undecided = (Reason("switch-first", why, move=Move.USER),)
        self.work.add([Judgement(f, Verdict.INCONCLUSIVE, undecided, observation(observed, f)) for f in observed.open])
        return True

    def _is_wanted(self, judgement: Judgement) -> bool:
        only, skip = self.work.options.only, self.work.options.skip
        return (not only or judgement.function.id in only) and judgement.function.id not in skip

    # -- candidates -------------------------------------------------------------------------------

    def _unit(self) -> Judgement | None:
        """The graph code that ran eagerly and took the most time: a decorated function, or the batches of ``fit``."""
        from ...dynamic.parent.proof import observation

        modes, training = self.observed.modes, self.observed.training_seconds
        units = []
        for function in self._hybrids():
            units.append(Judgement(function, Verdict.NOT_PROPOSED, (), observation(self.observed, function)))
        eager = [row for row in modes.batches.values() if row.eager]
        if eager:
            seconds = sum(row.seconds for row in eager)
            share = min(1.0, seconds / training) if training > 0 else 0.0
            seen = Observation(calls=sum(row.calls for row in eager), seconds=seconds, share=share)
            units.append(Judgement(_function(FIT, "", 0, "fit", FIT, None), Verdict.NOT_PROPOSED, (), seen))
        longest = max(units, key=lambda each: each.observation.seconds, default=None)
        return longest if longest is not None and longest.observation.share >= LEAST_SHARE else None

    def _hybrids(self) -> list[Function]:
        """The decorated functions that were called and whose code ran eagerly."""
        judged = (judgement.function for judgement in self.work.judgements.values())
        return [
            f
            for f in judged
            if f.is_decorated
            and self.observed.modes.eager.get(f.id)
            and calls_of(self.observed, f)
        ]

    def _switches(self) -> list[Switch]:
        """The settings that were left on and made something run eagerly."""
        modes = self.observed.modes
        eager = {name.rpartition(".")[2] for name, row in modes.batches.items() if row.eager}
        return [
            switch
            for switch in switches_of(modes)
            if switch.back is None
            and switch.throw.places
            and (switch.throw.kind == "functions" or switch.throw.name.rpartition(".")[2] in eager)
        ]

    def _judgement(self, switch: Switch, unit: Judgement) -> Judgement:
        """The candidate for removing a setting. It is not selected if the setting can't be edited."""
        from ...rewrite import edit_file

        root = Path(self.scan.root)
        what = f"it makes {', '.join(eager_parts(self.work)[:MOST_NAMED])} run eagerly"
        refusals: list[str] = []
        for number, (file, line) in enumerate(switch.throw.places):
            function = self._candidate(switch.name, file, line)
            candidate = Judgement(function, Verdict.CONFIRMED, (Reason(SWITCH, what),), unit.observation, selected=True)
            edited, refused = edit_file(root, file, edits_of([candidate]))
            hangs = None if edited is None else self._hangs(switch, number)
            if edited is not None and hangs is None:
                return candidate
            refusals += [reason.message for reason in refused.values()] if hangs is None else [hangs]
        function = self._candidate(switch.name, *switch.throw.places[0])
        reasons = (Reason(SWITCH, f"{what}, and is not edited: {refusals[0]}", move=Move.USER),)
        return Judgement(function, Verdict.INCONCLUSIVE, reasons, unit.observation)

    def _hangs(self, switch: Switch, number: int) -> str | None:
        """Why the user must change the setting: its line is under a condition."""
        from ...rewrite import condition_at

        if switch.throw.kind == "model":
            return None
        for file, line in switch.throw.places[number + 1 :]:
            hangs = condition_at(Path(self.scan.root), file, line)
            if hangs is not None:
                return f"line {line} of {file}, which leads to it, depends on the condition {hangs}"
        return None

    def _candidate(self, name: str, file: str, line: int) -> Function:
        from ...fingerprints import fingerprints_of_lines

        module = self.scan.modules.get(file, file)
        function = _function(f"{module}:{name}@{line}", file, line, module, name, None)
        found = fingerprints_of_lines(Path(self.scan.root, file), [line])
        return replace(function, fingerprint=found.get(line))

    # -- proof ------------------------------------------------------------------------------------

    def _prove(self, tried: Sequence[Judgement], unit: Judgement) -> None:
        from ...rewrite import edit_project

        files, refused = edit_project(Path(self.scan.root), edits_of(tried))
        refusal = self._unseen() or self._effects() or self._not_edited(refused) or self._compared(files, unit)
        if refusal is not None:
            verdict, reason = refusal
            self.work.add(
                [
                    replace(j, verdict=verdict, selected=False, reasons=(Reason(SWITCH, reason), *j.reasons))
                    for j in tried
                ]
            )
            return
        turned = [f for f in (*self._hybrids(), *self._steps()) if f.id != unit.function.id]
        trial = ColdTrial(self.work, self.scan, unit, [Judgement(f, Verdict.NOT_PROPOSED, ()) for f in turned])
        self.work.drift = trial.settle(list(tried), "switch")
        unknown = [f.id for f in turned if f.id not in self.compared and not trial.reached.get(f.id)]
        if unknown:
            why = f"{unknown[0]} would run as a graph, but neither the check nor the run in a fresh process called it"
            for judgement in self.work.selected():
                undecided = replace(judgement, verdict=Verdict.INCONCLUSIVE, selected=False)
                self.work.add([replace(undecided, reasons=(Reason(SWITCH, why), *judgement.reasons))])
        graphs = len(self._hybrids())
        ran = f"{count(graphs, 'function')} ran as {'a graph' if graphs == 1 else 'graphs'}"
        if unit.function.id == FIT:
            ran = f"{FIT} ran as a graph"
        for judgement in self.work.selected():
            said = f"without it {ran} and agreed with the original script, from a cold start"
            self.work.add([replace(judgement, reasons=(Reason(SWITCH, said), *judgement.reasons))])

    def _steps(self) -> list[Function]:
        """The steps of the project's models that Keras called eagerly."""
        judged = (judgement.function for judgement in self.work.judgements.values())
        return [f for f in judged if is_step(f) and f.hybrid is None and self.observed.modes.eager.get(f.id)]

    def _unseen(self) -> tuple[Verdict, str] | None:
        """The objection that a function would become a graph but was not called before the run was cut."""
        if self.work.observed_whole or not any(t.kind == "functions" for t in self.observed.modes.thrown):
            return None
        for judgement in self.work.judgements.values():
            function = judgement.function
            if function.hybrid is not None and not self.observed.modes.eager.get(function.id):
                why = "would become a graph, but was not called before the observed run was cut"
                return Verdict.INCONCLUSIVE, f"{function.id} {why}; use a longer --budget"
        return None

    def _not_edited(self, refused: Mapping[str, Reason]) -> tuple[Verdict, str] | None:
        first = next(iter(refused.values()), None)
        return None if first is None else (Verdict.INCONCLUSIVE, f"it is not edited: {first.message}")

    def _effects(self) -> tuple[Verdict, str] | None:
        """The objection from observed side effects that a graph would have only during tracing, or not at all."""
        from ...dynamic.parent.judging import judge_observed, lasting_effects

        watched = [j.function for j in self.work.judgements.values() if is_to_watch(j.function)]
        decided = {j.function.id: j for j in self.observed.decided}
        for name in self.observed.modes.in_batches:
            function = self.work.judgements[name].function
            blocker = function.blocker
            if blocker is not None and has_effect(function):
                said = f"{name} would run in a graph, although {blocker.message} ({blocker.file}:{blocker.line})"
                return Verdict.INCONCLUSIVE, said
        for name, row in self.observed.rows.items():
            judgement = decided.get(name)
            if judgement is None:
                own = next((f for f in watched if f.id == name), None)
                if own is None or not lasting_effects(row):
                    continue
                judgement = judge_observed(own, row, self.observed.training_seconds, self.observed.sources)
            elif FIT not in row.callers or not lasting_effects(row):
                continue
            if judgement is not None and judgement.verdict in (Verdict.REFUTED, Verdict.INCONCLUSIVE):
                return judgement.verdict, f"{name} would run in a graph: {judgement.reasons[0].message}"
        return None

    def _compared(self, files: Sequence[EditedFile], unit: Judgement) -> tuple[Verdict, str] | None:
        """The objection from comparing eager and graph calls from the same state."""
        from ...dynamic.parent.proof import check, check_hybrids

        run, seconds = self.work.run_with(self.scan), self.work.share(CHECK_SHARE)
        rows = self.observed.rows
        whole = self.work.observed_whole
        hybrids = [f for f in self._hybrids() if whole or rows[f.id].calls >= LEAST_CALLS]
        steps = [f for f in self._steps() if calls_of(self.observed, f) >= LEAST_CALLS]
        judged: list[Judgement] = []
        if hybrids:
            judged += check_hybrids(run, self.observed, hybrids, files, seconds)
        if steps and unit.function.id == FIT:
            observed = replace(self.observed, open=tuple(steps))
            judged += check(run, observed, seconds, {f.id: Variant() for f in steps}, "check-steps")
        self.compared = {j.function.id for j in judged if j.verdict is Verdict.CONFIRMED}
        for judgement in judged:
            self.work.watcher.note(
                f"{judgement.function.id}: {judgement.verdict.value}, {judgement.reasons[0].message}"
            )
        order = (Verdict.REFUTED, Verdict.INCONCLUSIVE)
        for verdict in order:
            for judgement in judged:
                if judgement.verdict is verdict:
                    return verdict, f"{judgement.function.id} would run as a graph: {judgement.reasons[0].message}"
        return None


def _function(name: str, file: str, line: int, module: str, qualname: str, hybrid: str | None) -> Function:
    return Function(
        id=name,
        file=file,
        line=line,
        end_line=line,
        module=module,
        qualname=qualname,
        kind=FunctionKind.SWITCH,
        hybrid=hybrid,
        parameters=(),
        findings=(),
        assumptions=(),
        proposal=Action.RECONFIGURE,
        blocker=None,
    )
