"""The wording of reasons: an effect reads the same whether an eager call or tracing showed it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

#: The faults of a trace that was made while Keras builds a layer symbolically.
TRACE_FAULTS = {
    "weights": "holds the initial values of variables as constants: the graph would never see trained weights",
    "seeds": "reads the state of a keras.random.SeedGenerator and does not move it on: each call would draw the same "
    "random numbers",
}
#: The remedy for all of them.
TRACE_REMEDY = "convert the step that calls the model instead"

_WORDS = {
    "printed": "it prints ({detail})",
    "file": "it writes to the file {subject}",
    "system": "it calls {subject} ({detail})",
    "random": "{detail} inside ({subject}); a graph would freeze them",
    "iterator": "it advances the Python iterator {subject}",
    "array": "it changes the NumPy array {subject} in place",
    "thread": "it starts a thread",
    "global": "it changes the global {subject} ({detail})",
    "closure": "it changes the enclosing function's {subject} ({detail})",
}

#: What to do if the budget ended before there was enough evidence.
LONGER = "use a longer --budget"

#: The addition for an effect that another thread may have caused.
BESIDE = "; another thread ran at the same time and may have done it"


def effect_code(kind: str) -> str:
    """The reason code of an effect of this kind."""
    return f"effect-{kind}"


def describe_effect(kind: str, subject: str, detail: str) -> str:
    """An effect as a clause: ``it changes self.losses, which outlives the call (changed length: 0 then 1)``."""
    words = _WORDS.get(kind, "it changes {subject}, which outlives the call ({detail})")
    return words.format(subject=subject, detail=detail)


def describe_creation(first: int, more: int, number: int, names: Sequence[str]) -> str:
    """The message that call ``first`` created ``number`` variables, and ``more`` later calls did too, with the remedy.

    If ``first`` is 0, the message says that each call creates them.
    """
    which = f", such as {names[0]}" if names and names[0] else ""
    call = f"call {first:,}" if first else "each call"
    later = f" and in {count(more, 'later call')}" if more else ""
    return (
        f"it creates variables in {call} ({count(number, 'variable')}{which}){later}; a graph may create them only in "
        "its first call: create them before it (`optimizer.build(variables)` creates an optimizer's), or define one "
        "function for each model"
    )


def count(number: int, noun: str) -> str:
    """A number with its noun: 1 call, 2 calls."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def original(text: str | None, root: Mapping[str, str]) -> str | None:
    """A text with the paths of the scratch copy made relative to the project's root."""
    if text is None:
        return None
    for copy, place in root.items():
        text = text.replace(copy.rstrip(os.sep) + os.sep, place)
    return text
