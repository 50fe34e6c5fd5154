"""Turn-taking: several copies of a script, all alive, of which one at a time does some units of work.

A machine's speed drifts within seconds. Copies that take turns every few tenths of a second meet the same
drift, so it drops out of their ratio; copies that run one after the other don't, and it doesn't.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..errors import one_line, ran_out_of_memory
from ..records import EditedFile, Ending, RunOutcome

TURN_SECONDS = 0.3
TURNS = 20
LEAST_TURNS = 5
SETUP_SHARE = 0.25
# The first unit traces, the second meets what the first one created; then longer turns are tried.
SINGLE_TURNS = 2
MOST_WARM_TURNS = 7
GROWTH = 16
# What an arm that has ended may take to leave, and what a stopped one may take to unwind.
LEAVING_SECONDS = 10.0
UNWINDING_SECONDS = 3.0


class Process(Protocol):
    """A child process as turn-taking sees it (``sandbox.launch.Child``)."""

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
    ``room`` says whether the machine has so many bytes of memory to spare; where it has not, the last arms
    are left out, down to two.
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


@dataclass(frozen=True)
class Group:
    """What a group of arms did. Sequences are in the order of ``arms``.

    ``complete`` is true when all was done that was to be done; otherwise ``reason`` says why not, and
    ``failed`` names the arm that crashed, hung or went another way (None where only the time was over).
    ``whole``: the script ran to its own end in every arm, after the same number of units.
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


