"""The page that documents report.json, made from its schema: ``python -m hybridize.report.reference``."""

from __future__ import annotations

from typing import Any

from .schema import to_schema

_INTRODUCTION = """\
# report.json

<!-- Made from the records in src/records/ by `python -m hybridize.report.reference > docs/report.md`. -->

Every run of `optimize --train-script …` leaves a folder `results/<time>-<script>/`, and `results/latest`
points to the newest one:

| file | what it is |
| --- | --- |
| `report.json` | everything that the run found, described below: the contract for CI and for other tools |
| `report.html` | the same as a page for people: one file, with charts, flame graphs and all candidates |
| `summary.md` | the same in short, as Markdown |
| `optimize.patch` | the change, for `git apply` or `patch -p1`; absent where nothing is to be changed |
| `profile-*.speedscope.json` | where the time went, of the original and the edited script, for speedscope |
| `profile-*.raw.txt` | the same, one stack and its count a line |
| `*.log` | what the script's processes printed |

`--output json=FILE` writes the content of `report.json` to a file of yours (`-` is standard output). The JSON Schema
(2020-12) is `src/report/schema.json`, in the installed package `hybridize/report/schema.json`; it admits no fields
but its own. From Python, `hybridize.load_report(path)` reads the file, or that of a folder of results, into the
frozen dataclasses of `hybridize.records`; the content of the edited files is left out of it, and fields of a later
version are ignored. All seconds are wall time. What was not measured is `null`, never 0, and no number is NaN or
infinite. A later version may add fields; without a new `schema_version` none is removed, renamed or changed in
meaning.

```sh
# In CI: fail on drift (exit code 1) and on failures (3, 4), and keep the numbers.
optimize --train-script train.py --output json=report.json
jq -r '.message, .benchmark.speedup.low' report.json
```
"""


def to_page(schema: dict[str, Any]) -> str:
    """Give the Markdown page: one table per kind of object, one row per field."""
    sections = [_INTRODUCTION, "## The report\n\n" + _table(schema)]
    for name, definition in schema["$defs"].items():
        sections.append(f"## {name}\n\n{definition['description']}\n\n{_table(definition)}")
    return "\n".join(sections)


def _table(definition: dict[str, Any]) -> str:
    rows = ["| field | type | meaning |", "| --- | --- | --- |"]
    for name, field in definition["properties"].items():
        meaning = field["description"].replace("|", "\\|")
        rows.append(f"| `{name}` | {_type(field)} | {meaning} |")
    return "\n".join(rows) + "\n"


def _type(field: dict[str, Any]) -> str:
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{name})"
    if "anyOf" in field:
        return " or ".join(_type(option) for option in field["anyOf"])
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join("null" if value is None else f"`{value}`" for value in field["enum"])
    kind = field.get("type", "any value")
    if kind == "array":
        if "prefixItems" in field:
            return f"list of {' and '.join(_type(item) for item in field['prefixItems'])}"
        return f"list of {_type(field['items'])}"
    if kind == "object":
        values = field["additionalProperties"]
        return f"map to {'any value' if values is True else _type(values)}"
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


if __name__ == "__main__":
    print(to_page(to_schema()), end="")
