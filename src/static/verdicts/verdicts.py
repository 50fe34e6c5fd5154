"""The records of functions, made from hazards: facts, findings, assumptions and proposal."""

from __future__ import annotations

import re
from functools import cache

from ... import records
from ...records import Action, Assumption, AssumptionKind, Confidence, Finding, FunctionKind, Parameter, ParameterKind
from ..facts.callgraph import CallGraph, calls_in_earnest
from ..facts.hazards import Hazard
from ..facts.parameters import describe_parameters, holds_scalar, holds_tensor, is_open, own_parameters, supplied_values
from ..facts.uses import Results
from ..facts.view import Facts, name_of
from ..ir.code import Call, FunctionCode, ModuleCode
from ..ir.solver import LINES
from ..ir.values import UNKNOWN, Bound, Function, Value, Wrapped
from ..lifting.reading import Unliftable
from ..rules import Case, Group, Polarity, judging_rules, rule_of
from ..rules.inline_step import InlineStep, on_lines, refusal
from .inspection import Inspection
from .ranking import IN_LOOP, weigh
from .regions import InlineStep as Step
from .telling import tell

_KINDS = {
    "function": FunctionKind.FUNCTION,
    "method": FunctionKind.METHOD,
    "staticmethod": FunctionKind.STATICMETHOD,
    "classmethod": FunctionKind.CLASSMETHOD,
    "property": FunctionKind.PROPERTY,
    "nested": FunctionKind.NESTED,
    "lambda": FunctionKind.LAMBDA,
}

_HINTED = {
    ParameterKind.TENSOR: "a tensor",
    ParameterKind.ARRAY: "an array",
    ParameterKind.SCALAR: "a Python scalar",
    ParameterKind.CONTAINER: "a container",
    ParameterKind.SYMBOLIC: "a symbolic tensor of Keras",
}

_STATEMENTS = {
    AssumptionKind.NO_EFFECT: "a call of {name} changes no Python state that outlives it",
    AssumptionKind.STABLE: "the Python state read by {name} does not change between calls",
    AssumptionKind.TRACEABLE: "tracing {name} raises no error",
    AssumptionKind.SAME_RESULT: "eager code and the graph of {name} compute the same results",
    AssumptionKind.BOUNDED_TRACES: "the number of traces of {name} does not grow with its calls",
    AssumptionKind.NO_CREATION: "no call of {name} after the first creates a variable",
}

#: The statements that are made only if a finding doubts them.
_STATED = {
    AssumptionKind.ARGUMENT_TYPE: "`{subject}` always has the type expected by {name}",
    AssumptionKind.SAME_OBJECT: "`{subject}` is always the same object",
}

_IGNORE = re.compile(r"#\s*hybridize:\s*ignore(?:\[([A-Za-z0-9, ]*)\])?")


def read_silenced(text: str) -> dict[int, frozenset[str]]:
    """The lines with an ``ignore`` comment, and the codes that each names (empty: all)."""
    found: dict[int, frozenset[str]] = {}
    if "hybridize:" not in text:
        return found
    for number, line in enumerate(text.split("\n"), 1):
        match = _IGNORE.search(line)
        if match is not None:
            codes = match.group(1) or ""
            found[number] = frozenset(code.strip().upper() for code in codes.split(",") if code.strip())
    return found


def _refuses(hazard: Hazard) -> bool:
    """Whether a hazard refuses a function: it is certain, or its rule refuses on a doubt."""
    return hazard.certain or hazard.code in _refusing()


@cache
def _refusing() -> frozenset[str]:
    """The codes of the rules that refuse on a doubt."""
    return frozenset(code for code, rule in rule_of().items() if rule.polarity is Polarity.REFUSES)


def _is_advice(code: str) -> bool:
    """Whether a finding is about the benefit, and not about a fault."""
    return rule_of()[code].group is Group.BENEFIT


