"""The pytest plugin, in a pytest of its own."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest

TESTS = '''
import pytest
import tensorflow as tf
from hybridize.testing import assert_hybrid_safe


def step(x):
    for _ in range(30):
        x = tf.tanh(x) + 1.0
    return x


@pytest.mark.hybrid_benchmark(rounds=4)
def test_measured():
    assert_hybrid_safe(step, (tf.ones((2, 2)),), (tf.zeros((2, 2)),))


@pytest.mark.hybrid_benchmark(rounds=4, min_speedup=1e6)
def test_slow():
    assert_hybrid_safe(step, (tf.ones((2, 2)),))


def test_unmeasured():
    assert_hybrid_safe(step, (tf.ones((2, 2)),))


@pytest.mark.hybrid_benchmark(rounds=1)
def test_wrong():
    pass
'''


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # Loaded by its module, also in an environment that was set up before it was there and does not find it by itself.
    plugin = ["-p", "no:hybridize", "-p", "hybridize.testing.plugin"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "--strict-markers", "-p", "no:cacheprovider", *plugin, *arguments],
        cwd=folder, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


@pytest.mark.slow
def test_the_marker_measures_and_the_table_and_the_junit_file_have_the_numbers(tmp_path):
    (tmp_path / "test_it.py").write_text(TESTS)
    page = (Path(__file__).parents[2] / "docs" / "testing.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "test_page.py").write_text(program)
    done = run(tmp_path, "--junitxml=out.xml", "-W", "ignore")
    text = done.stdout
    assert "4 passed" in text and "1 failed" in text and "1 error" in text, text + done.stderr
    (table,) = re.findall(r"^-+ hybrid benchmark: 3 -+\n(.*\n.*\n.*\n.*)$", text, re.MULTILINE)
    head, measured, page_, slow = (re.split(r"\s{2,}", line.strip()) for line in table.splitlines())
    assert head == ["test", "function", "eager", "graph", "speedup", "95% interval", "rounds"]
    assert measured[:2] == ["test_it.py::test_measured", "step"] and measured[6] == "4"
    assert re.fullmatch(r"[\d.]+x", measured[4]) and slow[0] == "test_it.py::test_slow"
    assert page_[:2] == ["test_page.py::test_what_the_graph_gains", "train_step"]
    assert re.search(r"AssertionError: step is [\d.]+x as fast as a graph .* at least 1e\+06x is required", text)
    assert "hybrid_benchmark takes rounds, a whole number of at least 2, not 1." in text
    properties = ElementTree.parse(tmp_path / "out.xml").findall(".//testcase[@name='test_measured']//property")
    assert [each.get("name") for each in properties] == ["hybrid_benchmark"]
    assert '"eager_seconds"' in properties[0].get("value", "")


def test_pytest_finds_the_plugin_by_its_entry_point():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["pytest11"] == {"hybridize": "hybridize.testing.plugin"}


@pytest.mark.slow
def test_the_plugin_costs_nothing_where_it_is_not_used():
    program = """
import sys
import hybridize.testing.plugin
heavy = {"tensorflow", "numpy", "scipy", "libcst", "beartype", "rich"} & set(sys.modules)
assert not heavy, heavy
ours = {name for name in sys.modules if name.startswith("hybridize.")}
assert ours == {"hybridize.testing", "hybridize.testing.plugin"}, ours
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
