"""Which decorated functions a change touches: those that it changed, their callers, and those that they call."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from ...fingerprints import Contents, contents_of
from ...records import Function

# What a scan's names have and a file's don't: where a function is nested, and which of several of one name it is.
_MARKS = re.compile(r"\.<locals>|#\d+(?=\.|$)")


def changed(
    functions: Sequence[Function], before: Mapping[str, bytes | None], content: Callable[[str], bytes]
) -> set[str]:
    """The functions that are others than before, by id; of two that only stand elsewhere neither is.

    ``before`` has the files that changed, with what was in them, and ``content`` gives what a file has now. A function
    is another one where its source is, or what binds the names that it reads at the top of its file, or its class
    besides the methods. What a file does on import is not looked at (`runs_otherwise`).
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
    """Whether one of these files does something else on import, which may be a call of anything."""
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
    """The decorated functions among those touched, among those that call them, and among those that they call.

    What a decorated function is given depends on who calls it, so a change of its caller is one of its calls.
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
