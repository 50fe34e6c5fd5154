"""Sums up a run's network contacts from the events of its child and of the kernel."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import Contacts
from ..addresses import READING


def contacts(events: Iterable[tuple[str, ...]], kernel: bool) -> Contacts:
    """The summary of a run's network events, each a tuple (kind, names...)."""
    known = list(dict.fromkeys(events))

    def of(what: str) -> list[tuple[str, ...]]:
        return [event[1:] for event in known if event[0] == what]

    unseen = {names[0] for names in of("reached") if names[1]}
    # Connections on which no HTTP request was ever seen.
    unseen |= {name for name, number in set(of("silent")).difference(of("spoke"))}
    wrote = {name for name, _, method in of("request") if method not in READING}
    asked = {name for name, _, _ in of("request")}
    # Behind a proxy, the requested host differs from the connected one.
    read = {(name, through) for name, through, _ in of("request") if not {name, through} & (unseen | wrote)}
    reached = [name for name, _ in of("reached") if name not in {t for _, t, _ in of("request")} or name in asked]
    return Contacts(
        reached=tuple(dict.fromkeys([*reached, *(name for name, _, _ in of("request"))])),
        downloads=tuple(sorted({place for pair in read for place in pair})),
        posted=tuple(name for (name,) in of("posted")),
        remote_reads=tuple(name for (name,) in of("read")),
        remote_writes=tuple(name for (name,) in of("wrote")),
        library_ports=tuple(sorted({int(port) for (port,) in of("port")})),
        trackers=tuple(name for (name,) in of("tracker")),
        refused=tuple(name for (name,) in of("refused")),
        stopped=next((name for (name,) in of("stopped")), ""),
        kernel=kernel,
    )
