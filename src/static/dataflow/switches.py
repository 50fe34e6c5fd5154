"""Switches that make graph code run eagerly: they are meant for debugging, and a script may have left one on.

The source shows only that a line turns a switch on. A run decides whether it is on when it matters.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..ir.code import AttributeStore, Call, ClassCode, FunctionCode
from ..ir.solver import LINES
from ..ir.values import Instance, Super
from .calls import Calls

_FUNCTIONS = frozenset(
    {"tensorflow.config.run_functions_eagerly", "tensorflow.config.experimental_run_functions_eagerly"}
)
_OPTION = "run_eagerly"


@dataclass(frozen=True)
class Switch:
    """One line that makes graph code run eagerly. ``model`` is the class that it applies to; None: any."""

    owner: FunctionCode
    line: int
    text: str
    model: ClassCode | None = None

    @property
    def words(self) -> str:
        """The switch and its place, as a phrase."""
        return f"{self.text} ({self.owner.module.file}:{self.line})"


@dataclass(frozen=True)
class Switches:
    """The switches of a program: for every ``tf.function``, and for the functions that Keras traces."""

    functions: tuple[Switch, ...] = ()
    models: tuple[Switch, ...] = ()

    def for_model(self, code: ClassCode) -> Switch | None:
        """The switch that may make Keras run the steps of this class eagerly."""
        own = (switch for switch in self.models if switch.model is None or switch.model in code.order)
        derived = (switch for switch in self.models if switch.model is not None and code in switch.model.order)
        return next(own, None) or next(derived, None) or self.for_functions()

    def for_functions(self) -> Switch | None:
        """The switch that may make every ``tf.function`` run eagerly."""
        return next(iter(self.functions), None)


def find_switches(calls: Calls) -> Switches:
    """The switches of a program. The value graph must be solved.

    If ``run_functions_eagerly`` is called with False as well, a part of the script runs eagerly on purpose. That switch
    was not left on, so it is not returned: a run decides.
    """
    functions: list[Switch] = []
    models: list[Switch] = []
    switched_off = False
    for owner in calls.program.functions:
        for event in owner.events:
            if isinstance(event, AttributeStore):
                if event.attribute == _OPTION and event.literal not in (False, None):
                    line, known = event.place % LINES, _classes(event.base.values)
                    models += _for_receivers(owner, line, f"run_eagerly = {_shown(event.literal)}", known)
            elif isinstance(event, Call) and not _FUNCTIONS.isdisjoint(event.externals):
                value = _option(event, 0)
                switched_off = switched_off or value is False
                if value is not False:
                    name = next(path for path in event.externals if path in _FUNCTIONS).rpartition(".")[2]
                    functions.append(Switch(owner, event.place % LINES, f"tf.config.{name}({_shown(value)})"))
            elif isinstance(event, Call) and event.attribute == "compile" and _OPTION in event.keywords:
                value = _option(event)
                if value is not False:
                    receivers = [receiver for receiver, name in event.methods if name == "compile"]
                    owners = [target.code.owner_class for target in event.targets if target.code.owner_class]
                    known = [*_classes(tuple(receivers)), *owners]
                    models += _for_receivers(owner, event.place % LINES, f"run_eagerly={_shown(value)}", known)
    return Switches(() if switched_off else tuple(functions), tuple(models))


def _for_receivers(owner: FunctionCode, line: int, text: str, classes: list[ClassCode]) -> list[Switch]:
    return [Switch(owner, line, text, each) for each in dict.fromkeys(classes)] or [Switch(owner, line, text)]


def _classes(values: tuple[object, ...]) -> list[ClassCode]:
    inner = [value.receiver if isinstance(value, Super) else value for value in values]
    return [value.code for value in inner if isinstance(value, Instance)]


def _option(call: Call, position: int | None = None) -> object:
    """The constant passed for ``run_eagerly``: False also for None, and "…" if it is not a constant."""
    key = position if position is not None and position < len(call.arguments) else _OPTION
    if key == _OPTION and _OPTION not in call.keywords:
        return "…"
    literals = call.literals or {}
    return (literals[key] or False) if key in literals else "…"


def _shown(value: object) -> str:
    return "True" if value is True else "…"
