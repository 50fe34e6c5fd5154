"""How reasons read: an effect has the same words where an observed call showed it and where tracing did."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

#: What a trace does that was made while Keras builds a layer symbolically, by the kind of the fault.
TRACE_FAULTS = {
    "weights": "holds the initial values of variables as constants: the graph would never see trained weights",
    "seeds": "reads the state of a keras.random.SeedGenerator and does not move it on: each call would draw the same "
    "random numbers",
}
#: What helps against each of these.
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

#: What is added where it may have been another thread that had the effect.
BESIDE = "; another thread ran at the same time and may have done it"


def effect_code(kind: str) -> str:
    """The code of the reason that an effect of this kind is."""
    return f"effect-{kind}"


def describe_effect(kind: str, subject: str, detail: str) -> str:
    """An effect as a clause: ``it changes self.losses, which outlives the call (changed length: 0 then 1)``."""
    words = _WORDS.get(kind, "it changes {subject}, which outlives the call ({detail})")
    return words.format(subject=subject, detail=detail)


def describe_creation(first: int, more: int, number: int, names: Sequence[str]) -> str:
    """That ``number`` variables were created in call ``first``, some in ``more`` later ones too, and what to do.

    Without a number of the call (0), that it does so in each.
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
