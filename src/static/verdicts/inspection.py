"""Applies the rules to every function, and passes hazards from callees to callers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

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
        facts.forget_answers()

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
        found.sort(key=lambda hazard: (hazard.place, hazard.code))
        return found

    # -- callers ------------------------------------------------------------------------------

    def _inherit(self) -> None:
        """Each function's hazards with those of its callees, callees first.

        One hazard per code (and parameter) is passed on, a certain one if there is one. Functions that call each other
        are repeated until nothing changes.
        """
        for component in self.facts.graph.components:
            members = [code for code in component if not code.is_body]
            for code in members:
                self.summaries[code] = Merged(self.own[code])
            #: The callee's ``news`` when a function of the cycle last inherited from it: an unchanged one is skipped.
            taken: dict[tuple[FunctionCode, FunctionCode], int] = {}
            news = bool(members)
            while news:
                before = sum(self.summaries[code].news for code in members)
                for code in members:
                    self._inherit_into(code, self.summaries[code], taken)
                news = len(members) > 1 and sum(self.summaries[code].news for code in members) > before
            for code in members:
                merged = self.summaries[code]
                if self.facts.computes.get(code) is False:
                    # It is never proposed: of its inherited hazards, its record needs only certain ones and effects.
                    self.all[code] = [each for each in merged.all if each.inner is None or each.certain or each.effect]
                else:
                    self.all[code] = merged.all
        for merged in self.summaries.values():
            # Inheritance is complete, and in a large library these take most of the memory.
            merged.all = []
            merged.depending.clear()
            merged.outer.clear()

    def _inherit_into(
        self, code: FunctionCode, merged: Merged, taken: dict[tuple[FunctionCode, FunctionCode], int]
    ) -> None:
        view = View(self.facts, code)
        known, outer = merged.always, merged.outer
        passed = Passed(view)
        done: set[tuple[FunctionCode, bool]] = set()
        sure: dict[tuple[Call, bool], bool] = {}
        taking: dict[tuple[FunctionCode, FunctionCode], int] = {}
        for call, binding in self.facts.graph.callees.get(code, ()):
            target = binding.code
            if binding.mode not in TRACED_MODES or target.hybrid is not None or target is code:
                continue
            summary = self.summaries.get(target)
            if summary is None or taken.get((code, target)) == summary.news:
                continue
            taking[code, target] = summary.news
            # The same for all targets of the call, of which a method's may have hundreds.
            kind = call, binding.mode == "held"
            surely = sure.get(kind)
            if surely is None:
                surely = sure[kind] = is_sure(view, call, binding)
            arguments = binding.arguments
            if (target, surely) not in done:
                # Hazards that do not depend on the arguments are the same for each call.
                done.add((target, surely))
                for name, hazard in summary.always.items():
                    held = known.get(name)
                    if held is not None and (held.certain or not (surely and hazard.certain)):
                        continue
                    if hazard.transitive:
                        merged.add(hazard.seen_from(code, call, surely and hazard.certain, None))
                for key, hazard in summary.outer.items():
                    if key[1].owner is not code:
                        # It passes through unchanged: this applies to millions of them in a large library.
                        held = outer.get(key)
                        certain = surely and hazard.certain
                        if hazard.transitive and (held is None or (certain and not held.certain)):
                            merged.add(hazard.seen_from(code, call, certain, key[1]))
                    elif hazard.transitive:
                        merged.inherit(view, call, hazard, inherit(view, passed, arguments, hazard, surely))
            for hazard in summary.depending.values():
                if hazard.transitive:
                    merged.inherit(view, call, hazard, inherit(view, passed, arguments, hazard, surely))
        taken.update(taking)


def _unseen(view: View) -> Hazard:
    """The hazard of a function that can't be analysed."""
    message = "can't be analysed, so its effects are unknown"
    return view.hazard("HYB112", message, view.code.node.place, False, AssumptionKind.NO_EFFECT)


class Merged:
    """The hazards of one function with its callees': all, and those that callers inherit.

    ``always`` has one hazard per code, ``depending`` one per code and parameter that it depends on, ``outer`` one per
    code and enclosing function's variable; ``news`` counts what was inherited.
    """

    def __init__(self, own: list[Hazard]) -> None:
        self.all = list(own)
        self.news = 0
        self.always: dict[str, Hazard] = {}
        self.depending: dict[tuple[str, int], Hazard] = {}
        self.outer: dict[tuple[str, Cell], Hazard] = {}
        for hazard in own:
            if self._lacks(hazard.code, hazard.certain, hazard.parameter):
                self._hold(hazard)

    def _hold(self, hazard: Hazard) -> None:
        code, parameter = hazard.code, hazard.parameter
        if parameter is None:
            if hazard.transitive or code not in self.always or not self.always[code].transitive:
                self.always[code] = hazard
        elif isinstance(parameter, Cell):
            self.outer[code, parameter] = hazard
        else:
            self.depending[code, parameter] = hazard

    def _lacks(self, code: str, certain: bool, parameter: int | Cell | None) -> bool:
        """Whether such a hazard would add information."""
        held: Hazard | None
        if parameter is None:
            held = self.always.get(code)
        elif isinstance(parameter, Cell):
            held = self.outer.get((code, parameter))
        else:
            held = self.depending.get((code, parameter))
        return held is None or (certain and not held.certain)

    def add(self, hazard: Hazard) -> None:
        """Add an inherited hazard that adds information."""
        self._hold(hazard)
        self.news += 1
        self.all.append(hazard)

    def inherit(self, view: View, call: Call, hazard: Hazard, seen: Iterable[Seen]) -> None:
        """Add a callee's hazard from the caller's view, if it adds information."""
        for certain, parameter, handed_on in seen:
            if self._lacks(hazard.code, certain, parameter):
                self.add(hazard.seen_from(view.code, call, certain, parameter, handed_on))


