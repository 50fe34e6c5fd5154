"""Finds the decorated functions that a change touches: the changed ones, their callers and their callees."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from ...fingerprints import Contents, contents_of
from ...records import Function

# Marks in the scan's names that `contents_of` leaves out: nesting, and the number of a redefinition.
_MARKS = re.compile(r"\.<locals>|#\d+(?=\.|$)")


def changed(
    functions: Sequence[Function], before: Mapping[str, bytes | None], content: Callable[[str], bytes]
) -> set[str]:
    """The ids of the functions that changed. A function that only moved has not changed.

    ``before`` maps changed files to their old contents, and ``content`` returns a file's current content. A function
    has changed if its source has, or a module-level binding of a name that it reads, or its class apart from the
    methods. Other statements that run on import are compared by `runs_otherwise`.
    """
    found = set[str]()
    for file, old in before.items():
        own = [function for function in functions if function.file == file]
        if not own:
            continue
        then, now = contents_of(old or b""), contents_of(content(file))
        found |= {each.id for each in own if _is_other(_MARKS.sub("", each.qualname), then, now)}
    return found


def runs_otherwise(before: Mapping[str, bytes | None], content: Callable[[str], bytes], files: Iterable[str]) -> bool:
    """Whether the import-time statements of one of these files have changed. They may affect any function."""
    return any(
        contents_of(before[file] or b"").body != contents_of(content(file)).body for file in files if file in before
    )


def _is_other(name: str, then: Contents, now: Contents) -> bool:
    if then.functions.get(name) != now.functions.get(name):
        return True
    parts = name.split(".")
    around = [".".join(parts[:length]) for length in range(1, len(parts))]
    return any(then.classes.get(each) != now.classes.get(each) for each in around)


def reached(functions: Sequence[Function], touched: set[str]) -> list[Function]:
    """The decorated functions among the touched functions, their callers and their callees, direct or not.

    A decorated function's arguments come from its callers, so a changed caller changes its calls.
    """
    calls = {function.id: function.calls for function in functions}
    callers: dict[str, list[str]] = {}
    for caller, called in calls.items():
        for name in called:
            callers.setdefault(name, []).append(caller)
    near = _closure(touched, calls) | _closure(touched, callers)
    return [function for function in functions if function.id in near and function.is_decorated]


def _closure(start: Iterable[str], arrows: Mapping[str, Sequence[str]]) -> set[str]:
    found, waiting = set(start), list(start)
    while waiting:
        for other in arrows.get(waiting.pop(), ()):
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found
