"""The page that documents report.json, made from its schema: ``python -m hybridize.report.reference``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .document import load_schema

_INTRODUCTION = """\
# report.json

<!-- Made from src/report/schema.json by `python -m hybridize.report.reference > docs/report.md`. -->

Every run of `optimize --train-script …` leaves a folder `results/<time>-<script>/`, and `results/latest`
points to the newest one:

| file | what it is |
| --- | --- |
| `report.json` | everything that the run found, described below: the contract for CI and for other tools |
| `summary.md` | the same for people, in short |
| `optimize.patch` | the change, for `git apply` or `patch -p1`; absent where nothing is to be changed |
| `profile-*.speedscope.json` | where the time went, of the original and the edited script, for speedscope |
| `profile-*.raw.txt` | the same, one stack and its count a line |
| `*.log` | what the script's processes printed |

`--format json` prints the content of `report.json` to standard output. The JSON Schema (2020-12) is
`src/report/schema.json`, in the installed package `hybridize/report/schema.json`; it admits no fields but its
own. All seconds are wall time. What was not measured is `null`, never 0, and no number is NaN or infinite. A
later version may add fields; without a new `schema_version` none is removed, renamed or changed in meaning.

```sh
# In CI: fail on drift (exit code 1) and on failures (3, 4), and keep the numbers.
optimize --train-script train.py --format json > report.json
jq -r '.message, .benchmark.speedup.low' report.json
```
"""


def to_page(schema: dict[str, Any]) -> str:
    """Give the Markdown page: one table per kind of object, one row per field."""
    sections = [_INTRODUCTION, "## The report\n\n" + _table(schema, schema["$defs"])]
    for name, definition in _objects(schema):
        sections.append(f"## {name}\n\n{definition['description']}\n\n{_table(definition, schema['$defs'])}")
    return "\n".join(sections)


def _objects(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, definition in schema["properties"].items():
        if "properties" in definition:
            yield name, definition
    yield from schema["$defs"].items()


def _table(definition: dict[str, Any], definitions: dict[str, Any]) -> str:
    rows = ["| field | type | meaning |", "| --- | --- | --- |"]
    for name, field in definition["properties"].items():
        referred = definitions.get(field.get("$ref", "").rpartition("/")[2], {})
        meaning = field.get("description", referred.get("description", "")).replace("|", "\\|")
        rows.append(f"| `{name}` | {_type(name, field)} | {meaning} |")
    return "\n".join(rows) + "\n"


def _type(name: str, field: dict[str, Any]) -> str:
    if "$ref" in field:
        return _link(field["$ref"].rpartition("/")[2])
    if "anyOf" in field:
        return " or ".join(_type(name, option) for option in field["anyOf"])
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "properties" in field:
        return _link(name)
    kind = field.get("type", "any")
    if kind == "array":
        return f"list of {_type(name, field['items'])}"
    if kind == "object":
        values = field["additionalProperties"]
        return "map to any value" if values is True else f"map to {_type(name, values)}"
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _link(name: str) -> str:
    return f"[{name}](#{name})"


if __name__ == "__main__":
    print(to_page(load_schema()), end="")
