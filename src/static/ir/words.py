"""How the tables of libraries describe a result.

A plain string is the name of an atom (``tensor``, ``array``, ``int``…), ``tensors`` or ``arrays`` (a list of them),
``dataset``, ``same`` (the first argument again), ``self`` (the receiver) or ``unknown``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Made:
    """A new object of a library: a layer, a model, an optimizer. ``kind`` selects its methods in ``methods``."""

    kind: str


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of ``held``: the name of an atom, or the kind of an object."""

    held: str


@dataclass(frozen=True, slots=True)
class Special:
    """A result that depends on the arguments: ``_do_NAME`` of a class of ``calls`` finds it."""

    name: str


Word = str | Made | ListOf | Special
