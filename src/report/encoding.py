"""Converts records to plain JSON data and back, according to the types of their fields and the notes in these.

A type is a frozen dataclass, an `Enum`, ``str``, ``int``, ``float``, ``bool``, ``object`` (anything), a tuple, a
``Mapping`` from strings, or one of these or None.
"""

from __future__ import annotations

import dataclasses
import math
import re
import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, is_dataclass
from enum import Enum
from functools import cache
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from ..records.notes import AsObject, Inline, Key, LeftOut

_SURROGATES = re.compile("[\ud800-\udfff]")
_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}
_Note = TypeVar("_Note")


class Unfit(ValueError):
    """Raised for data that does not match its type. The message is a clause that begins with the place."""


@dataclass(frozen=True)
class Kind:
    """The parts of a type. ``tuple[int, ...] | None`` has the base ``tuple``, its arguments, and is optional."""

    base: Any
    arguments: tuple[Any, ...]
    optional: bool
    notes: tuple[object, ...]

    def note(self, kind: type[_Note]) -> _Note | None:
        """The note of this kind, if there is one."""
        return next((note for note in self.notes if isinstance(note, kind)), None)


@dataclass(frozen=True)
class Slot:
    """A field of a record: its name, its key in JSON, and its type."""

    name: str
    key: str
    type: Any
    field: dataclasses.Field[Any]

    @property
    def is_inline(self) -> bool:
        """Whether it holds a record whose fields are written among those of this record."""
        return kind_of(self.type).note(Inline) is not None

    @property
    def left_out(self) -> LeftOut | None:
        """The note that it is not written; None if it is."""
        return kind_of(self.type).note(LeftOut)

    def default(self, place: str) -> Any:
        """Its value if the data lacks it. Raises Unfit if there is no default."""
        if self.field.default is not MISSING:
            return self.field.default
        if self.field.default_factory is not MISSING:
            return self.field.default_factory()
        if self.left_out is not None:
            return self.left_out.read_as
        raise Unfit(f"{place} is missing")


@cache
def kind_of(annotation: Any) -> Kind:
    """Split a type into its parts."""
    optional, notes = False, ()
    while True:
        if get_origin(annotation) is Annotated:
            notes += annotation.__metadata__
            annotation = annotation.__origin__
        elif get_origin(annotation) in (Union, types.UnionType):
            (annotation,) = (each for each in get_args(annotation) if each is not types.NoneType)
            optional = True
        else:
            break
    return Kind(get_origin(annotation) or annotation, get_args(annotation), optional, notes)


@cache
def slots(record: type) -> tuple[Slot, ...]:
    """The fields of a dataclass, in order."""
    hints = get_type_hints(record, include_extras=True)
    found = []
    for field in dataclasses.fields(record):
        key = kind_of(hints[field.name]).note(Key)
        found.append(Slot(field.name, key.name if key is not None else field.name, hints[field.name], field))
    return tuple(found)


def to_plain(value: Any, annotation: Any) -> Any:
    """Convert a value of this type to plain data.

    A number that is not finite becomes None. In text that is not valid Unicode (paths, lines of sources in other
    encodings), U+FFFD replaces the invalid bytes.
    """
    kind = kind_of(annotation)
    if value is None or kind.base is bool or kind.base is int:
        return value
    if kind.base is str:
        return _text(value)
    if kind.base is float:
        return value if math.isfinite(value) else None
    if kind.base is object:
        return _anything(value)
    if kind.base is tuple:
        if kind.note(AsObject) is not None:
            return {_text(name): to_plain(item, get_args(kind.arguments[0])[1]) for name, item in value}
        return [to_plain(item, each) for item, each in zip(value, _items(kind, len(value)), strict=True)]
    if issubclass(kind.base, Mapping):
        return {_text(name): to_plain(item, kind.arguments[1]) for name, item in value.items()}
    if issubclass(kind.base, Enum):
        return value.value
    return _object(value, kind.base)


def _object(value: Any, record: type) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for slot in slots(record):
        if slot.left_out is None:
            plain = to_plain(getattr(value, slot.name), slot.type)
            document.update(plain if slot.is_inline else {slot.key: plain})
    return document


def _anything(value: Any) -> Any:
    """Convert a value of unknown type. If JSON has no form for it, it becomes text."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, Mapping):
        return {_text(str(name)): _anything(item) for name, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_anything(item) for item in value]
    return _anything(value.value) if isinstance(value, Enum) else _text(str(value))


def _text(value: str) -> str:
    return _SURROGATES.sub("\ufffd", value)


def _items(kind: Kind, count: int) -> tuple[Any, ...]:
    """The types of a tuple's items."""
    return (kind.arguments[0],) * count if kind.arguments[-1] is Ellipsis else kind.arguments


def from_plain(data: Any, annotation: Any, place: str = "") -> Any:
    """Convert plain data back to a value of this type. ``place`` is its position in the document, for the error.

    Unknown fields are ignored, and missing ones get their defaults. Null becomes NaN if a number is required. Lists of
    unknown type become tuples. Raises Unfit.
    """
    kind = kind_of(annotation)
    if data is None:
        if kind.optional or kind.base is object:
            return None
        if kind.base is float:
            return math.nan
        raise Unfit(f"{place or 'it'} is null")
    if kind.base in _NAMES:
        return _scalar(data, kind.base, place)
    if kind.base is object:
        return _frozen(data)
    if kind.base is tuple and kind.note(AsObject) is None:
        _check(isinstance(data, list), place, "a list")
        if kind.arguments[-1] is not Ellipsis:
            _check(len(data) == len(kind.arguments), place, f"a list of {len(kind.arguments)}")
        types_of = _items(kind, len(data))
        return tuple(from_plain(item, types_of[at], f"{place}[{at}]") for at, item in enumerate(data))
    if isinstance(kind.base, type) and issubclass(kind.base, Enum):
        _check(any(data == each.value for each in kind.base), place, "any of the values that it may be")
        return kind.base(data)
    _check(isinstance(data, dict), place, "an object")
    if kind.base is tuple:
        each = get_args(kind.arguments[0])[1]
        return tuple((name, from_plain(item, each, _below(place, name))) for name, item in data.items())
    if is_dataclass(kind.base):
        return _record(data, kind.base, place)
    return {name: from_plain(item, kind.arguments[1], _below(place, name)) for name, item in data.items()}


def _record(data: dict[str, Any], record: Any, place: str) -> Any:
    values = {}
    for slot in slots(record):
        below = _below(place, slot.key)
        if slot.is_inline:
            values[slot.name] = _record(data, kind_of(slot.type).base, place)
        elif slot.left_out is not None or slot.key not in data:
            values[slot.name] = slot.default(below)
        else:
            values[slot.name] = from_plain(data[slot.key], slot.type, below)
    return record(**values)


def _scalar(data: Any, base: Any, place: str) -> Any:
    wanted: tuple[type, ...] = (int, float) if base is float else (base,)
    _check(isinstance(data, wanted) and (base is bool or not isinstance(data, bool)), place, _NAMES[base])
    return float(data) if base is float else data


def _frozen(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: _frozen(item) for name, item in data.items()}
    return tuple(map(_frozen, data)) if isinstance(data, list) else data


def _below(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _check(holds: bool, place: str, wanted: str) -> None:
    if not holds:
        raise Unfit(f"{place or 'it'} is not {wanted}")