def _runs_once(code: FunctionCode, depth: int) -> bool:
    """Whether all calls of a function are outside of loops, in a script or in functions that run once."""
    calls = [call for call, _ in calls_in_earnest(code)]
    return (
        depth < 8
        and bool(calls)
        and all(
            not call.in_loop and (call.owner.kind == "module" or _runs_once(call.owner, depth + 1)) for call in calls
        )
    )


def _is_within(code: FunctionCode | None, outer: FunctionCode) -> bool:
    while code is not None and code is not outer:
        code = code.parent
    return code is outer


def _hands_on(value: Value, code: FunctionCode) -> bool:
    """Whether the object that a decorator returned may call the function."""
    if isinstance(value, Wrapped):
        value = value.inner
    return value is UNKNOWN or (isinstance(value, (Function, Bound)) and value.code is code)


class Verdicts:
    """Makes the records of a program's functions."""

    def __init__(
        self,
        facts: Facts,
        inspection: Inspection,
        modules: list[ModuleCode],
        silenced: dict[str, dict[int, frozenset[str]]],
        results: Results,
    ) -> None:
        self.facts = facts
        self.inspection = inspection
        self.modules = modules
        self.silenced = silenced
        self.results = results
        #: Maps each proposed function to itself, and a function that one of them redefines in each call to that one.
        self._anew: dict[FunctionCode, FunctionCode] = {}
        self.graph: CallGraph = facts.graph

    def judge(self, code: FunctionCode) -> records.Function:
        """The record of one function."""
        hazards = self._audible(self.inspection.all.get(code, []))
        computes = self.facts.computes.get(code)
        has_tensor = self._has(code, holds_tensor)
        # Doubts about a function that runs no operation are of no use: they would fill a large library's scan.
        asked = [each for each in hazards if computes is not False or each.certain or _is_advice(each.code)]
        told = tell(asked, _refuses)
        findings = [self._finding(hazard) for hazard in told.hazards]
        effect = next((hazard for hazard in hazards if hazard.effect and hazard.certain), None)
        judged = self._judgement(Case(self.facts, code, computes, has_tensor, effect, self._remade_in(code)))
        blocker: Finding | None
        proposal = Action.NONE
        assumptions: tuple[Assumption, ...] = ()
        if code.hybrid is not None:
            assert judged is not None, code.id
            findings.append(judged[0])
            proposal = judged[1]
            blocker = judged[0] if proposal is Action.NONE else None
            if effect is not None:
                blocker = self._finding(effect)
        else:
            blocker = self._first_blocker(findings)
            if judged is not None:
                findings.append(judged[0])
                blocker = blocker or judged[0]
            if blocker is None:
                proposal = Action.HYBRIDIZE
                self._anew[code] = code
            elif judged is not None and blocker is judged[0] and code.parent in self._anew:
                self._anew[code] = self._anew[code.parent]
        confidence: Confidence | None = None
        rests_on: tuple[str, ...] = ()
        # Of a refused function nobody asks what its parameters are: most functions of a large library are.
        parameters = describe_parameters(code, self.modules, proposal is not Action.NONE or code.hybrid is not None)
        if proposal is not Action.NONE:
            assumptions = self._assumptions(code, name_of(code), told.hazards, parameters)
            confidence, rests_on = weigh(self.facts, code, has_tensor)
        return records.Function(
            id=code.id,
            file=code.module.file,
            line=code.line,
            end_line=code.end_line,
            module=code.module.name,
            qualname=code.qualname,
            kind=_KINDS[code.kind],
            hybrid=code.hybrid,
            parameters=parameters,
            findings=tuple(findings),
            assumptions=assumptions,
            proposal=proposal,
            blocker=blocker,
            has_tensor_parameter=has_tensor,
            has_primitive_parameter=self._has(code, holds_scalar),
            has_python_side_effects=self._has_effects(code, hazards),
            is_recursive=self._is_recursive(code),
            computes_with_tensors=computes,
            calls=tuple(
                dict.fromkeys(target.id for target in self.graph.targets(code) if target.reported)
            ),
            results_read=tuple(self.results.uses(code).read.items()) if code.hybrid is None else (),
            confidence=confidence,
            rests_on=rests_on,
            more=told.more,
        )

    def judge_step(self, step: Step) -> records.Function:
        """The record of statements that are not a function: a training step, or other tensor operations."""
        code = step.owner
        hazards = self._audible(list(step.hazards))
        findings = tuple(self._finding(hazard) for hazard in hazards)
        region = step.region if isinstance(step.region, records.Region) else None
        if isinstance(step.region, Unliftable):
            why = step.region
            message = refusal(code, step.first, step.last, why.reason)
            findings += (Finding(InlineStep.code, message, code.module.file, why.line, (), True, InlineStep.group),)
        blocker = findings[-1] if region is None else self._first_blocker(list(findings))
        name = f"{code.qualname}@{step.first}-{step.last}"
        lines = f"the code {on_lines(step.first, step.last)}"
        proposal = Action.EXTRACT if blocker is None else Action.NONE
        return records.Function(
            id=f"{code.module.name}:{name}",
            file=code.module.file,
            line=step.first,
            end_line=step.last,
            module=code.module.name,
            qualname=code.qualname,
            kind=FunctionKind.FUNCTION,
            hybrid=None,
            parameters=(),
            findings=findings,
            assumptions=self._assumptions(code, lines, hazards, ()) if proposal is Action.EXTRACT else (),
            proposal=proposal,
            blocker=blocker,
            has_python_side_effects=any(hazard.effect for hazard in hazards),
            is_recursive=False,
            computes_with_tensors=True,
            calls=tuple(
                dict.fromkeys(
                    binding.code.id
                    for call in code.calls
                    if step.first <= call.place % LINES <= step.last
                    for binding in call.targets
                    if binding.code.reported
                )
            ),
            confidence=(Confidence.HIGH if step.trains else Confidence.MEDIUM) if proposal is Action.EXTRACT else None,
            rests_on=self._speaks_for(step) if blocker is None else (),
            region=region,
        )

    def _speaks_for(self, step: Step) -> tuple[str, ...]:
        if step.trains:
            return IN_LOOP, "takes gradients and updates variables"
        code = step.owner
        in_loop = any(call.in_loop for call in code.calls if step.first <= call.place % LINES <= step.last)
        often = None if in_loop else self.facts.heat.of(code)
        return often or IN_LOOP, "computes with tensors"

    # -- findings -----------------------------------------------------------------------------

    def _audible(self, hazards: list[Hazard]) -> list[Hazard]:
        """The hazards that no comment suppresses."""
        if not self.silenced:
            return hazards
        return [hazard for hazard in hazards if not self._is_silenced(hazard)]

    def _is_silenced(self, hazard: Hazard) -> bool:
        link: Hazard | None = hazard
        while link is not None:
            codes = self.silenced.get(link.owner.module.file, {}).get(link.line)
            if codes is not None and (not codes or hazard.code in codes):
                return True
            link = link.inner
        return False

    def _finding(self, hazard: Hazard) -> Finding:
        return hazard.finding(_refuses(hazard), rule_of()[hazard.code].group)

    def _first_blocker(self, findings: list[Finding]) -> Finding | None:
        certain = [finding for finding in findings if finding.certain]
        if not certain:
            return None
        return min(certain, key=lambda finding: (rule_of()[finding.code].rank, len(finding.chain), finding.line))

    def _judgement(self, case: Case) -> tuple[Finding, Action] | None:
        """The judgement of the first rule that judges the whole function, and the action it proposes."""
        for rule in judging_rules():
            said = rule.judge(case)
            if said is not None:
                refuses = said.action is Action.NONE
                file, line = case.code.module.file, case.code.line
                return Finding(rule.code, said.message, file, line, (), refuses, rule.group), said.action
        return None

    def _remade_in(self, code: FunctionCode) -> FunctionCode | None:
        """The enclosing function that redefines this one in each of its calls, so that no call finds a trace.

        Any function may be called often, except those that scripts call once. A step inside such a function, or inside
        one that is not a step, is worth its own trace if a loop calls it or no call of it is known. So is a function
        that is passed on.
        """
        outer = code.parent
        if outer is None or outer.is_body or code.escapes:
            return None
        steps = self.facts.heat.steps
        if outer in self._anew and (outer in steps or code not in steps) and not self._is_called_once(code, outer):
            return self._anew[outer]
        calls = [call for call, _ in code.callers]
        inside = bool(calls) and all(_is_within(call.owner, outer) for call in calls)
        if inside and code not in steps and not any(call.in_loop for call in calls):
            return outer
        return None

    def _is_called_once(self, code: FunctionCode, outer: FunctionCode) -> bool:
        """Whether a script calls the outer function once, directly or indirectly, and the outer one calls the inner one
        in a loop."""
        return any(call.in_loop for call, _ in code.callers) and _runs_once(outer, 0)

    # -- facts --------------------------------------------------------------------------------

    def _has(self, code: FunctionCode, test: object) -> bool | None:
        doubtful = False
        for index, parameter in own_parameters(code):
            values = supplied_values(code, index)
            if test(values):  # type: ignore[operator]
                return True
            if parameter.default is None and parameter.kind in ("positional", "keyword") and is_open(values):
                doubtful = True
        return None if doubtful else False

    def _has_effects(self, code: FunctionCode, hazards: list[Hazard]) -> bool | None:
        if self._is_dropped(code):
            return None
        effects = [hazard for hazard in hazards if hazard.effect]
        if any(not hazard.ambiguous for hazard in effects):
            return True
        if effects:
            return None
        summary = self.inspection.summaries.get(code)
        if summary is not None and ("HYB111" in summary.always or "HYB112" in summary.always):
            return None
        if not code.callers and not code.escapes and self._dispatches_on_self(code):
            return None
        return False

    def _is_recursive(self, code: FunctionCode) -> bool | None:
        found = self.graph.recursive.get(code)
        if found is None:
            return False
        return True if found[1] else None

    def _is_dropped(self, code: FunctionCode) -> bool:
        """Whether a project decorator hides the function, so that the callee behind its name is unknown."""
        return not code.callers and any(
            decorator.call is not None
            and decorator.call.targets
            and not any(_hands_on(value, code) for value in decorator.call.result.values)
            for decorator in code.decorators
        )

    def _dispatches_on_self(self, code: FunctionCode) -> bool:
        if not code.takes_self or code.owner_class is None or code.owner_class.kind is None:
            return False
        return any(isinstance(call, Call) and call.function is not None for call in code.calls)

    # -- assumptions --------------------------------------------------------------------------

    def _assumptions(
        self, code: FunctionCode, name: str, hazards: list[Hazard], parameters: tuple[Parameter, ...]
    ) -> tuple[Assumption, ...]:
        """The assumptions about a candidate. ``name`` is its name in the statements."""
        found: dict[tuple[AssumptionKind, str, str | None], Assumption] = {}

        def add(assumption: Assumption) -> None:
            found.setdefault((assumption.kind, assumption.subject, assumption.code), assumption)

        for parameter in parameters:
            phrase = _HINTED.get(parameter.kind)
            if phrase is not None:
                add(
                    Assumption(
                        AssumptionKind.ARGUMENT_TYPE,
                        parameter.name,
                        f"{parameter.name} is always {phrase}",
                        None,
                        parameter.kind.value,
                    )
                )
        for hazard in hazards:
            if hazard.certain:
                continue
            finding = self._finding(hazard)
            general = _STATED.get(hazard.assumption, _STATEMENTS.get(hazard.assumption, ""))
            statement = general.format(name=name, subject=hazard.subject)
            statement = f"{statement}, although {finding.message} (line {finding.line})"
            add(Assumption(hazard.assumption, hazard.subject, statement, hazard.code))
        for kind, statement in _STATEMENTS.items():
            if not any(known.kind is kind for known in found.values()):
                add(Assumption(kind, code.name, statement.format(name=name)))
        return tuple(found.values())


__all__ = ["Verdicts", "read_silenced"]
