"""Races versions of a script, which take turns at unit boundaries, for benchmarks that compare ours with others."""

from __future__ import annotations

import ast
import difflib
import hashlib
import math
import os
import platform
import statistics
import time
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from hybridize.measure.seats import Arm, Group, Schedule
from hybridize.measure.statistics import pseudomedian
from hybridize.measure.turns import run_group
from hybridize.records import EditedFile, Target
from hybridize.sandbox.parent import launch

GROUP_SECONDS = 150.0
TURNS = 20


def machine() -> dict[str, str]:
    """The machine and the versions of a measurement."""
    cpu = next((line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if "model name" in line), "")
    memory = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    return {
        "cpu": f"{os.cpu_count()} cores, {cpu or platform.machine()}",
        "memory": f"{memory / 2**20:.0f} GiB",
        "system": f"{platform.system()}, Python {platform.python_version()}",
        "tensorflow": next((version(name) for name in ("tensorflow", "tensorflow-cpu") if _has(name)), "?"),
        "keras": version("keras"),
    }


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def _has(name: str) -> bool:
    try:
        return bool(version(name))
    except ModuleNotFoundError:
        return False


def definition(source: bytes, qualname: str) -> ast.FunctionDef:
    """The function with this qualified name. Raises StopIteration if there is none."""

    def walk(body: Sequence[ast.stmt], outer: str) -> Iterator[tuple[str, ast.FunctionDef]]:
        for node in body:
            if isinstance(node, ast.FunctionDef):
                yield outer + node.name, node
                yield from walk(node.body, f"{outer}{node.name}.<locals>.")
            elif isinstance(node, ast.ClassDef):
                yield from walk(node.body, f"{outer}{node.name}.")

    return next(node for name, node in walk(ast.parse(source).body, "") if name == qualname)


def arm_of(name: str, script: str, before: bytes, after: bytes, qualname: str) -> Arm:
    """An arm that runs the text ``after`` in the place of ``script``, whose current text is ``before``."""
    unit = definition(after, qualname)
    candidate = f"{Path(script).stem}:{qualname}"
    decorated = [candidate] if any("function" in ast.unparse(part) for part in unit.decorator_list) else []
    matching = difflib.SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False)
    lines = {a + i: b + i + 1 for a, b, size in matching.get_matching_blocks() for i in range(size)}
    digest = hashlib.sha256(before).hexdigest()
    edited = EditedFile(
        script, before, after, digest, dict.fromkeys(decorated, unit.lineno), tuple(lines[n] for n in sorted(lines))
    )
    job = {
        "role": "timed",
        "unit": {"file": script, "line": unit.lineno, "id": candidate},
        "edited": decorated,
    }
    return Arm(name, job, (edited,) if after != before else ())


def race(target: Target, arms: Sequence[Arm], groups: int, logs: Path) -> list[Group]:
    """Let the arms take turns, in ``groups`` groups of fresh processes."""
    found = []
    for number in range(groups):
        deadline = time.monotonic() + GROUP_SECONDS

        def begin(arm: Arm, number: int = number) -> launch.Child:
            return launch.start(target, arm.job, arm.files, logs, f"{number + 1}-{arm.name.replace(' ', '-')}")

        schedule = Schedule(deadline=deadline, soft_deadline=deadline, turns=TURNS, most_turns=TURNS, offset=number)
        found.append(run_group(arms, begin, schedule, time.monotonic))
    return found


def ratio(groups: Sequence[Group], one: str, other: str) -> tuple[float, float] | None:
    """How many times faster the second arm is than the first: the mean over groups, and its standard error as a factor.
    """
    logs = []
    for group in groups:
        if len(group.steady) >= 5 and {one, other} <= set(group.arms):
            a, b = group.arms.index(one), group.arms.index(other)
            logs.append(pseudomedian([math.log(turn.seconds[a] / turn.seconds[b]) for turn in group.steady]))
    if not logs:
        return None
    error = statistics.stdev(logs) / math.sqrt(len(logs)) if len(logs) > 1 else math.nan
    return math.exp(statistics.fmean(logs)), math.exp(error)
