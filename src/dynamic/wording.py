"""How reasons read: an effect has the same words where an observed call showed it and where tracing did."""

from __future__ import annotations

_WORDS = {
    "printed": "it prints ({detail})",
    "file": "it writes to the file {subject}",
    "system": "it calls {subject} ({detail})",
    "random": "{detail} inside ({subject}): a graph would freeze them",
    "iterator": "it advances the Python iterator {subject}",
    "array": "it changes the NumPy array {subject} in place",
    "thread": "it starts a thread",
    "variable": "it creates variables ({detail}), which a graph may do in its first call only",
    "global": "it changes the global {subject} ({detail})",
    "closure": "it changes the enclosing function's {subject} ({detail})",
}


def describe_effect(kind: str, subject: str, detail: str) -> str:
    """An effect as a clause: ``it changes self.losses, which outlives the call (changed length: 0 then 1)``."""
    words = _WORDS.get(kind, "it changes {subject}, which outlives the call ({detail})")
    return words.format(subject=subject, detail=detail)


def count(number: int, noun: str) -> str:
    """A number with its noun: 1 call, 2 calls."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