#: How a caller has a hazard of a callee: the arguments of `Hazard.seen_from` after the call. (A plain tuple: there are
#: hundreds of thousands of them in a large library.)
Seen = tuple[bool, "int | Cell | None", bool]


def is_sure(view: View, call: Call, binding: Binding) -> bool:
    """Whether a call certainly happens and certainly reaches its known target."""
    if binding.mode == "held":
        # Whether a library calls a stored callable depends on its options: a run decides.
        return False
    if view.switched(call.guard):
        return False
    if call.function is not None and call.targets and (_is_ambiguous(call.function) or _is_default(call.function)):
        return False
    first: FunctionCode | None = None
    for binding in call.targets:
        if binding.mode == "call":
            if first is not None and binding.code is not first:
                return False
            first = binding.code
    return True


def _is_default(function: Node) -> bool:
    """Whether the callee is the default of ``getattr``, so that the call tests for presence."""
    asked = function.origin
    return isinstance(asked, Call) and asked.path == "builtins.getattr" and len(asked.arguments) > 2


def _is_ambiguous(function: Node) -> bool:
    """Whether the called name may hold something other than one project function: a library object, or anything
    unknown."""
    projects = (Function, Bound, Wrapped, Class, Instance, Partial)
    kinds = {isinstance(value, projects) for value in function.values if value is not NONE}
    return len(kinds) > 1


class Passed:
    """What a function passes on, as far as hazards of its callees' parameters need it. Cached by argument, because many
    hazards ask, and each target of a call receives the same ones."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._tensors: dict[Node, tuple[Node, bool, int | None] | None] = {}
        self._kept: dict[Node, tuple[int | Cell | None, ...]] = {}

    def tensor(self, nodes: Iterable[Node]) -> tuple[Node, bool, int | None] | None:
        """The first of the arguments for a parameter that may be a tensor in a trace, or None.

        It is given as its node, whether it certainly is a tensor, and the caller's parameter that it depends on.
        """
        for node in nodes:
            if node not in self._tensors:
                self._tensors[node] = self._tensor(node)
            found = self._tensors[node]
            if found is not None:
                return found
        return None

    def _tensor(self, node: Node) -> tuple[Node, bool, int | None] | None:
        view = self._view
        traced = view.traced(node)
        if traced is False:
            return None
        return node, traced is True and view.is_known(node), min(view.sources(node), default=None)

    def kept(self, nodes: Iterable[Node]) -> Iterable[int | Cell | None]:
        """The keepers of the object that the callee changes; none if the caller created it."""
        keepers: tuple[int | Cell | None, ...] = ()
        for node in nodes:
            found = self._kept.get(node)
            if found is None:
                found = self._kept[node] = tuple(keeper.parameter for keeper in self._view.keepers(node))
            keepers = keepers + found if keepers else found
        return (None,) if None in keepers else dict.fromkeys(keepers)


def inherit(
    view: View, passed: Passed, arguments: Mapping[int, Sequence[Node]], hazard: Hazard, surely: bool
) -> Iterable[Seen]:
    """A callee's hazard from the view of its caller, given the arguments and whether the call `is_sure`."""
    certain = hazard.certain and surely
    parameter = hazard.parameter
    if parameter is None:
        return ((certain, None, False),)
    if isinstance(parameter, Cell):
        return [(certain, each, False) for each in _of_cell(view, passed, hazard, parameter)]
    nodes = arguments.get(parameter, ())
    if hazard.when == "outlives":
        return [(certain, each, False) for each in passed.kept(nodes)]
    found = passed.tensor(nodes)
    if found is None:
        return ()
    node, tensor, source = found
    decided = tensor and certain
    if tensor and hazard.open and surely:
        # The hazard depends only on the parameter's value, and here this value is known.
        decided = is_single(node) and not any(isinstance(value, Box) for value in node.values)
    return ((decided, source, view.is_argument(node)),)


def _of_cell(view: View, passed: Passed, hazard: Hazard, cell: Cell) -> Iterable[int | Cell | None]:
    """A change of an enclosing function's variable. It does not matter outside of that function, unless the value came
    from outside."""
    if cell.owner is not view.code:
        return (cell,)
    return passed.kept(cell.nodes) if hazard.when == "outlives" else ()
