"""Running the rules over every function, and handing hazards on from callees to callers."""

from __future__ import annotations

from collections.abc import Iterable

from .callgraph import TRACED_MODES
from .code import Call, Event, FunctionCode
from .hazards import Hazard
from .rules import Rule, all_rules
from .topics import topics_of
from .views import Facts, View


class Inspection:
    """The hazards of every function of a program."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._by_event: dict[type[Event], list[Rule]] = {}
        self._by_topic: dict[str, list[Rule]] = {}
        self._concluding: list[Rule] = []
        for rule in all_rules():
            for event in rule.events:
                self._by_event.setdefault(event, []).append(rule)
            for topic in rule.topics:
                self._by_topic.setdefault(topic, []).append(rule)
            if type(rule).conclude is not Rule.conclude:
                self._concluding.append(rule)
        self.own: dict[FunctionCode, list[Hazard]] = {}
        self.all: dict[FunctionCode, list[Hazard]] = {}
        for code in facts.program.functions:
            if not code.is_body:
                self.own[code] = self._inspect(code)
        self._inherit()

    def inspect_events(self, view: View, events: Iterable[Event]) -> list[Hazard]:
        """The hazards that the rules see in these events of a function."""
        found: list[Hazard] = []
        by_event = self._by_event
        by_topic = self._by_topic
        for event in events:
            kind = type(event)
            for rule in by_event.get(kind, ()):
                found.extend(rule.visit(view, event))
            if kind is Call:
                for topic in topics_of(event):  # type: ignore[arg-type]
                    for rule in by_topic.get(topic, ()):
                        found.extend(rule.visit(view, event))
        return found

    def _inspect(self, code: FunctionCode) -> list[Hazard]:
        view = View(self.facts, code)
        found = self.inspect_events(view, code.events)
        for rule in self._concluding:
            found.extend(rule.conclude(view))
        found.sort(key=lambda hazard: hazard.place)
        return found

    # -- callers ------------------------------------------------------------------------------

    def _inherit(self) -> None:
        """Each function's hazards with those of its callees, callees first."""
        for component in self.facts.graph.components:
            for code in component:
                if code.is_body:
                    continue
                known: dict[tuple[str, bool, int | None], Hazard] = {}
                for hazard in self.own[code]:
                    known.setdefault((hazard.code, hazard.certain, hazard.parameter), hazard)
                inherited: list[Hazard] = []
                view = View(self.facts, code)
                for call, binding in self.facts.graph.callees.get(code, ()):
                    target = binding.code
                    if binding.mode not in TRACED_MODES or target.hybrid is not None or target is code:
                        continue
                    for hazard in self.all.get(target, ()):
                        if not hazard.transitive:
                            continue
                        for seen in inherit(view, call, binding.arguments, hazard):
                            key = (seen.code, seen.certain, seen.parameter)
                            if key not in known:
                                known[key] = seen
                                inherited.append(seen)
                self.all[code] = self.own[code] + inherited


def inherit(
    view: View, call: Call, arguments: dict[int, list], hazard: Hazard  # type: ignore[type-arg]
) -> Iterable[Hazard]:
    """What a callee's hazard means for its caller, given the arguments of the call."""
    certain = hazard.certain and not view.switched(call.guard) and len(_real(call)) == 1
    if hazard.parameter is None:
        yield hazard.seen_from(view.code, call, certain, None)
        return
    nodes = arguments.get(hazard.parameter, [])
    if hazard.when == "outlives":
        for node in nodes:
            outlives, parameter, _ = view.outliving(node)
            if outlives:
                yield hazard.seen_from(view.code, call, certain, parameter)
                return
        return
    for node in nodes:
        traced = view.traced(node)
        if traced is False:
            continue
        parameter = next(iter(view.sources(node)), None)
        yield hazard.seen_from(view.code, call, certain and traced is True, parameter)
        return


def _real(call: Call) -> set[FunctionCode]:
    return {binding.code for binding in call.targets if binding.mode == "call"}
