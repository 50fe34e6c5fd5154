"""The cost of starting a child process: directly, or forked from the nursery; and of the scratch copy alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from hybridize.records import Target
from hybridize.sandbox.parent import launch
from hybridize.sandbox.parent.home import remove
from hybridize.sandbox.parent.nursery import Nursery
from hybridize.sandbox.parent.scratch import lay

SECONDS = 300.0
FILES, FILES_IN_A_FOLDER = 1000, 50


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery({"TF_CPP_MIN_LOG_LEVEL": "2", **os.environ}) as process:
        assert process.usable
        yield process


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "work" / "project"
    folder.mkdir(parents=True)
    return folder


def run_once(root: Path, source: str, nursery: Nursery | None = None) -> None:
    """Start a script, wait for its end, and clean up: the overhead of each of the tool's runs."""
    (root / "train.py").write_text(source)
    target = Target(str(root), str(root), str(root / "train.py"))
    job = {"role": "timed", "deadline_seconds": SECONDS}
    child = launch.start(target, job, (), root.parent / "logs", "run", nursery)
    while child.receive(SECONDS) is not None:
        pass
    assert child.wait(SECONDS).code == 0


def test_child_that_imports_nothing(benchmark: BenchmarkFixture, root: Path) -> None:
    benchmark.pedantic(run_once, (root, "pass"), rounds=10, warmup_rounds=1)


def test_child_that_imports_tensorflow_started_plainly(benchmark: BenchmarkFixture, root: Path) -> None:
    benchmark.pedantic(run_once, (root, "import tensorflow as tf\ntf.keras.layers"), rounds=5, warmup_rounds=1)


def test_child_that_imports_tensorflow_forked_from_the_nursery(
    benchmark: BenchmarkFixture, root: Path, nursery: Nursery
) -> None:
    source = "import tensorflow as tf\ntf.keras.layers"
    benchmark.pedantic(run_once, (root, source, nursery), rounds=10, warmup_rounds=1)


def test_scratch_copy_of_a_thousand_files(benchmark: BenchmarkFixture, root: Path) -> None:
    for number in range(FILES):
        path = root / f"package{number // FILES_IN_A_FOLDER}" / f"module{number}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text("x = 1\n" * 100)
    target = Target(str(root), str(root), str(root / "train.py"))
    laid: list[Path] = []

    def prepare() -> tuple[tuple[Target, tuple[()], Path], dict[str, Any]]:
        for folder in laid:
            remove(folder)
        laid.append(root.parent / "scratch" / str(len(laid)))
        return (target, (), laid[-1]), {}

    benchmark.pedantic(lay, setup=prepare, rounds=10, warmup_rounds=1)
