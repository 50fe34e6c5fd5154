"""The error that refuses the script a connection, and the search for it in other errors."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from typing import ClassVar

from ..protocol import REMEDY


class RefusedConnection(ConnectionRefusedError):
    """A refused connection, or a refused read of a remote path; the message names the option that allows it.

    ``made`` counts all refusals in this process, including those that the script caught; ``places`` are the refused
    hosts and paths.
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
    """The refused host or path that led to an error; None if the error has another reason.

    Libraries raise their own errors, which hold ours as their cause, context, argument or reason, or quote it. A call
    that returns an error number has returned the one of a refused connection.
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
    except Exception:  # the exception's `__str__` may raise
        return ""


def _behind(error: object, seen: set[int]) -> Iterator[BaseException]:
    if not isinstance(error, BaseException) or id(error) in seen:
        return
    seen.add(id(error))
    yield error
    held = error.exceptions if isinstance(error, BaseExceptionGroup) else error.args
    for other in (error.__cause__, error.__context__, getattr(error, "reason", None), *held):
        yield from _behind(other, seen)
