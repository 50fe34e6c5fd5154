"""Who takes turns: the arms, their seats at the table, and what their turns were."""

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
    """A child process as turn-taking sees it (``sandbox.parent.launch.Child``)."""

    def receive(self, timeout: float) -> dict[str, Any] | None:
        """The next event; None once there will be no more. Raises TimeoutError."""

    def send(self, message: dict[str, Any]) -> None:
        """Send a message; a child that is gone is no error."""

    def stop(self, grace: float = 5.0) -> RunOutcome:
        """Unwind the script, or end it by force after ``grace`` seconds."""

    def wait(self, timeout: float) -> RunOutcome:
        """Wait for the end, by force after ``timeout`` seconds."""

    @property
    def peak_rss_bytes(self) -> int:
        """The peak resident memory so far, in bytes."""

    @property
    def busy_seconds(self) -> float:
        """The seconds it has computed so far, or waited for a processor."""


@dataclass(frozen=True)
class Arm:
    """One copy of the script: its name, the job of its child process, and the files it runs edited."""

    name: str
    job: dict[str, Any]
    files: Sequence[EditedFile] = ()


@dataclass(frozen=True)
class Turn:
    """The same units done by every arm, and the seconds of each, in the order of the group's arms.

    ``warm`` turns contain traces and the search for the turns' length; in the ``last`` one the script ran to
    its own end, so that it holds whatever follows the training. Neither belongs to the steady state.
    """

    units: int
    seconds: tuple[float, ...]
    warm: bool = False
    last: bool = False


@dataclass(frozen=True)
class Schedule:
    """What a group is to do. Times are those of the group's clock.

    ``turns`` steady turns are aimed at; fewer (down to LEAST_TURNS) where they would not be done at
    ``soft_deadline``, or by a quarter of the time that starting took; none begins that would not be done at
    ``deadline``. More, up to ``most_turns``, follow until ``enough`` is content. ``steps`` is the most units
    that an arm may do, ``length`` the units of the whole script, where known: then the group goes on to the
    script's end if that takes less than ``finish_seconds`` more. ``offset`` rotates the order of the arms.
    ``tail_seconds`` is what the slowest arm may take after its last unit.
    ``room`` says whether the machine has so many bytes of memory to spare; where it has not, the last arms
    are left out, down to two. ``probe`` asks whether the script ends by the clock, where it reads one.
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
    """What a group of arms did. Sequences are in the order of ``arms``.

    ``complete`` is true when all was done that was to be done; otherwise ``reason`` and ``cause`` say why not, and
    ``failed`` names the arm that crashed, hung or went another way (None where only the time was over); ``crash`` is
    there where it crashed and the others did not. ``whole``: the script ran to its own end in every arm, after the
    same number of units; where they ended after other numbers, ``note`` says so. ``by_clock``: the script trains until
    its clock says that it is enough.
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
        """All the time of each arm's own turns, start-up included."""
        return tuple(
            startup + sum(turn.seconds[position] for turn in self.turns)
            for position, startup in enumerate(self.startup_seconds)
        )

    @property
    def steady(self) -> tuple[Turn, ...]:
        """The turns of the steady state."""
        return tuple(turn for turn in self.turns if not turn.warm and not turn.last)


class Parted(Exception):
    """Ends a group early. ``failed`` is None where the time was over and nothing else was wrong."""

    def __init__(
        self, reason: str, failed: str | None = None, cause: Unclear = Unclear.BUDGET, crash: RunOutcome | None = None
    ) -> None:
        super().__init__(reason)
        self.reason, self.failed, self.cause, self.crash = reason, failed, cause, crash

    @property
    def out_of_memory(self) -> bool:
        """Whether the machine had not enough memory for the arm."""
        return self.crash is not None and ran_out_of_memory(self.crash)


class Ended(Exception):
    """Ends a group in which the arms have come to their own ends after other numbers of units, and none is to blame."""

    def __init__(self, note: str, by_clock: bool) -> None:
        super().__init__(note)
        self.note, self.by_clock = note, by_clock


@dataclass
class Seat:
    """One arm at the table: its process, and what is known of that by now."""

    arm: Arm
    process: Process
    startup: float = 0.0
    ended: bool = False
    peak: int = 0
    device_peak: int = 0
    pid: int | None = None
    # How often its script had read the clock before its first step, and up to now.
    first_reads: int | None = None
    reads: int = 0

    @property
    def reads_clock(self) -> bool:
        """Whether the script has read the clock while it trained."""
        return self.reads > (self.first_reads or 0)

    def pause(self) -> None:
        """Freeze all threads: one that loads data ahead would slow the arm whose turn it is."""
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
    # Of the turn that is being played: the units wanted, and who has still to play.
    wanted: int = 0
    waiting: list[Seat] = field(default_factory=list)

    @property
    def done(self) -> int:
        """The units that each arm has done."""
        return sum(turn.units for turn in self.turns)

    @property
    def ended(self) -> bool:
        """Whether every arm's script has come to its end."""
        return bool(self.seats) and all(seat.ended for seat in self.seats)
