"""Where the project handles the exceptions of a call."""

from __future__ import annotations

from collections.abc import Set

from ..ir.code import FunctionCode
from ..ir.solver import LINES


def where_handled(code: FunctionCode, place: int, named: Set[str], unless: Set[str] = frozenset()) -> str | None:
    """The file and line of the call at ``place``, or of a call that leads to it, inside of a ``try`` that handles an
    exception of the ``named`` last names, and none of ``unless``. None if there is no such ``try``.
    """
    waiting, seen = [(code, place)], {code}
    while waiting:
        owner, at = waiting.pop()
        for first, last, names in owner.handled:
            if first <= at <= last and names & named and not names & unless:
                return f"{owner.module.file}:{at % LINES}"
        for call, _ in owner.callers:
            if call.owner not in seen:
                seen.add(call.owner)
                waiting.append((call.owner, call.place))
    return None
