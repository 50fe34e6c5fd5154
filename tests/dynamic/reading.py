"""A module of a project whose function is called, and what is known of what it reads."""

from __future__ import annotations

import sys
import textwrap
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hybridize.dynamic.child.calls import Calls, introduce
from hybridize.dynamic.child.effects import Project, Snapshot
from hybridize.dynamic.child.reads import Reading

#: What many of the programs begin with.
COMMON = """
import logging
import functools

logger = logging.getLogger("program")

class Schedule:
    scale = 1.0

    def __init__(self):
        self.epoch = 0
        self.seen = 0

    def __call__(self):
        return self.epoch * self.scale

    @property
    def rate(self):
        return self.epoch

    def value(self):
        return self()

schedule = Schedule()
state = {"rate": 1.0, "waiting": 0, "nested": {"rate": 2.0}}
FLAG = False
callbacks = [Schedule(), Schedule()]
epoch = 0
"""


class Program:
    """A module of a project; `call` runs its function `step` and learns what it reads."""

    def __init__(self, folder: Path, source: str) -> None:
        path = folder / "program.py"
        path.write_text(textwrap.dedent(source))
        self.module = types.ModuleType("program")
        self.module.__file__ = str(path)
        sys.modules["program"] = self.module
        self.project = Project([str(folder)], [])
        self.reading = Reading(self.project)
        self.seeded = False
        exec(compile(path.read_text(), str(path), "exec"), vars(self.module))
        introduce(self.step)

    @property
    def step(self) -> Callable[..., Any]:
        return self.module.step  # type: ignore[no-any-return]

    def call(self, *args: Any) -> None:
        with Calls(self.project) as calls:
            self.step(*args)
        snapshot = Snapshot({str(number): value for number, value in enumerate(args)}, self.step, self.project)
        self.reading.learn(calls, snapshot.objects, self.seeded)

    def changed(self) -> dict[str, int]:
        self.reading.look(always=True)
        return dict(self.reading.changes)
