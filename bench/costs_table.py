"""The costs of the tool itself, as a page made from pytest-benchmark's JSON.

    python bench/costs_table.py results/benchmarks.json

Writes ``results/reference/costs.json``, with the result of each benchmark and the machine, and ``costs.md`` from it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from racing import machine

from hybridize.report.wording import duration

REFERENCE = Path(__file__).resolve().parents[1] / "results" / "reference"


def entry_of(measured: Mapping[str, Any]) -> dict[str, Any]:
    """One benchmark, without anything that identifies the machine's owner and without single rounds."""
    found = measured["stats"]
    return {
        "benchmark": measured["fullname"].removeprefix("bench/").replace("::test_", ": ").replace(".py", ""),
        "median_seconds": found["median"],
        "rounds": found["rounds"],
        "spread_seconds": found["iqr"],
        "found": measured["extra_info"],
    }


def page(entries: Sequence[Mapping[str, Any]], described: Mapping[str, str]) -> str:
    """The entries as a table in Markdown."""
    lines = [
        "# What the tool itself costs",
        "",
        "Made by `make bench` (pytest-benchmark): the median over rounds, with their interquartile range where there",
        "were several. Numbers without a unit in the last column are ratios to the script left alone, or counts.",
        "",
        "| benchmark | median | rounds | found |",
        "| --- | ---: | ---: | --- |",
    ]
    for entry in entries:
        spread = f" ±{duration(entry['spread_seconds'])}" if entry["rounds"] > 1 else ""
        found = ", ".join(f"{key} {_value(value)}" for key, value in entry["found"].items())
        name = entry["benchmark"].replace("_", " ")
        lines.append(f"| {name} | {duration(entry['median_seconds'])}{spread} | {entry['rounds']} | {found} |")
    lines += ["", "Machine: " + "; ".join(f"{key} {value}" for key, value in described.items()) + "."]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{key} {_value(each)}" for key, each in value.items())
    return f"{value:,.3g}" if isinstance(value, float) and value < 1e4 else str(value)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("measured", type=Path, help="the file that --benchmark-json wrote")
    given = parser.parse_args(arguments)
    entries = [entry_of(each) for each in json.loads(given.measured.read_text())["benchmarks"]]
    REFERENCE.mkdir(parents=True, exist_ok=True)
    kept = {"machine": machine(), "benchmarks": entries}
    (REFERENCE / "costs.json").write_text(json.dumps(kept, indent=1) + "\n")
    (REFERENCE / "costs.md").write_text(page(entries, kept["machine"]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
