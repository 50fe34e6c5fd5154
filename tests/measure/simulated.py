"""A machine with a clock of its own, on which copies of a script run without a process.

Its noise is that of a real one: the machine's speed wanders within seconds, every process is a little
faster or slower than its twin, and every turn has its own luck.
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hybridize.records import Contacts, Edit, EditedFile, Ending, RunOutcome, Target

TARGET = Target(root="/project", cwd="/project", script="/project/train.py")
UNIT = Edit(candidate="train:train_step", file="train.py", line=3, qualname="train_step")
FILES = (
    EditedFile(
        file="train.py",
        before=b"import tensorflow as tf\n\ndef train_step(x):\n    return x\n",
        after=b"import tensorflow as tf\n\n@tf.function\ndef train_step(x):\n    return x\n",
        sha256_before="",
        def_lines={"train:train_step": 4},
        line_map=(1, 2, 4, 5),
    ),
)


@dataclass
class Machine:
    """The clock, and the noise. Standard deviations are of the log of a time, for one process or one turn."""

    seed: int = 0
    process_sd: float = 0.0
    turn_sd: float = 0.0
    wander_sd: float = 0.0
    wander_seconds: float = 20.0
    now: float = 0.0
    speed: float = 0.0

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def clock(self) -> float:
        return self.now

    def take(self, seconds: float, process_offset: float = 0.0) -> float:
        """How long it takes now to do what takes so many seconds without noise."""
        noise = self.random.gauss(0.0, self.turn_sd) if self.turn_sd else 0.0
        return seconds * math.exp(self.speed + process_offset + noise)

    def spend(self, seconds: float) -> None:
        """Let time go by."""
        self.now += seconds
        kept = math.exp(-seconds / self.wander_seconds)
        self.speed = self.speed * kept + self.random.gauss(0.0, self.wander_sd * math.sqrt(1 - kept * kept))


@dataclass
class Script:
    """What a copy of the script does. Every ``every``-th unit takes ``every_seconds`` longer.

    With ``clock_seconds`` it trains until its own clock, which stands still while it waits, has gone on by so much;
    with ``reads_clock`` it only prints what the clock says. One that ``sleeps`` uses no processor.
    """

    unit_seconds: float = 0.01
    startup_seconds: float = 4.0
    first_unit_seconds: float = 0.0
    every: int = 0
    every_seconds: float = 0.0
    units: int | None = None
    clock_seconds: float | None = None
    reads_clock: bool = False
    tail_seconds: float = 0.0
    raises_at: int | None = None
    raises: tuple[str, str] = ("KeyError", "no such key")
    killed_at: int | None = None
    refused_at: int | None = None
    hangs_at: int | None = None
    chatters_at: int | None = None
    sleeps: bool = False
    peak_rss_bytes: int = 300 << 20
    device_bytes: int = 0


class Process:
    """A simulated child process: the protocol of ``sandbox.parent.launch.Child``, time on the machine's clock."""

    def __init__(self, machine: Machine, script: Script, label: str = "") -> None:
        self.machine, self.script, self.label = machine, script, label
        self.offset = machine.random.gauss(0.0, machine.process_sd)
        self.total = 0
        self.granted: int | None = None
        self.own_clock = 0.0
        self.started = False
        self.ending: Ending | None = None
        self.stopped = False
        self.messages: list[dict[str, Any]] = []
        self.peak_rss_bytes = script.peak_rss_bytes
        self.pending: tuple[dict[str, Any] | None, float] | None = None
        self.busy_seconds = 0.0

    def receive(self, timeout: float) -> dict[str, Any] | None:
        if self.pending is None:
            self.pending = self._work()
        event, seconds = self.pending
        if math.isfinite(seconds) and self.total != self.script.chatters_at and not self.script.sleeps:
            self.busy_seconds += min(seconds, timeout)
        if seconds > timeout:
            self.machine.spend(timeout)
            self.pending = event, seconds - timeout
            raise TimeoutError
        self.machine.spend(seconds)
        self.pending = None
        return event

    def _work(self) -> tuple[dict[str, Any] | None, float]:
        """The next event, and how long it takes to come."""
        script = self.script
        if not self.started:
            self.started = True
            seconds = self.machine.take(script.startup_seconds, self.offset)
            return self._event("end" if script.units == 0 else "boundary", 0, seconds), seconds
        if self.ending is not None or self.granted is None:
            return None, 0.0
        troubles = script.raises_at, script.killed_at, script.refused_at, script.hangs_at, script.chatters_at
        ends = {script.units, *troubles} - {None}
        stop = min((at for at in ends if at is not None), default=sys.maxsize)
        end = script.units
        if script.clock_seconds is not None:
            left = math.ceil((script.clock_seconds - self.own_clock) / script.unit_seconds)
            end = min(stop, self.total + max(0, left))
            stop = min(stop, end)
        done = min(self.granted, stop - self.total)
        before, self.total = self.total, self.total + done
        seconds = done * script.unit_seconds + (script.first_unit_seconds if before == 0 and done else 0.0)
        if script.every:
            seconds += (self.total // script.every - before // script.every) * script.every_seconds
        if self.total == end:
            seconds += script.tail_seconds
        seconds = self.machine.take(seconds, self.offset)
        self.own_clock += seconds
        if self.total == script.raises_at:
            self.ending = Ending.RAISED
            return {"event": "end", "units": done, "seconds": seconds, "total_units": self.total}, seconds
        if self.total == script.refused_at:
            self.ending = Ending.CUT
            return {"event": "end", "units": done, "seconds": seconds, "total_units": self.total}, seconds
        if self.total == script.killed_at:
            self.ending = Ending.KILLED
            return None, seconds
        if self.total == script.chatters_at:
            return {"event": "summary"}, 0.5
        if self.total == script.hangs_at:
            return None, math.inf
        self.granted = None
        return self._event("end" if self.total == end else "boundary", done, seconds), seconds

    def _event(self, kind: str, units: int, seconds: float) -> dict[str, Any]:
        if kind == "end":
            self.ending = Ending.FINISHED
        # On a device most is allocated at first, as when the optimizer makes its slots.
        device = self.script.device_bytes // (1 if units else 2)
        return {
            "event": kind,
            "units": units,
            "seconds": seconds,
            "total_units": self.total,
            "device_bytes": device,
            "clock_reads": self.total if self.script.reads_clock or self.script.clock_seconds is not None else 0,
        }

    def send(self, message: dict[str, Any]) -> None:
        self.messages.append(message)
        self.granted = message.get("units")
        self.own_clock += message.get("ahead", 0.0)

    def stop(self, grace: float = 5.0) -> RunOutcome:
        self.stopped = True
        self.machine.now += 0.2
        return self._outcome()

    def wait(self, timeout: float) -> RunOutcome:
        self.stopped = True
        return self._outcome()

    def _outcome(self) -> RunOutcome:
        ending = self.ending or Ending.CUT
        raised = ending is Ending.RAISED
        return RunOutcome(
            ending=ending,
            code=-9 if ending is Ending.KILLED else 1 if raised else 0,
            seconds=self.machine.now,
            log="",
            error=self.script.raises[1] if raised else None,
            error_type=self.script.raises[0] if raised else None,
            peak_rss_bytes=self.peak_rss_bytes,
            contacts=Contacts(stopped="host:443" if self.total == self.script.refused_at else ""),
        )


@dataclass
class Launcher:
    """Stands in for `launch.start`: the arm with edited files runs ``edited``, the others ``eager``."""

    machine: Machine
    eager: Script
    edited: Script
    processes: list[Process] = field(default_factory=list)
    jobs: list[dict[str, Any]] = field(default_factory=list)

    def __call__(
        self, target: Target, job: dict[str, Any], files: Sequence[EditedFile], folder: Path, label: str
    ) -> Process:
        process = Process(self.machine, self.edited if files else self.eager, label)
        self.processes.append(process)
        self.jobs.append(job)
        return process
