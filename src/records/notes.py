"""Notes on how a field is written to report.json, as part of its type: ``Annotated[Target, Inline()]``.

report.json, its schema and docs/report.md are derived from the records. The meaning of a field is documented once, in
the attribute docstring below it, where editors show it. That is read from source when the schema is made, never in a
run. How the field is written is a note in its type, which a run can read.
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
    """The fields of this record are written among those of the record that contains it."""


@dataclass(frozen=True)
class LeftOut:
    """The field is not written, for the reason ``why``. When read, it gets its default, or else ``read_as``."""

    why: str
    read_as: object = None


@dataclass(frozen=True)
class AsObject:
    """(Name, value) pairs with distinct names are written as an object."""


@dataclass(frozen=True)
class Unsure:
    """The number may be infinite or NaN. Then it is written as null, which is read as NaN."""


@dataclass(frozen=True)
class OneOf:
    """All values that the field can have."""

    values: tuple[str | int, ...]


@dataclass(frozen=True)
class Limit:
    """A JSON Schema constraint on the value, such as "minimum" and 0."""

    keyword: str
    value: float | str


Count = Annotated[int, Limit("minimum", 0)]
Line = Annotated[int, Limit("minimum", 1)]
Seconds = Annotated[float, Limit("minimum", 0)]
Positive = Annotated[float, Limit("exclusiveMinimum", 0)]
Fraction = Annotated[float, Limit("minimum", 0), Limit("maximum", 1)]
