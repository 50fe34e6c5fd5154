"""The data of turn-taking: the arms, their running processes (seats), and their turns."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..errors import ran_out_of_memory
from ..records import Crash, EditedFile, RunOutcome, Unclear

TURNS = 20
LEAST_TURNS = 5


class Process(Protocol):
    """The part of a child process that turn-taking uses (``sandbox.parent.launch.Child``)."""

    def receive(self, timeout: float) -> dict[str, Any] | None:
        """The next event; None after the last one. Raises TimeoutError."""

    def send(self, message: dict[str, Any]) -> None:
        """Send a message. Does nothing if the child has ended."""

    def stop(self, grace: float = 5.0) -> RunOutcome:
        """Unwind the script, or kill it after ``grace`` seconds."""

    def wait(self, timeout: float) -> RunOutcome:
        """Wait for the end, and kill it after ``timeout`` seconds."""

    @property
    def peak_rss_bytes(self) -> int:
        """The peak resident memory so far, in bytes."""

    @property
    def busy_seconds(self) -> float:
        """The seconds that it has computed or waited for a processor so far."""


@dataclass(frozen=True)
class Arm:
    """One version of the script: its name, the job of its child process, and the edited files."""

    name: str
    job: dict[str, Any]
    files: Sequence[EditedFile] = ()


@dataclass(frozen=True)
class Turn:
    """The same number of units in every arm, and each arm's seconds, in the order of the group's arms.

    ``warm`` turns are the warm-up: they contain traces and the search for the length of turns. In the ``last`` turn the
    script reached its end, so it includes whatever follows the training. Neither belongs to the steady state. ``idle``
    are the seconds in which each arm did not compute.
    """

    units: int
    seconds: tuple[float, ...]
    warm: bool = False
    last: bool = False
    idle: tuple[float, ...] = ()


@dataclass(frozen=True)
class Schedule:
    """The task of a group. Times are those of the group's clock.

    ``turns`` is the intended number of steady turns. There are fewer (down to LEAST_TURNS) if they do not fit before
    ``soft_deadline``; a quarter of the time that starting took is always allowed. No turn starts that would end after
    ``deadline``. More turns, up to ``most_turns``, follow until ``enough`` returns true. ``steps`` is the most units of
    an arm. ``length`` is the number of units of the whole script, if known: then the group goes on to the script's end
    if that takes at most ``finish_seconds`` more. ``offset`` rotates the order of the arms. ``tail_seconds`` is the
    longest that an arm may take after its last unit. ``room`` says whether this many bytes of memory are free; if not,
    the last arms are left out, down to two. With ``probe``, the group tests whether a script that reads the clock ends
    by it.
    """

    deadline: float
    soft_deadline: float
    turns: int = TURNS
    most_turns: int = TURNS
    enough: Callable[[Sequence[Turn]], bool] = lambda _turns: True
    steps: int | None = None
    length: int | None = None
    finish_seconds: float = 0.0
    offset: int = 0
    room: Callable[[int], bool] = lambda _bytes: True
    probe: bool = False
    tail_seconds: float = 0.0


@dataclass(frozen=True)
class Group:
    """The result of a group of arms. Sequences are in the order of ``arms``.

    ``complete``: the whole task was done. Otherwise ``reason`` and ``cause`` say why not, and ``failed`` names the arm
    that crashed, hung or ran different units (None if only the time was up). ``crash`` is set if that arm crashed and
    the others did not. ``whole``: every arm reached the script's end after the same number of units. If the numbers
    differ, ``note`` says so. ``by_clock``: the script trains for a fixed time.
    """

    arms: tuple[str, ...]
    turns: tuple[Turn, ...]
    startup_seconds: tuple[float, ...]
    peak_rss_bytes: tuple[int, ...]
    peak_device_bytes: tuple[int, ...]
    whole: bool
    complete: bool
    reason: str = ""
    failed: str | None = None
    out_of_memory: bool = False
    setup_seconds: float = 0.0
    cause: Unclear | None = None
    crash: Crash | None = None
    note: str = ""
    by_clock: bool = False

    @property
    def units(self) -> int:
        """The units that every arm has done."""
        return sum(turn.units for turn in self.turns)

    @property
    def total_seconds(self) -> tuple[float, ...]:
        """The seconds of all turns of each arm, including its start-up."""
        return tuple(
            startup + sum(turn.seconds[position] for turn in self.turns)
            for position, startup in enumerate(self.startup_seconds)
        )

    @property
    def steady(self) -> tuple[Turn, ...]:
        """The turns of the steady state."""
        return tuple(turn for turn in self.turns if not turn.warm and not turn.last)


class Parted(Exception):
    """Ends a group early. ``failed`` is None if only the time was up."""

    def __init__(
        self, reason: str, failed: str | None = None, cause: Unclear = Unclear.BUDGET, crash: RunOutcome | None = None
    ) -> None:
        super().__init__(reason)
        self.reason, self.failed, self.cause, self.crash = reason, failed, cause, crash

    @property
    def out_of_memory(self) -> bool:
        """Whether the arm failed because memory ran out."""
        return self.crash is not None and ran_out_of_memory(self.crash)


class Ended(Exception):
    """Ends a group whose arms ended after different numbers of units without a fault."""

    def __init__(self, note: str, by_clock: bool) -> None:
        super().__init__(note)
        self.note, self.by_clock = note, by_clock


@dataclass
class Seat:
    """One arm of a running group, with its process and how far that is."""

    arm: Arm
    process: Process
    startup: float = 0.0
    ended: bool = False
    peak: int = 0
    device_peak: int = 0
    pid: int | None = None
    # How often the script has read the clock before its first step, and so far.
    first_reads: int | None = None
    reads: int = 0

    @property
    def reads_clock(self) -> bool:
        """Whether the script has read the clock during training."""
        return self.reads > (self.first_reads or 0)

    def pause(self) -> None:
        """Stop all threads. One that loads data ahead would slow the arm whose turn it is."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Undo `pause`."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self.pid is not None and not self.ended:
            with contextlib.suppress(OSError):
                os.killpg(self.pid, number)


@dataclass
class Table:
    """The state of a group while it runs."""

    schedule: Schedule
    clock: Callable[[], float]
    seats: list[Seat] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    setup_seconds: float = 0.0
    # The current turn: its number of units, and the arms that have yet to run it.
    wanted: int = 0
    waiting: list[Seat] = field(default_factory=list)

    @property
    def done(self) -> int:
        """The units that each arm has done."""
        return sum(turn.units for turn in self.turns)

    @property
    def ended(self) -> bool:
        """Whether every arm's script has ended."""
        return bool(self.seats) and all(seat.ended for seat in self.seats)
