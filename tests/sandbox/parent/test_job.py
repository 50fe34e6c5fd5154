from __future__ import annotations

import json
from importlib import util
from pathlib import Path
from typing import Any

from hybridize.records import Target
from hybridize.sandbox.parent.job import PACKAGE, ROLES, whole_job
from hybridize.sandbox.parent.scratch import Scratch

PROJECT = Target("/p", "/p/work", "/p/train.py", ("--data", "/p/data"))
COPY = Scratch(Path("/s"), Path("/s/files/p"), Path("/s/files/p/work"), Path("/s/tmp"), (("/p", "/s/files/p"),))


def told(**wanted: Any) -> dict[str, Any]:
    job = whole_job({"role": "observe", **wanted}, PROJECT, COPY, {"A": "b"}, 100)
    assert isinstance(json.dumps(job), str)
    return job


def test_roles_are_modules_that_are_there():
    assert all(util.find_spec(f"{PACKAGE}.{module}") for module in ROLES.values())


def test_what_names_the_project_names_the_copy():
    job = told()
    assert (job["script"], job["cwd"]) == ("/s/files/p/train.py", "/s/files/p/work")
    assert job["arguments"] == ["--data", "/s/files/p/data"]
    assert job["network"]["approved"] == "/s/approved"


def test_hooks_are_told_by_the_copys_files_and_lines():
    stretch = {"file": "train.py", "line": 9, "id": "train:f@9-11", "last": 11, "results": ["x"], "expression": ""}
    hooks = [{"file": "train.py", "line": 3, "id": "train:step"}, stretch]
    job = told(hooks=hooks, unit={"file": "other.py", "line": 5})
    (file, lines), (other, unit) = job["hooks"].items()
    assert (file, lines[3]) == ("/s/files/p/train.py", "train:step")
    assert lines[9] == {"id": "train:f@9-11", "last": 11, "results": ["x"], "expression": ""}
    assert (other, unit) == ("/s/files/p/other.py", {5: "unit"})
    assert told()["hooks"] == {}


def test_only_arms_that_take_turns_read_what_they_are_told_themselves():
    assert told(role="timed")["turns"] and told(role="profile")["turns"] and not told(role="check")["turns"]
