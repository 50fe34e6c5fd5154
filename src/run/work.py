"""The state of a run of the tool. The stages add to it, and an interrupt is reported from it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..options import Options
from ..records import (
    Action,
    Benchmark,
    Drift,
    Edit,
    EditedFile,
    FunctionKind,
    Held,
    Judgement,
    Modes,
    Plan,
    Profile,
    Reason,
    Scan,
    Target,
)
from ..rewrite import Editing, edit_project
from .machine import machine

if TYPE_CHECKING:
    from ..dynamic.parent.proof import Observed
    from ..dynamic.parent.runs import Run
    from ..report.watcher import Watcher
    from ..sandbox.parent.nursery import Nursery
    from .trial import ColdTrial


class Stop(Exception):
    """Ends the run with a report. Raised only inside the pipeline."""

    def __init__(self, status: str, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.status, self.message, self.exit_code = status, message, exit_code


@dataclass
class Work:
    """Everything known so far. An interrupt is reported from here."""

    options: Options
    watcher: Watcher
    target: Target
    folder: Path
    begun: float = field(default_factory=time.monotonic)
    judgements: dict[str, Judgement] = field(default_factory=dict)
    plan: Plan = field(default_factory=Plan)
    benchmark: Benchmark | None = None
    drift: Drift | None = None
    profile: Profile | None = None
    timings: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    applied: bool = False
    nursery: Nursery | None = None
    waiting_nursery: Nursery | None = None
    observed_whole: bool = False
    training_seconds: float = 0.0  # of the observed run, from the first call of a candidate to the end
    own_seconds: float | None = None  # of the script without observation, if the observed run reached its end
    startup_seconds: float = 0.0  # from the start of a process that later runs are forked from to the first unit
    unwatched: set[str] = field(default_factory=set)  # functions that can't be watched without harm
    hybrid_calls: dict[str, int] = field(default_factory=dict)
    modes: Modes = field(default_factory=Modes)
    observed: Observed | None = None  # the observed run, if its candidates were checked
    trial: ColdTrial | None = None  # the cold runs of the plan
    waiting: dict[str, Judgement] = field(default_factory=dict)  # agreed; their cold run is postponed
    outlines: tuple[Edit, ...] = ()  # outlined regions; proved to leave the program the same
    parted: dict[str, Judgement] = field(default_factory=dict)  # refuted functions of which a part was outlined
    to_outline: bool = False  # the script is observed again after outlining, so the first observation is short
    seen_modules: Mapping[str, str] | None = None  # the modules that a run imported, if the scan uses them
    outlined_as: dict[str, Reason] = field(default_factory=dict)  # the proof of each outlined region
    left_alone: dict[str, Reason] = field(default_factory=dict)  # why other regions were not outlined
    base: tuple[EditedFile, ...] = ()  # the files after outlining, which are observed and checked
    no_gain: str = ""  # why no remaining candidate can pay off
    unmeasured: str = ""  # why the plan was taken back before its measurement
    held: Held | None = None  # the current code compared with a baseline
    keys: dict[str, str] = field(default_factory=dict)  # hashes of all that the plan's verdicts depend on
    edit: Editing = edit_project  # makes the files of a plan's edits
    unit: Judgement | None = None  # the unit of the measurement, if it is not one of the plan's candidates

    def run_with(self, scan: Scan) -> Run:
        """The common parameters of the dynamic stage's runs."""
        from ..dynamic.parent.runs import Run

        thrift = None if self.own_seconds is None else self.own_seconds / 2
        deadline = self.begun + self.options.budget_seconds
        steps = self.options.steps
        common = self.target, scan, self.folder, self.watch, self.nursery, steps, thrift
        return Run(*common, deadline=deadline, outlines=self.outlines, base=self.base, edit=self.edit)

    @property
    def whole_environment(self) -> dict[str, str]:
        """The machine, and the versions used by the script."""
        return {**machine(), **self.environment}

    @property
    def spent(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self.begun

    @property
    def left(self) -> float:
        """Seconds left of the budget."""
        return max(0.0, self.options.budget_seconds - self.spent)

    def share(self, share: float, least: float = 5.0) -> float:
        """The seconds that a stage may take: its share of the budget, at most what is left."""
        return max(min(share * self.options.budget_seconds, self.left), min(least, self.left))

    def watch(self, text: str) -> None:
        """Show the progress of the stage."""
        self.watcher.progress(text, self.spent, self.options.budget_seconds)

    def warn(self, text: str) -> None:
        """Add a warning that applies to every outcome, once."""
        if text not in self.warnings:
            self.warnings.append(text)
            self.watcher.warn(text)

    @property
    def leaving_seconds(self) -> float:
        """The seconds that a process with TensorFlow takes to end; 0 if not known."""
        nursery = self.waiting_nursery
        return nursery.leaving_seconds if nursery is not None and nursery.usable else 0.0

    def selected(self) -> list[Judgement]:
        """The judgements of the plan's candidates, the hottest first."""
        chosen = [j for j in self.judgements.values() if j.selected]
        return sorted(chosen, key=lambda j: j.observation.seconds, reverse=True)

    def add(self, judgements: Sequence[Judgement]) -> None:
        """Add verdicts. Later ones replace earlier ones."""
        self.judgements.update({j.function.id: j for j in judgements})

    @contextlib.contextmanager
    def stage(self, name: str, detail: str = "") -> Iterator[None]:
        """Announce a stage, and record its time."""
        self.watcher.stage(name, detail)
        begun = time.monotonic()
        try:
            yield
        finally:
            self.timings[name] = self.timings.get(name, 0.0) + time.monotonic() - begun


def edits_of(judgements: Sequence[Judgement]) -> list[Edit]:
    """The edits that convert the judged functions with their chosen variants, or remove a switch."""
    return [
        Edit(
            j.function.id,
            j.function.file,
            j.function.line,
            j.function.qualname,
            Action.RECONFIGURE if j.function.kind is FunctionKind.SWITCH else Action.HYBRIDIZE,
            j.variant,
            j.function.region,
        )
        for j in judgements
    ]
