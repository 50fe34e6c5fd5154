"""The JSON Schema (2020-12) of report.json, made from the records: ``python -m hybridize.report.schema``."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from enum import Enum
from functools import cache
from typing import Any, get_args

from ..records import Judgement, Observation, Report
from ..records.notes import AsObject, Limit, OneOf, Unsure
from .derived import ADDED
from .encoding import Kind, Slot, kind_of, slots

# Records that have another name in report.json.
_NAMES: Mapping[type, str] = {Judgement: "candidate", Observation: "observed"}
_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}


def to_schema() -> dict[str, Any]:
    """Return the schema of the report."""
    definitions: dict[str, Any] = {}
    report = _object(Report, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "hybridize report",
        **report,
        "$defs": definitions,
    }


def to_text() -> str:
    """Return the schema as the text of schema.json."""
    return json.dumps(to_schema(), indent=2, ensure_ascii=False) + "\n"


def _object(record: type, definitions: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for owner, slot in _written(record):
        described = {**_schema(slot.type, definitions), "description": _descriptions(owner)[slot.name]}
        assert slot.key not in properties, f"two fields of {record.__name__} are written as {slot.key}"
        properties[slot.key] = described
    return {
        "type": "object",
        "description": _first_paragraph(record),
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }


def _written(record: type) -> Iterator[tuple[type, Slot]]:
    """The fields of an object: those of the record, of its inline records, and the derived ones."""
    for each in (record, ADDED.get(record)):
        for slot in slots(each) if each is not None else ():
            if slot.is_inline:
                yield from _written(kind_of(slot.type).base)
            elif slot.left_out is None:
                yield each, slot  # type: ignore[misc]


def _schema(annotation: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of a type, without a description."""
    kind = kind_of(annotation)
    optional = kind.optional or kind.note(Unsure) is not None
    if isinstance(kind.base, type) and is_dataclass(kind.base):
        referred = {"$ref": f"#/$defs/{_define(kind.base, definitions)}"}
        return {"anyOf": [{"type": "null"}, referred]} if optional else referred
    values = _values(kind)
    if values is not None:
        return {"const": values[0]} if len(values) == 1 else {"enum": [*values, *([None] if optional else [])]}
    if kind.base is object:
        return {}
    found: dict[str, Any] = _container(kind, definitions) if kind.base not in _TYPES else {"type": _TYPES[kind.base]}
    if optional:
        found = found | {"type": [found["type"], "null"]}
    return found | {note.keyword: note.value for note in kind.notes if isinstance(note, Limit)}


def _container(kind: Kind, definitions: dict[str, Any]) -> dict[str, Any]:
    if kind.base is tuple and kind.note(AsObject) is None:
        if kind.arguments[-1] is Ellipsis:
            return {"type": "array", "items": _schema(kind.arguments[0], definitions)}
        items = [_schema(each, definitions) for each in kind.arguments]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
    value = get_args(kind.arguments[0])[1] if kind.base is tuple else kind.arguments[1]
    return {"type": "object", "additionalProperties": _schema(value, definitions) or True}


def _define(record: type, definitions: dict[str, Any]) -> str:
    """Add a record to the definitions, and return its name there."""
    name = _NAMES.get(record) or re.sub(r"(?<=[a-z])(?=[A-Z])", "_", record.__name__).lower()
    if name not in definitions:
        definitions[name] = {}  # a placeholder, because a record may contain others of its type
        definitions[name] = _object(record, definitions)
    return name


def _values(kind: Kind) -> list[str | int] | None:
    """All values of a type; None if they are not enumerated."""
    note = kind.note(OneOf)
    if note is not None:
        return list(note.values)
    return [each.value for each in kind.base] if isinstance(kind.base, type) and issubclass(kind.base, Enum) else None


def _first_paragraph(record: type) -> str:
    return " ".join((inspect.getdoc(record) or "").partition("\n\n")[0].split())


@cache
def _descriptions(record: type) -> dict[str, str]:
    """The attribute docstrings of a record's fields, by field name."""
    (definition,) = ast.parse(inspect.getsource(record)).body
    assert isinstance(definition, ast.ClassDef)
    found = {}
    for field, below in zip(definition.body, definition.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            text = below.value.value if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) else None
            if isinstance(text, str):
                found[field.target.id] = " ".join(text.split())
    return found


if __name__ == "__main__":
    print(to_text(), end="")