class _Parted(Exception):
    """Ends a group early. ``failed`` is None where the time was over and nothing else was wrong."""

    def __init__(self, reason: str, failed: str | None = None, out_of_memory: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.failed, self.out_of_memory = reason, failed, out_of_memory


@dataclass
class _Seat:
    arm: Arm
    process: Process
    startup: float = 0.0
    ended: bool = False
    peak: int = 0
    device_peak: int = 0
    pid: int | None = None

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
class _Table:
    """The state of a group while it runs."""

    schedule: Schedule
    clock: Callable[[], float]
    seats: list[_Seat] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    setup_seconds: float = 0.0

    @property
    def done(self) -> int:
        return sum(turn.units for turn in self.turns)

    @property
    def ended(self) -> bool:
        return bool(self.seats) and all(seat.ended for seat in self.seats)


def run_group(
    arms: Sequence[Arm],
    begin: Callable[[Arm], Process],
    schedule: Schedule,
    clock: Callable[[], float] = time.monotonic,
) -> Group:
    """Start all arms, let them take turns, and end them.

    ``begin`` starts the process of an arm. An arm that crashes, hangs or ends early makes the group
    incomplete; it raises nothing. Every process is ended on return, also when interrupted.
    """
    table = _Table(schedule, clock)
    reason, failed, out_of_memory = "", None, False
    try:
        begun = clock()
        _open(table, arms, begin)
        _warm_up(table)
        table.setup_seconds = clock() - begun
        _take_steady_turns(table)
    except _Parted as parted:
        reason, failed, out_of_memory = parted.reason, parted.failed, parted.out_of_memory
    finally:
        _close(table)
    seats = sorted(table.seats, key=lambda seat: [arm.name for arm in arms].index(seat.arm.name))
    order = [table.seats.index(seat) for seat in seats]
    return Group(
        arms=tuple(seat.arm.name for seat in seats),
        turns=tuple(
            Turn(turn.units, tuple(turn.seconds[position] for position in order), turn.warm, turn.last)
            for turn in table.turns
        ),
        startup_seconds=tuple(seat.startup for seat in seats),
        peak_rss_bytes=tuple(seat.peak for seat in seats),
        peak_device_bytes=tuple(seat.device_peak for seat in seats),
        whole=table.ended and not reason,
        complete=not reason,
        reason=reason,
        failed=failed,
        out_of_memory=out_of_memory,
        setup_seconds=table.setup_seconds,
    )


def order_of_turn(arms: int, turn: int) -> list[int]:
    """The order of the arms in a turn: rotated every second turn, reversed in between.

    For two arms AB BA BA AB…, for three all six permutations: every arm comes first, and after every
    other one, equally often, so that a drift that is steady over a turn drops out.
    """
    shift = (turn // 2) % arms
    order = [(position + shift) % arms for position in range(arms)]
    return order[::-1] if turn % 2 else order


def _open(table: _Table, arms: Sequence[Arm], begin: Callable[[Arm], Process]) -> None:
    """Start the arms one after the other, each up to its first unit, so that none slows another's start."""
    order = order_of_turn(len(arms), table.schedule.offset)
    waiting = [arms[position] for position in order]
    while waiting:
        if table.seats:
            peak = max(seat.process.peak_rss_bytes for seat in table.seats)
            # An arm that waits before its first unit has not allocated all that it will.
            while len(waiting) + len(table.seats) > 2:
                if table.schedule.room(int(1.5 * peak * len(waiting))):
                    break
                waiting.remove(max(waiting, key=arms.index))
            if not waiting:
                break
        arm = waiting.pop(0)
        try:
            seat = _Seat(arm, begin(arm))
        except OSError as error:
            raise _Parted(f"the {arm.name} arm could not be started: {error}", arm.name) from None
        patience = table.schedule.deadline - table.clock()
        if table.seats:
            patience = min(patience, max(60.0, 10 * max(other.startup for other in table.seats)))
        table.seats.append(seat)
        units, seat.startup = _listen(table, seat, patience, "before its first unit")
        if units:
            raise _Parted(f"the {arm.name} arm did not wait for its first turn", arm.name)
    _agree(table, [0 for _ in table.seats])


def _warm_up(table: _Table) -> None:
    """Take turns of one unit, then longer ones, until one was about as long as a turn should be."""
    units = 1
    for number in range(1, MOST_WARM_TURNS + 1):
        if table.ended or _limit(table) == 0:
            return
        _play(table, min(units, _limit(table) or units), warm=True)
        most = min(_units_of_turn(table), _share(table) or sys.maxsize)
        if number > SINGLE_TURNS and most <= 2 * units:
            return
        if number >= SINGLE_TURNS:
            units = min(most, GROWTH * units)


def _take_steady_turns(table: _Table) -> None:
    schedule = table.schedule
    if table.ended:
        return
    units = min(_units_of_turn(table), _share(table) or sys.maxsize)
    unit_cost = sum(_rates(table))
    # Turns are cheap beside what it took to come here: that share of it they get in any case.
    seconds = max(schedule.soft_deadline - table.clock(), SETUP_SHARE * table.setup_seconds)
    aim = max(LEAST_TURNS, min(schedule.turns, int(seconds / (unit_cost * units))))
    steady: list[Turn] = []
    while not table.ended:
        limit = _limit(table)
        if limit == 0 or (len(steady) >= aim and not _wants_more(table, steady, aim, unit_cost)):
            return
        turn = _play(table, units if limit is None else min(units, limit), warm=False)
        if not turn.last:
            steady.append(turn)


def _wants_more(table: _Table, steady: Sequence[Turn], aim: int, unit_cost: float) -> bool:
    schedule = table.schedule
    if schedule.length is not None and (schedule.steps is None or schedule.length <= schedule.steps):
        left = (schedule.length - table.done) * unit_cost
        if left <= schedule.finish_seconds and table.clock() + left < schedule.deadline:
            return True
    if aim < schedule.turns or table.clock() >= schedule.soft_deadline:
        return False
    return len(steady) < schedule.most_turns and not schedule.enough(steady)


def _limit(table: _Table) -> int | None:
    """The units that an arm may still do; None where there is no limit."""
    steps = table.schedule.steps
    return None if steps is None else max(0, steps - table.done)


def _share(table: _Table) -> int | None:
    """The most units of one turn, such that what is left gives all the turns that are wanted."""
    known = [total for total in (table.schedule.steps, table.schedule.length) if total is not None]
    return max(1, (min(known) - table.done) // table.schedule.turns) if known else None


def _rates(table: _Table) -> list[float]:
    """Seconds per unit of each arm: the least of its turns, for slow ones held a trace or an evaluation."""
    turns = [turn for turn in table.turns if turn.units]
    if not turns:
        return [1e-9 for _ in table.seats]
    return [
        max(min(turn.seconds[position] / turn.units for turn in turns), 1e-9)
        for position in range(len(table.seats))
    ]


def _units_of_turn(table: _Table) -> int:
    """The units in which the slowest arm fills a turn."""
    return max(1, round(TURN_SECONDS / max(_rates(table))))


def _play(table: _Table, units: int, warm: bool) -> Turn:
    """One turn of every arm. Raises _Parted when an arm fails or the time is over."""
    expected = [rate * units for rate in _rates(table)]
    if table.clock() + (0.0 if warm else sum(expected)) >= table.schedule.deadline:
        raise _Parted("the time for it was over")
    results: dict[int, tuple[int, float]] = {}
    for position in order_of_turn(len(table.seats), table.schedule.offset + len(table.turns)):
        seat = table.seats[position]
        patience = max(120.0 if warm else 30.0, 20 * expected[position])
        seat.resume()
        seat.process.send({"units": units})
        left = table.schedule.deadline - table.clock()
        results[position] = _listen(table, seat, min(patience, left), f"after {table.done} units")
    ordered = [results[position] for position in range(len(table.seats))]
    _agree(table, [result[0] for result in ordered])
    turn = Turn(ordered[0][0], tuple(result[1] for result in ordered), warm, table.ended)
    table.turns.append(turn)
    return turn


def _listen(table: _Table, seat: _Seat, patience: float, when: str) -> tuple[int, float]:
    """Wait for an arm's next boundary or the script's end: the units done and their seconds."""
    name = seat.arm.name
    until = table.clock() + max(patience, 0.0)
    while True:
        # Asked anew for each event: a child that talks without end must not keep us from seeing the time.
        left = until - table.clock()
        try:
            if left < 0:
                raise TimeoutError
            event = seat.process.receive(left)
        except TimeoutError:
            if table.clock() >= table.schedule.deadline:
                raise _Parted(f"the time was over while the {name} arm worked, {when}") from None
            said = f"the {name} arm reached no further unit within {patience:.0f} s, {when}"
            raise _Parted(said, name) from None
        kind = None if event is None else event.get("event")
        if event is None or kind == "end":
            outcome = seat.process.wait(LEAVING_SECONDS)
            if event is None or outcome.ending not in (Ending.FINISHED, Ending.EXITED):
                out_of_memory = ran_out_of_memory(outcome)
                raise _Parted(f"the {name} arm {_describe(outcome)}, {when}", name, out_of_memory)
        if event is not None and kind == "started":
            seat.pid = event.get("pid")
        if event is not None and kind in ("boundary", "end"):
            seat.ended = kind == "end"
            seat.device_peak = max(seat.device_peak, int(event.get("device_bytes", 0)))
            seat.pause()
            return int(event["units"]), float(event["seconds"])


def _describe(outcome: RunOutcome) -> str:
    if outcome.ending is Ending.RAISED:
        place = f" at {outcome.error_place}" if outcome.error_place else ""
        return f"raised {one_line(outcome.error_type, outcome.error)}{place}"
    if outcome.ending is Ending.KILLED:
        return f"was killed by signal {-(outcome.code or 0)}"
    if outcome.ending in (Ending.FINISHED, Ending.EXITED):
        return f"left with status {outcome.code}"
    return f"was {outcome.ending.value}"


def _agree(table: _Table, units: Sequence[int]) -> None:
    """Raises _Parted where the arms have not done the same units, or only some have ended."""
    if len(set(units)) == 1 and len({seat.ended for seat in table.seats}) == 1:
        return
    reference = next((at for at, seat in enumerate(table.seats) if seat.arm.name == "eager"), 0)
    states = [(count, seat.ended) for count, seat in zip(units, table.seats, strict=True)]
    other = next(at for at, state in enumerate(states) if state != states[reference])
    said = [
        f"{seat.arm.name} {'ended' if seat.ended else 'went on'} after {table.done + count}"
        for count, seat in zip(units, table.seats, strict=True)
    ]
    reason = f"the arms did not do the same units: {', '.join(said)}"
    raise _Parted(reason, table.seats[other].arm.name)


def _close(table: _Table) -> None:
    for seat in table.seats:
        seat.resume()
        seat.process.send({"stop": True})
    for seat in table.seats:
        with contextlib.suppress(OSError):
            seat.peak = seat.process.peak_rss_bytes
            seat.peak = max(seat.peak, seat.process.stop(UNWINDING_SECONDS).peak_rss_bytes)
