"""Inside the child: the error by which a script is refused a connection, and where another error comes of it."""

from __future__ import annotations

import errno
from collections.abc import Iterator

REMEDY = "--network allow lets the script's connections through"


class RefusedConnection(ConnectionRefusedError):
    """A connection, or a write to a remote path, that this run may not make: it names the option that allows it.

    ``made`` counts all that there were in this process, also those that the script has caught.
    """

    made = 0

    def __init__(self, place: str, what: str) -> None:
        said = f"hybridize {what}, since it starts this script many times; {REMEDY}"
        super().__init__(errno.ECONNREFUSED, said, place)
        self.place = place
        RefusedConnection.made += 1


def refused_place(error: BaseException | None) -> str | None:
    """The host or path that was refused, where that has led to an error; None where it has not.

    Libraries raise errors of their own for it, which hold ours as their cause, context, argument or reason.
    """
    return next((each.place for each in _behind(error, set()) if isinstance(each, RefusedConnection)), None)


def _behind(error: object, seen: set[int]) -> Iterator[BaseException]:
    if not isinstance(error, BaseException) or id(error) in seen:
        return
    seen.add(id(error))
    yield error
    held = error.exceptions if isinstance(error, BaseExceptionGroup) else error.args
    for other in (error.__cause__, error.__context__, getattr(error, "reason", None), *held):
        yield from _behind(other, seen)
