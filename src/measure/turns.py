"""Turns: several copies of a script are alive at once, and one at a time runs some units of work.

The speed of a machine drifts within seconds. Copies that take turns every few tenths of a second are all affected by
the same drift, so it cancels out of their ratio. In copies that run one after the other it does not.
"""

from __future__ import annotations

import contextlib
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from ..errors import one_line
from ..records import Crash, Ending, RunOutcome, Unclear
from .pauses import without_pauses
from .seats import LEAST_TURNS, Arm, Ended, Group, Parted, Process, Schedule, Seat, Table, Turn

TURN_SECONDS = 0.3
SETUP_SHARE = 0.25
# The first unit traces, and the second is the first with variables already created. Then turns get longer.
SINGLE_TURNS = 2
MOST_WARM_TURNS = 7
GROWTH = 16
# The seconds that the process of an ended arm may take to exit.
LEAVING_SECONDS = 10.0
# With different rounding, a loop that ends by a tolerance or by patience may end earlier or later by this share.
OTHER_END, LEAST_OTHER_END = 0.25, 3
# A script ends by the clock if a jump of its clock by JUMP_SECONDS ends it within the units of ENDING_SECONDS.
JUMP_SECONDS, ENDING_SECONDS, LEAST_ENDING = 30 * 86400.0, 2.0, 3
UNWINDING_SECONDS = 3.0
# An arm that is computing may take this multiple of the usual patience before it counts as hung.
BUSY_PATIENCE = 6.0


def run_group(
    arms: Sequence[Arm],
    begin: Callable[[Arm], Process],
    schedule: Schedule,
    clock: Callable[[], float] = time.monotonic,
) -> Group:
    """Start all arms, let them take turns, and end them.

    ``begin`` starts the process of an arm. If an arm crashes, hangs or ends early, the group is incomplete; nothing is
    raised. All processes are ended on return, also after an interrupt.
    """
    table = Table(schedule, clock)
    parted: Parted | None = None
    crash, note, by_clock = None, "", False
    try:
        begun = clock()
        _open(table, arms, begin)
        _warm_up(table)
        table.setup_seconds = clock() - begun
        _take_steady_turns(table)
        by_clock = schedule.probe and _goes_by_clock(table)
    except Ended as ended:
        note, by_clock = ended.note, ended.by_clock
    except Parted as caught:
        if caught.cause is Unclear.HUNG and _has_left_off(table):
            note = f"the script does other work than its steps {caught.reason.rpartition(', ')[2]}"
        else:
            parted = caught
        if parted is not None and parted.crash is not None and not parted.out_of_memory:
            alone = _is_alone(table, arms, begin, parted.failed)
            if alone:
                crash = crash_of(parted.crash)
            elif alone is None:
                parted.reason += "; there was no time to check whether the original script does so too"
                parted.cause = Unclear.BUDGET
    finally:
        _close(table)
    seats = sorted(table.seats, key=lambda seat: [arm.name for arm in arms].index(seat.arm.name))
    order = [table.seats.index(seat) for seat in seats]

    def pick(seconds: Sequence[float]) -> tuple[float, ...]:
        return tuple(seconds[position] for position in order)

    return Group(
        arms=tuple(seat.arm.name for seat in seats),
        turns=without_pauses(
            [replace(turn, seconds=pick(turn.seconds), idle=pick(turn.idle)) for turn in table.turns]
        ),
        startup_seconds=tuple(seat.startup for seat in seats),
        peak_rss_bytes=tuple(seat.peak for seat in seats),
        peak_device_bytes=tuple(seat.device_peak for seat in seats),
        whole=table.ended and parted is None and not note,
        complete=parted is None,
        reason=parted.reason if parted is not None else "",
        failed=parted.failed if parted is not None else None,
        out_of_memory=parted is not None and parted.out_of_memory,
        setup_seconds=table.setup_seconds,
        cause=parted.cause if parted is not None else None,
        crash=crash,
        note=note,
        by_clock=by_clock,
    )


def _is_alone(table: Table, arms: Sequence[Arm], begin: Callable[[Arm], Process], failed: str | None) -> bool | None:
    """Whether only the failed arm crashes and all others continue past that point. None if the time was up."""
    try:
        if len(table.seats) == 1:
            _take_seat(table, next(arm for arm in arms if arm.name != failed), begin)
        for seat in table.waiting:
            _grant(table, seat, table.wanted, warm=True)
    except Parted as parted:
        return None if parted.crash is None else False
    return True


