"""The error by which a script is refused a connection, and where another error comes of it."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from typing import ClassVar

from ..protocol import REMEDY


class RefusedConnection(ConnectionRefusedError):
    """A connection, or a write to a remote path, that this run may not make: it names the option that allows it.

    ``made`` counts all that there were in this process, also those that the script has caught; ``places`` are what they
    were about.
    """

    made = 0
    places: ClassVar[dict[str, None]] = {}

    def __init__(self, place: str, what: str) -> None:
        said = f"hybridize {what}, because it starts this script many times; {REMEDY}"
        super().__init__(errno.ECONNREFUSED, said, place)
        self.place = place
        RefusedConnection.made += 1
        RefusedConnection.places[place] = None


def refused_place(error: BaseException | None) -> str | None:
    """The host or path that was refused, where that has led to an error; None where it has not.

    Libraries raise errors of their own for it, which hold ours as their cause, context, argument or reason, or cite it.
    A call that gives an error's number has given the one of a refused connection.
    """
    errors = list(_behind(error, set()))
    for each in errors:
        if isinstance(each, RefusedConnection):
            return each.place
    texts = [_text(each) for each in errors]
    cites = any(REMEDY in text for text in texts)
    numbered = any(isinstance(each, OSError) and each.errno == errno.ECONNREFUSED for each in errors)
    known = list(RefusedConnection.places) if cites or numbered else []
    return next((place for place in known if any(place in text for text in texts)), known[-1] if known else None)


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # an exception whose text can't be made
        return ""


def _behind(error: object, seen: set[int]) -> Iterator[BaseException]:
    if not isinstance(error, BaseException) or id(error) in seen:
        return
    seen.add(id(error))
    yield error
    held = error.exceptions if isinstance(error, BaseExceptionGroup) else error.args
    for other in (error.__cause__, error.__context__, getattr(error, "reason", None), *held):
        yield from _behind(other, seen)
