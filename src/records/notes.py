"""How a field stands in report.json, said in its type: ``Annotated[Target, Inline()]``.

report.json, its schema and docs/report.md are derived from the records. What a field means is said once, in the string
below it (an attribute docstring): that is prose beside prose, editors show it, and no type is hidden in it. It is read
from source when the schema is made, never in a run. How a field is written is said here, in its type, which a run can
ask for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated


@dataclass(frozen=True)
class Key:
    """The field has another name in report.json."""

    name: str


@dataclass(frozen=True)
class Inline:
    """The fields of this record stand among those of the record that holds it."""


@dataclass(frozen=True)
class LeftOut:
    """The field is not written, and why. Read back it is its default, or ``read_as`` where it has none."""

    why: str
    read_as: object = None


@dataclass(frozen=True)
class AsObject:
    """(Name, value) pairs are written as an object; the names are distinct."""


@dataclass(frozen=True)
class Unsure:
    """The number may be none, infinite or NaN: then it is null, which is read back as NaN."""


@dataclass(frozen=True)
class OneOf:
    """All values that there are."""

    values: tuple[str | int, ...]


@dataclass(frozen=True)
class Limit:
    """What JSON Schema is to say of the value, such as "minimum" and 0."""

    keyword: str
    value: float | str


Count = Annotated[int, Limit("minimum", 0)]
Line = Annotated[int, Limit("minimum", 1)]
Seconds = Annotated[float, Limit("minimum", 0)]
Positive = Annotated[float, Limit("exclusiveMinimum", 0)]
Fraction = Annotated[float, Limit("minimum", 0), Limit("maximum", 1)]
