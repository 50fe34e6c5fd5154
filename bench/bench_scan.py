"""The static stage on the source of Keras and TensorFlow: lines per second on one core, growth, memory, size of JSON.

``pytest bench/bench_scan.py`` prints pytest-benchmark's table; ``python bench/bench_scan.py`` prints another table.
Each scan runs in a fresh process. Seconds are CPU seconds of that process (the scan uses one thread), from reading the
first file to the last byte of the JSON, without the imports of this package.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

#: The packages with the number of files that are scanned; None means all of them.
SIZES = (("keras", 10), ("keras", 30), ("keras", 100), ("keras", 300))
LARGE = (("tensorflow", 10), ("tensorflow", 100), ("tensorflow", 1000), ("tensorflow", None))
#: The folder with a package's source. Keras' ``src`` and TensorFlow's ``python`` have all of it except generated names.
HOMES = {"keras": "src", "tensorflow": "python"}

PROGRAM = """
import gc, json, re, sys, time
from pathlib import Path
from hybridize.report.scan.json import render
from hybridize.static.project import scan
from hybridize.static.rules import all_rules
all_rules()
gc.disable()  # As the command does.
begin = time.process_time()
result = scan(Path(sys.argv[1]))
size = sum(map(len, render(result, {})))
seconds = time.process_time() - begin
# Not ru_maxrss, which a process inherits from the one that started it.
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024
print(json.dumps({"files": len(result.modules), "lines": result.lines, "functions": len(result.functions),
                  "candidates": sum(each.rank is not None for each in result.functions), "seconds": seconds,
                  "megabytes": peak, "json_megabytes": size / 1e6, "warnings": len(result.warnings)}))
"""


def source_of(package: str) -> Path:
    """The folder of an installed package's source, found without importing it."""
    found = importlib.util.find_spec(package)
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / HOMES[package]


def copy_package(target: Path, package: str, files: int | None) -> Path:
    """Copy ``files`` modules of a package (None: all), evenly chosen, without its tests, in the same layout."""
    source = source_of(package)
    modules = [path for path in sorted(source.rglob("*.py")) if not path.name.endswith("_test.py")]
    files = len(modules) if files is None else min(files, len(modules))
    for path in (modules[i * len(modules) // files] for i in range(files)):
        copy = target / package / HOMES[package] / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    return target


def scan_once(root: Path) -> dict[str, float]:
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(root)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize(("package", "files"), [*SIZES, *LARGE])
def test_scan_of_a_package(package: str, files: int | None, tmp_path: Path, benchmark: BenchmarkFixture) -> None:
    root = copy_package(tmp_path, package, files)
    results: list[dict[str, float]] = []
    benchmark.pedantic(lambda: results.append(scan_once(root)), rounds=3, iterations=1)
    best = min(results, key=lambda result: result["seconds"])
    rate = round(best["lines"] / best["seconds"])
    # On a busy machine, CPU seconds are longer, so the load is recorded.
    benchmark.extra_info.update(best, lines_per_second=rate, load_average=round(os.getloadavg()[0], 1))
    assert best["warnings"] == 0


def main() -> int:
    heads = f"{'files':>6} {'lines':>8} {'functions':>10} {'seconds':>8} {'lines/s':>8} {'MB':>5} {'JSON MB':>8}"
    print(f"{'package':10} {heads}")
    with tempfile.TemporaryDirectory() as folder:
        for package, files in (*SIZES, *LARGE):
            root = copy_package(Path(folder) / f"{package}{files}", package, files)
            best = min((scan_once(root) for _ in range(3)), key=lambda result: result["seconds"])
            rate = best["lines"] / best["seconds"]
            print(
                f"{package:10} {best['files']:6.0f} {best['lines']:8.0f} {best['functions']:10.0f}"
                f" {best['seconds']:8.2f} {rate:8.0f} {best['megabytes']:5.0f} {best['json_megabytes']:8.2f}"
            )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
