"""The static stage on Keras' own source: lines a second on one core, growth with the number of files, memory.

``pytest bench/bench_scan.py`` for pytest-benchmark's table; ``python bench/bench_scan.py`` prints a table of its own.
Each scan runs in a fresh process; seconds are CPU seconds of that process (the scan uses one thread), from reading
the first file to the last record, imports of this package excluded.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

SIZES = (10, 30, 100, 300)

PROGRAM = """
import json, re, sys, time
from pathlib import Path
from hybridize.static.project import scan
from hybridize.static.rules import all_rules
all_rules()
begin = time.process_time()
result = scan(Path(sys.argv[1]))
seconds = time.process_time() - begin
# Not ru_maxrss, which a process inherits from the one that started it.
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024
print(json.dumps({"files": len(result.modules), "lines": result.lines, "functions": len(result.functions),
                  "seconds": seconds, "megabytes": peak, "warnings": len(result.warnings)}))
"""


def keras_source() -> Path:
    """Where the installed Keras keeps its source, found without importing it."""
    found = importlib.util.find_spec("keras")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "src"


def copy_package(target: Path, files: int) -> Path:
    """A package with so many modules of Keras (its tests left out), taken evenly from all, laid out as in Keras."""
    source = keras_source()
    modules = [path for path in sorted(source.rglob("*.py")) if not path.name.endswith("_test.py")]
    chosen = [modules[i * len(modules) // files] for i in range(min(files, len(modules)))]
    for path in chosen:
        copy = target / "keras" / "src" / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    return target


def scan_once(root: Path) -> dict[str, float]:
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(root)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("files", SIZES)
def test_scan_of_a_package(files: int, tmp_path: Path, benchmark: BenchmarkFixture) -> None:
    root = copy_package(tmp_path, files)
    results: list[dict[str, float]] = []
    benchmark.pedantic(lambda: results.append(scan_once(root)), rounds=3, iterations=1)
    best = min(results, key=lambda result: result["seconds"])
    benchmark.extra_info.update(best, lines_per_second=round(best["lines"] / best["seconds"]))
    assert best["warnings"] == 0


def main() -> int:
    print(f"{'files':>6} {'lines':>8} {'functions':>10} {'seconds':>8} {'lines/s':>8} {'MB':>5}")
    with tempfile.TemporaryDirectory() as folder:
        for files in SIZES:
            root = copy_package(Path(folder) / str(files), files)
            best = min((scan_once(root) for _ in range(3)), key=lambda result: result["seconds"])
            rate = best["lines"] / best["seconds"]
            print(
                f"{best['files']:6.0f} {best['lines']:8.0f} {best['functions']:10.0f} {best['seconds']:8.2f}"
                f" {rate:8.0f} {best['megabytes']:5.0f}"
            )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