def _has_left_off(table: Table) -> bool:
    """Whether no arm reaches a further unit in the turn in which one did not. Then the script does other work, and the
    turns before that count. If only one arm does not, it hangs."""
    if len(table.waiting) < len(table.seats) - 1 or all(turn.warm for turn in table.turns):
        return False
    for seat in table.waiting:
        try:
            _grant(table, seat, table.wanted, warm=False)
        except Parted as parted:
            if parted.cause is Unclear.HUNG:
                continue
        return False
    return True


def order_of_turn(arms: int, turn: int) -> list[int]:
    """The order of the arms in a turn: rotated every second turn, and reversed in between.

    For two arms this gives AB BA BA AB…, for three all six permutations. Every arm comes first, and follows each other
    arm, equally often, so a steady drift cancels out.
    """
    shift = (turn // 2) % arms
    order = [(position + shift) % arms for position in range(arms)]
    return order[::-1] if turn % 2 else order


def _open(table: Table, arms: Sequence[Arm], begin: Callable[[Arm], Process]) -> None:
    """Start the arms one after the other, each up to its first unit, so that they do not slow each other's start."""
    order = order_of_turn(len(arms), table.schedule.offset)
    waiting = [arms[position] for position in order]
    while waiting:
        if table.seats:
            peak = max(seat.process.peak_rss_bytes for seat in table.seats)
            # An arm that waits before its first step has not allocated all of its memory yet.
            while len(waiting) + len(table.seats) > 2:
                if table.schedule.room(int(1.5 * peak * len(waiting))):
                    break
                waiting.remove(max(waiting, key=arms.index))
            if not waiting:
                break
        _take_seat(table, waiting.pop(0), begin)
    _agree(table, [0 for _ in table.seats])


def _take_seat(table: Table, arm: Arm, begin: Callable[[Arm], Process]) -> None:
    """Start an arm, up to its first unit."""
    try:
        seat = Seat(arm, begin(arm))
    except OSError as error:
        said = f"the {arm.name} version could not be started: {error}"
        raise Parted(said, arm.name, Unclear.SCRIPT_FAILED) from None
    patience = table.schedule.deadline - table.clock()
    if table.seats:
        patience = min(patience, max(60.0, 10 * max(other.startup for other in table.seats)))
    table.seats.append(seat)
    units, seat.startup = _listen(table, seat, patience, "before its first step")
    if units:
        raise Parted(f"the {arm.name} version did not wait for its first turn", arm.name, Unclear.SCRIPT_FAILED)


def _warm_up(table: Table) -> None:
    """Take turns of one unit, then longer ones, until a turn is about as long as intended."""
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


def _take_steady_turns(table: Table) -> None:
    schedule = table.schedule
    if table.ended:
        return
    units = min(_units_of_turn(table), _share(table) or sys.maxsize)
    unit_cost = sum(_rates(table))
    # Turns are cheap compared with the setup, so they always get this share of its time.
    seconds = max(schedule.soft_deadline - table.clock(), SETUP_SHARE * table.setup_seconds)
    aim = max(LEAST_TURNS, min(schedule.turns, int(seconds / (unit_cost * units))))
    steady: list[Turn] = []
    finish_by: float | None = None
    while not table.ended:
        limit = _limit(table)
        if limit == 0:
            return
        if len(steady) >= aim:
            # Set once, so that a machine that gets slower cannot extend it.
            finish_by = table.clock() + schedule.finish_seconds if finish_by is None else finish_by
            if not _reaches_end(table, steady, finish_by) and not _wants_more(table, steady, aim):
                return
        turn = _play(table, units if limit is None else min(units, limit), warm=False)
        if not turn.last:
            steady.append(turn)


def _reaches_end(table: Table, steady: Sequence[Turn], finish_by: float) -> bool:
    """Whether the arms will be at the script's end in time, at the mean speed of the steady turns."""
    schedule = table.schedule
    if schedule.length is None or (schedule.steps is not None and schedule.length > schedule.steps):
        return False
    unit_cost = sum(sum(turn.seconds) for turn in steady) / sum(turn.units for turn in steady)
    left = (schedule.length - table.done) * unit_cost + len(table.seats) * schedule.tail_seconds
    now = table.clock()
    return now + left <= finish_by and now + left < schedule.deadline


def _wants_more(table: Table, steady: Sequence[Turn], aim: int) -> bool:
    schedule = table.schedule
    if aim < schedule.turns or table.clock() >= schedule.soft_deadline:
        return False
    return len(steady) < schedule.most_turns and not schedule.enough(steady)


def _limit(table: Table) -> int | None:
    """The number of units that an arm may still run; None without a limit."""
    steps = table.schedule.steps
    return None if steps is None else max(0, steps - table.done)


def _share(table: Table) -> int | None:
    """The largest number of units per turn that leaves enough for all wanted turns."""
    known = [total for total in (table.schedule.steps, table.schedule.length) if total is not None]
    return max(1, (min(known) - table.done) // table.schedule.turns) if known else None


def _rates(table: Table) -> list[float]:
    """The seconds per unit of each arm in its fastest turn. Slower turns may contain a trace or an evaluation."""
    turns = [turn for turn in table.turns if turn.units]
    if not turns:
        return [1e-9 for _ in table.seats]
    return [
        max(min(turn.seconds[position] / turn.units for turn in turns), 1e-9)
        for position in range(len(table.seats))
    ]


def _units_of_turn(table: Table) -> int:
    """The number of units that fill a turn of the slowest arm."""
    return max(1, round(TURN_SECONDS / max(_rates(table))))


def _play(table: Table, units: int, warm: bool) -> Turn:
    """Run one turn of every arm. Raises Parted if an arm fails or the time is up."""
    expected = [rate * units for rate in _rates(table)]
    if table.clock() + (0.0 if warm else sum(expected)) >= table.schedule.deadline:
        raise Parted("its time was up")
    results: dict[int, tuple[int, float]] = {}
    idle: dict[int, float] = {}
    order = order_of_turn(len(table.seats), table.schedule.offset + len(table.turns))
    table.wanted, table.waiting = units, [table.seats[position] for position in order]
    for position in order:
        seat = table.waiting.pop(0)
        busy = seat.process.busy_seconds
        results[position] = _grant(table, seat, units, warm, expected[position])
        # The processor time of a process that has ended is not known.
        spent = results[position][1] if seat.ended else seat.process.busy_seconds - busy
        idle[position] = max(0.0, results[position][1] - spent)
    ordered = [results[position] for position in range(len(table.seats))]
    _agree(table, [result[0] for result in ordered])
    waits = tuple(idle[position] for position in range(len(table.seats)))
    turn = Turn(ordered[0][0], tuple(result[1] for result in ordered), warm, table.ended, waits)
    table.turns.append(turn)
    return turn


def _grant(
    table: Table, seat: Seat, units: int, warm: bool, expected: float = 0.0, ahead: float = 0.0
) -> tuple[int, float]:
    """Let an arm run ``units`` units with its clock ``ahead`` seconds. Returns the units done and their seconds."""
    patience = max(120.0 if warm else 30.0, 20 * expected, 3 * table.schedule.tail_seconds)
    seat.resume()
    seat.process.send({"units": units, "ahead": ahead} if ahead else {"units": units})
    left = table.schedule.deadline - table.clock()
    return _listen(table, seat, min(patience, left), f"after {table.done} steps")


def _listen(table: Table, seat: Seat, patience: float, when: str) -> tuple[int, float]:
    """Wait for an arm's next boundary or the script's end. Returns the units done and their seconds."""
    name, began, busy = seat.arm.name, table.clock(), seat.process.busy_seconds
    until, longest = (began + times * max(patience, 0.0) for times in (1.0, BUSY_PATIENCE))
    while True:
        # Checked for each event, so that a child that sends events without end still times out.
        left = until - table.clock()
        try:
            if left < 0:
                raise TimeoutError
            event = seat.process.receive(left)
        except TimeoutError:
            waited = table.clock() - began
            if table.clock() >= table.schedule.deadline:
                raise Parted(f"the time was up while the {name} version worked, {when}") from None
            # A process that computes, or waits for a processor, may be in an evaluation between two steps: no hang yet.
            if until < longest and seat.process.busy_seconds - busy >= waited / 2:
                until = min(longest, table.schedule.deadline)
                continue
            said = f"the {name} version reached no further step within {waited:.0f} s, {when}"
            raise Parted(said, name, Unclear.HUNG) from None
        kind = None if event is None else event.get("event")
        if event is None or kind == "end":
            outcome = seat.process.wait(LEAVING_SECONDS)
            whole = outcome.ending in (Ending.FINISHED, Ending.EXITED) and not outcome.code
            # A script that ended because a connection was refused counts as ended, not as failed.
            whole = whole or bool(outcome.contacts.stopped)
            if event is None or not whole:
                raise Parted(f"the {name} version {_describe(outcome)}, {when}", name, Unclear.SCRIPT_FAILED, outcome)
        if event is not None and kind == "started":
            seat.pid = event.get("pid")
        if event is not None and kind in ("boundary", "end"):
            seat.ended = kind == "end"
            seat.device_peak = max(seat.device_peak, int(event.get("device_bytes", 0)))
            seat.reads = int(event.get("clock_reads", seat.reads))
            seat.first_reads = seat.reads if seat.first_reads is None else seat.first_reads
            seat.pause()
            return int(event["units"]), float(event["seconds"])


def _describe(outcome: RunOutcome) -> str:
    if outcome.ending is Ending.RAISED:
        place = f" at {outcome.error_place}" if outcome.error_place else ""
        return f"raised {one_line(outcome.error_type, outcome.error)}{place}"
    if outcome.ending is Ending.KILLED:
        return f"was killed by signal {-(outcome.code or 0)}"
    if outcome.ending in (Ending.FINISHED, Ending.EXITED):
        return f"exited with status {outcome.code}"
    return f"was {outcome.ending.value}"


def crash_of(outcome: RunOutcome, timed: bool = True) -> Crash:
    """The failure of the edited script that ended a run."""
    return Crash(_describe(replace(outcome, error_place=None)), _places(outcome), timed)


def _places(outcome: RunOutcome) -> tuple[str, ...]:
    """The places (``file:line``) that an error names: where it was raised, then from the innermost frame outwards."""
    frames = re.findall(r'File "([^"]+)", line (\d+)', outcome.error or "")
    places = [outcome.error_place or "", *(f"{file}:{line}" for file, line in reversed(frames))]
    return tuple(dict.fromkeys(place for place in places if place))


def _agree(table: Table, units: Sequence[int]) -> None:
    """Raise Parted if the arms did not run the same units, or only some have ended.

    Raises Ended if the difference is no fault: if the script ends by the clock, or a few units earlier or later by
    rounding.
    """
    if len(set(units)) == 1 and len({seat.ended for seat in table.seats}) == 1:
        return
    reference = next((at for at, seat in enumerate(table.seats) if seat.arm.name == "eager"), 0)
    states = [(count, seat.ended) for count, seat in zip(units, table.seats, strict=True)]
    other = next(at for at, state in enumerate(states) if state != states[reference])
    totals = [table.done + count for count in units]
    if any(seat.ended for seat in table.seats):
        slack = max(LEAST_OTHER_END, int(OTHER_END * max(totals)))
        # Let the other arms run up to the latest end that still counts as about the same.
        for at, seat in enumerate(table.seats):
            most = min(total for total, one in zip(totals, table.seats, strict=True) if one.ended) + slack
            if not seat.ended and totals[at] < most:
                totals[at] += _grant(table, seat, most - totals[at], warm=True)[0]
        going = [at for at, seat in enumerate(table.seats) if not seat.ended]
        runs_out = all(_runs_out(table, at) is not None for at in going)
        ends = [total for at, total in enumerate(totals) if at not in going]
        if runs_out and (going or max(ends) - min(ends) <= slack):
            said = ", ".join(
                f"{seat.arm.name} {'after' if at not in going else 'not by'} {totals[at]}"
                for at, seat in enumerate(table.seats)
            )
            if going:
                raise Ended(f"the script ends after a fixed time, not after a number of steps ({said})", by_clock=True)
            why = "the end of its training depends on rounding: each run ends after a different number of steps"
            raise Ended(f"{why} ({said})", by_clock=False)
    said = ", ".join(
        f"{seat.arm.name} {'ended' if seat.ended else 'went on'} after {total}"
        for seat, total in zip(table.seats, totals, strict=True)
    )
    reason = f"the two versions did not run the same steps: {said}"
    raise Parted(reason, table.seats[other].arm.name, Unclear.OTHER_UNITS)


def _runs_out(table: Table, position: int) -> int | None:
    """The number of units after which an arm that reads the clock ends when the clock jumps ahead; None if it
    continues."""
    seat = table.seats[position]
    units = max(LEAST_ENDING, int(ENDING_SECONDS / _rates(table)[position]))
    if not seat.reads_clock:
        return None
    try:
        done, _ = _grant(table, seat, units, warm=False, expected=ENDING_SECONDS, ahead=JUMP_SECONDS)
    except Parted:
        # A failure caused by the jump would not happen to a user.
        return None
    return done if seat.ended else None


def _goes_by_clock(table: Table) -> bool:
    """Whether an arm ends when its clock jumps ahead, while another arm without the jump continues."""
    if table.ended or len(table.seats) < 2:
        return False
    done = _runs_out(table, -1)
    if done is None:
        return False
    try:
        _grant(table, table.seats[0], done + 1, warm=False, expected=ENDING_SECONDS)
    except Parted:
        # The measurement is complete, so a failure here does not matter.
        return False
    return not table.seats[0].ended


def _close(table: Table) -> None:
    for seat in table.seats:
        seat.resume()
        seat.process.send({"stop": True})
    for seat in table.seats:
        with contextlib.suppress(OSError):
            seat.peak = seat.process.peak_rss_bytes
            seat.peak = max(seat.peak, seat.process.stop(UNWINDING_SECONDS).peak_rss_bytes)
