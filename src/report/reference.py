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
| `report.json` | all results of the run, described below: the interface for CI and other tools |
| `report.html` | the results as one page, with charts, flame graphs and all candidates |
| `summary.md` | a summary in Markdown |
| `optimize.patch` | the change, for `git apply` or `patch -p1`; absent if nothing is to be changed |
| `profile-*.speedscope.json` | profiles of the original and the edited script, for speedscope |
| `profile-*.raw.txt` | the same profiles as text: one stack and its sample count per line |
| `*.log` | the output of the script's processes |

`--output json=FILE` also writes `report.json` to a file that you choose (`-` is standard output). The JSON Schema
(2020-12) is `src/report/schema.json`, installed as `hybridize/report/schema.json`; it allows no other fields. From
Python, `hybridize.load_report(path)` reads the file, or the report in a results folder, into the frozen dataclasses
of `hybridize.records`. It omits the content of the edited files, and ignores fields of later versions.

All seconds are wall-clock time. A value that was not measured is `null`, never 0. No number is NaN or infinite. Later
versions may add fields. A field is removed, renamed or changed in meaning only with a new `schema_version`.

```sh
# In CI: fail on drift (exit code 1) and on failures (3, 4), and keep the numbers.
optimize --train-script train.py --output json=report.json
jq -r '.message, .benchmark.speedup.low' report.json
```
"""


def to_page(schema: dict[str, Any]) -> str:
    """Return the Markdown page: one table per kind of object, one row per field."""
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
