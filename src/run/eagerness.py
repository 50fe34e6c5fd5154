"""Whether graph code ran as a graph in the observed run, and the settings that made it run eagerly.

The scan takes decorated functions, and the steps that Keras calls, for graph code. A setting such as
``run_eagerly=True`` makes it run eagerly all the same, and only a run shows that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..records import Function, Group, Modes, Reason, Throw, Verdict
from ..report.wording import count
from .work import Work

if TYPE_CHECKING:
    from ..dynamic.parent.proof import Observed

#: The unit of a script that trains with Keras, and the caller of the functions that Keras calls.
FIT = "Model.fit"
#: The names of the settings in source and in the ids of their candidates: ``train:run_eagerly@41``.
SWITCHES = ("run_eagerly", "run_functions_eagerly", "experimental_run_functions_eagerly")
STEPS = ("train_step", "test_step", "predict_step")


def is_step(function: Function) -> bool:
    """Whether Keras calls the function for each batch: a model's ``train_step``, ``test_step`` or ``predict_step``."""
    is_keras_own = any(finding.code == "HYB302" for finding in function.findings)
    return is_keras_own and function.qualname.rpartition(".")[2] in STEPS


def is_to_enter(function: Function) -> bool:
    """Whether the run must report when a function's own code is entered.

    It must if the scan takes the function for graph code or for a Keras step, or finds an effect in it that a graph
    would have only once.
    """
    return function.hybrid is not None or is_step(function) or _is_covered(function) or has_effect(function)


def _is_covered(function: Function) -> bool:
    return function.blocker is not None and function.blocker.code == "HYB502"


def has_effect(function: Function) -> bool:
    """Whether the scan refuses the function for an effect that a graph would have only once, or not at all."""
    return function.blocker is not None and function.blocker.group is Group.EFFECTS


def is_to_watch(function: Function) -> bool:
    """Whether to inspect the calls of a function that is not proposed, because a setting may make it run eagerly."""
    if function.hybrid is not None:
        return function.is_decorated
    return is_step(function)


def names_switch(candidate: str) -> bool:
    """Whether an id is that of a switch. Only a run finds switches."""
    name, at, line = candidate.rpartition(":")[2].rpartition("@")
    return name in SWITCHES and bool(at) and line.isdigit()


@dataclass(frozen=True)
class Switch:
    """A setting that was switched on: its text, its line, and the line that switched it off again, if any."""

    throw: Throw
    back: tuple[str, int] | None = None

    @property
    def name(self) -> str:
        """Its name in the source."""
        return "run_eagerly" if self.throw.kind == "model" else self.throw.name

    @property
    def words(self) -> str:
        """The setting and its line, for messages."""
        text = "run_eagerly=True" if self.throw.kind == "model" else f"tf.config.{self.throw.name}(True)"
        place = f" at {_at(self.throw.places[0])}" if self.throw.places else ", called by a library"
        return f"{text}{place}" + (f", switched off again at {_at(self.back)}" if self.back else "")


def switches_of(modes: Modes) -> list[Switch]:
    """The switches that were set to eager in a run, each line once."""
    off = next((t for t in modes.thrown if t.kind == "functions" and not t.on), None)
    back = off.places[0] if off is not None and off.places else None
    found: dict[object, Switch] = {}
    for throw in modes.thrown:
        if throw.on and throw.kind in ("functions", "model"):
            switch = Switch(throw, back if throw.kind == "functions" else None)
            found.setdefault((throw.kind, throw.places or throw.name), switch)
    return list(found.values())


def _at(place: tuple[str, int]) -> str:
    return f"{place[0]}:{place[1]}"


def cause(modes: Modes, function: Function | None) -> Switch | None:
    """The switch that made a function (None: the batches of ``Model.fit``) run eagerly."""
    kinds = ("model", "functions") if function is None or is_step(function) else ("functions",)
    switches = switches_of(modes)
    return next((switch for kind in kinds for switch in switches if switch.throw.kind == kind), None)


def fact(function: Function, modes: Modes, calls: int) -> str | None:
    """The observation that contradicts the source for a function that should be a graph; None if there is none."""
    eager = modes.eager.get(function.id, 0)
    if not eager:
        if is_step(function) and function.hybrid is None and modes.traced.get(function.id):
            return "it already runs as a graph (Model.fit traced it in this run)"
        return None
    times = f"{eager:,} of {count(calls, 'call')}" if calls >= eager else count(eager, "call")
    by = cause(modes, function)
    why = f", because of {by.words}" if by is not None else ""
    if function.hybrid is not None:
        return f"it is a tf.function ({function.hybrid}), but its own code ran eagerly in {times}{why}"
    if is_step(function):
        return f"Keras calls it (Model.fit), and did so eagerly in {times}{why}"
    if not _is_covered(function):
        return None
    by = cause(modes, None)
    return f"its callers are graph code by their source, but it ran eagerly in {times}" + (
        f", because of {by.words}" if by is not None else ""
    )


def tell(work: Work, observed: Observed) -> None:
    """Replace the verdict from the source by the observation of the run, where they differ."""
    work.modes = modes = observed.modes
    for judgement in list(work.judgements.values()):
        function = judgement.function
        if judgement.verdict is Verdict.NOT_PROPOSED and is_to_enter(function):
            said = fact(function, modes, calls_of(observed, function))
            if said is not None:
                work.add([replace(judgement, reasons=(Reason("ran-eagerly", said),))])
    for throw in modes.thrown:
        place = f" ({_at(throw.places[0])})" if throw.places else ""
        if throw.kind == "data":
            called = f"tf.data.experimental.{throw.name}(){place}"
            work.warn(f"tf.data runs its functions eagerly, one element at a time, because of {called}")
        elif throw.kind == "version 1":
            called = f"tf.compat.v1.{throw.name}(){place}"
            work.warn(f"all code is graph code, with nothing to convert, because of {called}")


def calls_of(observed: Observed, function: Function) -> int:
    """How often a function was called in the observed run."""
    row = observed.rows.get(function.id)
    return row.calls if row is not None else 0


def eager_parts(work: Work) -> list[str]:
    """The functions that should be graphs but ran eagerly, with their counts, the most calls first."""
    modes = work.modes
    parts = [
        (row.eager, f"{FIT} of {name.rpartition('.')[2]}: {row.eager:,} of {count(row.calls, 'batch', 'batches')}")
        for name, row in modes.batches.items()
        if row.eager
    ]
    for name, eager in modes.eager.items():
        judgement = work.judgements.get(name)
        if judgement is not None and (judgement.function.hybrid is not None or is_step(judgement.function)):
            calls = work.hybrid_calls.get(name, 0)
            of = f"{eager:,} of {count(calls, 'call')}" if calls >= eager else count(eager, "call")
            parts.append((eager, f"{name}: {of}"))
    return [text for _, text in sorted(parts, reverse=True)]
