"""Running the rules over every function, and handing hazards on from callees to callers."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.callgraph import TRACED_MODES
from ..facts.hazards import Hazard
from ..facts.topics import topics_of
from ..facts.view import Facts, View, is_single
from ..ir.code import Binding, Call, Event, FunctionCode
from ..ir.program import Cell
from ..ir.solver import Node
from ..ir.values import NONE, Bound, Box, Class, Function, Instance, Partial, Wrapped
from ..reading.sources import explain_failure
from ..rules import Rule, all_rules


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
        self.summaries: dict[FunctionCode, Merged] = {}
        for code in facts.program.functions:
            if not code.is_body:
                try:
                    self.own[code] = self._inspect(code)
                except Exception as error:
                    code.left_out = explain_failure(error)
                if code.left_out is not None:
                    self.own[code] = [_unseen(View(facts, code))]
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
        """Each function's hazards with those of its callees, callees first.

        One hazard per code (and parameter) is handed on: the certain one if there is one. Functions that call
        each other in a circle are gone round until nothing new comes.
        """
        for component in self.facts.graph.components:
            members = [code for code in component if not code.is_body]
            for code in members:
                self.summaries[code] = Merged(self.own[code])
            news = bool(members)
            while news:
                before = sum(self.summaries[code].news for code in members)
                for code in members:
                    self._inherit_into(code, self.summaries[code])
                news = len(members) > 1 and sum(self.summaries[code].news for code in members) > before
            for code in members:
                merged = self.summaries[code]
                if self.facts.computes.get(code) is False:
                    # It is never proposed: what it inherits matters to its callers only.
                    self.all[code] = [hazard for hazard in merged.all if hazard.inner is None or hazard.certain]
                else:
                    self.all[code] = merged.all

    def _inherit_into(self, code: FunctionCode, merged: Merged) -> None:
        view = View(self.facts, code)
        known = merged.always
        done: set[tuple[FunctionCode, bool]] = set()
        for call, binding in self.facts.graph.callees.get(code, ()):
            target = binding.code
            if binding.mode not in TRACED_MODES or target.hybrid is not None or target is code:
                continue
            summary = self.summaries.get(target)
            if summary is None:
                continue
            # Whether a library calls what it was given hangs on its options: that is for a run to see.
            surely = binding.mode != "held" and is_sure(view, call)
            if summary.always and (target, surely) not in done:
                done.add((target, surely))
                for name, hazard in summary.always.items():
                    held = known.get(name)
                    if hazard.transitive and (
                        held is None or (surely and hazard.certain and not held.certain)
                    ):
                        merged.add(hazard.seen_from(code, call, surely and hazard.certain, None))
            for hazard in summary.depending.values():
                if hazard.transitive:
                    for seen in inherit(view, call, binding, hazard):
                        merged.add(seen)


def _unseen(view: View) -> Hazard:
    """What is known of a function that can't be analysed."""
    message = "can't be analysed, so nobody knows what it does"
    return view.hazard("HYB112", message, view.code.node.place, False, AssumptionKind.NO_EFFECT)


class Merged:
    """The hazards of one function with its callees': all, and those that callers inherit.

    ``always`` has one hazard per code, ``depending`` one per code and parameter that it depends on; ``news``
    counts what was inherited.
    """

    def __init__(self, own: list[Hazard]) -> None:
        self.all = list(own)
        self.news = 0
        self.always: dict[str, Hazard] = {}
        self.depending: dict[tuple[str, int | Cell], Hazard] = {}
        for hazard in own:
            self._note(hazard)

    def _note(self, hazard: Hazard) -> bool:
        if hazard.parameter is None:
            held = self.always.get(hazard.code)
            if held is None or (hazard.certain and not held.certain):
                if held is None or hazard.transitive or not held.transitive:
                    self.always[hazard.code] = hazard
                return True
            return False
        key = (hazard.code, hazard.parameter)
        earlier = self.depending.get(key)
        if earlier is None or (hazard.certain and not earlier.certain):
            self.depending[key] = hazard
            return True
        return False

    def add(self, hazard: Hazard) -> None:
        """Take an inherited hazard if it says something new."""
        if self._note(hazard):
            self.news += 1
            self.all.append(hazard)


def is_sure(view: View, call: Call) -> bool:
    """Whether a call surely happens and surely reaches the function that it is known to reach."""
    if view.switched(call.guard):
        return False
    if call.function is not None and call.targets and _is_ambiguous(call.function):
        return False
    first: FunctionCode | None = None
    for binding in call.targets:
        if binding.mode == "call":
            if first is not None and binding.code is not first:
                return False
            first = binding.code
    return True


def _is_ambiguous(function: Node) -> bool:
    """Whether the called name holds something besides one function of the project: a library's object, or anything."""
    projects = (Function, Bound, Wrapped, Class, Instance, Partial)
    kinds = {isinstance(value, projects) for value in function.values if value is not NONE}
    return len(kinds) > 1


def inherit(
    view: View, call: Call, binding: Binding, hazard: Hazard
) -> Iterable[Hazard]:
    """What a callee's hazard means for its caller, given the arguments of the call."""
    surely = binding.mode != "held" and is_sure(view, call)
    certain = hazard.certain and surely
    if hazard.parameter is None:
        yield hazard.seen_from(view.code, call, certain, None)
        return
    if isinstance(hazard.parameter, Cell):
        yield from _inherit_through_cell(view, call, hazard, hazard.parameter, certain)
        return
    nodes = binding.arguments.get(hazard.parameter, [])
    if hazard.when == "outlives":
        yield from _kept(view, call, hazard, nodes, certain)
        return
    for node in nodes:
        traced = view.traced(node)
        if traced is False:
            continue
        parameter = min(view.sources(node), default=None)
        tensor = traced is True and view.is_known(node)
        decided = tensor and certain
        if tensor and hazard.open and surely:
            # The line asks for nothing but what its parameter is, and this is what it is here.
            decided = is_single(node) and not any(isinstance(value, Box) for value in node.values)
        yield hazard.seen_from(view.code, call, decided, parameter, view.is_argument(node))
        return


def _inherit_through_cell(
    view: View, call: Call, hazard: Hazard, cell: Cell, certain: bool
) -> Iterable[Hazard]:
    """A change of an enclosing function's variable: that function's own business, unless it came from outside."""
    if cell.owner is not view.code:
        yield hazard.seen_from(view.code, call, certain, cell)
    elif hazard.when == "outlives":
        yield from _kept(view, call, hazard, cell.nodes, certain)


def _kept(view: View, call: Call, hazard: Hazard, nodes: Iterable[Node], certain: bool) -> Iterable[Hazard]:
    """A hazard for each thing that keeps what the callee changes; none where the caller made it itself."""
    keepers = dict.fromkeys(keeper.parameter for node in nodes for keeper in view.keepers(node))
    for parameter in [None] if None in keepers else keepers:
        yield hazard.seen_from(view.code, call, certain, parameter)
