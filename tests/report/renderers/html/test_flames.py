"""Collapsed stacks as the tree of a flame graph."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybridize.report.renderers.html import flames

OURS = flames._OURS + "sandbox/child/profiled.py"
SITE = "/p/.venv/lib/python3.11/site-packages"
STARTED = f"thread (1): MainThread;<module> (<string>:6);main ({flames._OURS}sandbox/child/entry.py:208)"


def read(tmp_path: Path, *lines: str) -> flames.Node | None:
    path = tmp_path / "stacks.txt"
    path.write_text("".join(f"{line}\n" for line in lines))
    return flames.read(path, "/p")


def paths(node: flames.Node) -> dict[str, int]:
    found = {node.name: node.samples}
    for child in node.children.values():
        found |= {f"{node.name}/{path}": samples for path, samples in paths(child).items()}
    return found


def test_stacks_begin_at_the_projects_first_line_and_leave_out_what_is_ours(tmp_path):
    hooked = f"train:step (<hybridize>:1);Gate.call ({OURS}:52)"
    top = read(
        tmp_path,
        f"{STARTED};<module> (/p/train.py:9);step (/p/train.py:3);{hooked};step (/p/train.py:5) 7",
        f"{STARTED};<module> (/p/train.py:9);matmul ({SITE}/tensorflow/python/ops/math_ops.py:1) 2",
        f"{STARTED};<module> (/p/train.py:9);matmul ({SITE}/tensorflow/python/ops/math_ops.py:8) 1",
    )
    assert paths(top) == {
        "all": 10,
        "all/<module> (train.py:9)": 10,
        "all/<module> (train.py:9)/step (train.py:5)": 7,
        "all/<module> (train.py:9)/matmul (tensorflow/python/ops/math_ops.py)": 3,
    }


def test_what_waits_for_the_sampler_and_threads_without_a_line_of_the_projects_do_not_count(tmp_path):
    waiting = f"{STARTED};<module> (/p/train.py:9);(waiting for the sampler) (<hybridize>:1) 5"
    other = "thread (2): Other;wait (/usr/lib/python3.11/threading.py:3) 100"
    assert read(tmp_path, waiting, other) is None


def test_no_file_a_broken_one_and_one_too_large_give_no_tree(tmp_path, monkeypatch):
    assert flames.read(tmp_path / "none.txt", "/p") is None
    assert read(tmp_path, "", "garbage", "a;b;c x", ";;; 5") is None
    monkeypatch.setattr(flames, "_LONGEST_FILE", 10)
    assert read(tmp_path, f"{STARTED};<module> (/p/train.py:9) 7") is None


@pytest.mark.slow
def test_the_data_of_a_page_is_bounded(tmp_path):
    small = [f"<module> (/p/train.py:9);f{n} (/p/train.py:{n}) 1" for n in range(3_000)]
    deep = ";".join(f"d{n} (/p/train.py:{n})" for n in range(500)) + " 1000"
    data = flames.to_data(read(tmp_path, *small, deep, "<module> (/p/train.py:9);big (/p/train.py:2) 2000"))
    assert len(data["names"]) < 200 and len(data["names"]) == len(data["kinds"])
    name, samples, children = data["tree"]
    assert (data["names"][name], samples) == ("all", 6_000) and children[0][1] >= children[-1][1]
