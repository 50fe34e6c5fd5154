"""Profiles the original and the edited script by sampling, in separate runs.

No number of the benchmark comes from here, and no timed run is sampled.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ..records import (
    EditedFile,
    FunctionKind,
    HostCost,
    Judgement,
    Profile,
    RunOutcome,
    Share,
    Target,
    Verdict,
)
from ..rewrite.lines import hook_in
from . import hosts, samples, spy

#: Samples per second, and the sampled seconds of training.
RATE = 50
RECORD_SECONDS = 6.0
#: Candidates with a smaller share of the observed time are left out, and at most this many are followed.
LEAST_SHARE = 0.01
MOST_CANDIDATES = 50
#: The seconds that a run needs in addition to the script's start-up. With less left of the budget, there is no run.
LEAST_SECONDS = 4.0
#: The longest that a run waits for training to begin.
START_SECONDS = 60.0
#: With at least this many calls, a unit is sampled from its third call on; otherwise these seconds after its first
#: call began.
_MANY_CALLS = 6
_SOON_SECONDS = 2.0
#: The largest share of failed samples with which shares are reported. Samples do not fail at random, so many failures
#: bias the shares.
MOST_FAILED = 0.05
_WAIT = 0.1


class Process(Protocol):
    """The part of a child process that is used here (``sandbox.parent.launch.Child``)."""

    role_errors: list[str]

    @property
    def scratch(self) -> Any:
        """The scratch copy that it runs in, which translates its paths to the user's."""

    def receive(self, timeout: float) -> dict[str, Any] | None:
        """The next event; None after the last one. Raises TimeoutError."""

    def send(self, message: dict[str, Any]) -> None:
        """Send a message. Does nothing if the child has ended."""

    def close(self) -> RunOutcome:
        """End it at once."""


@dataclass(frozen=True)
class Recording:
    """The result of one run: its tally, its files and its costs by line, or the ``reason`` why there is none."""

    tally: samples.Tally | None = None
    files: tuple[str, ...] = ()
    reason: str = ""
    costs: tuple[HostCost, ...] = ()


def run_profile(
    target: Target,
    judgements: Sequence[Judgement],
    files: Sequence[EditedFile],
    folder: Path,
    *,
    deadline: float,
    startup_seconds: float = 0.0,
    after: float | None = None,
    watch: Callable[[str], None] = lambda text: None,
    start: Callable[..., Process],
    program: str | None = None,
) -> Profile:
    """Sample the original script and, if there are ``files``, the edited one. Both profiles are left in ``folder``.

    The candidates worth following are chosen from ``judgements``. Everything ends by ``deadline`` (of
    ``time.monotonic``). ``startup_seconds`` is the known time until the script trains. Without a candidate worth
    following, the script is sampled ``after`` these seconds (None: not at all). ``start`` starts a child as
    `launch.start` does, and ``program`` is the py-spy to use. If py-spy, the permission to trace, or time is missing,
    or anything fails, the profile's ``reason`` says so.
    """
    followed = worth_following(judgements)
    if not followed and after is None:
        return Profile(reason=f"no candidate took {LEAST_SHARE:.0%} of the time")
    program = program or spy.find()
    if program is None:
        return Profile(reason="py-spy was not found next to Python or on PATH")
    forbidden = spy.forbidden()
    if forbidden is not None:
        return Profile(reason=forbidden)
    unit = _unit(followed) if followed else None
    if unit is not None:
        after = None
    recordings: dict[str, Recording] = {}
    for name, edited in (("eager", ()), ("edited", files)):
        if name == "edited" and (not files or recordings["eager"].tally is None):
            continue
        left = deadline - time.monotonic()
        # Half of the time is kept for the edited run. Without time for both there is no profile.
        parts = 2 if files and name == "eager" else 1
        if left < parts * (startup_seconds + (after or 0.0) + LEAST_SECONDS):
            recordings[name] = Recording(reason="too little of the budget was left for it")
            break
        run = _Run(name, target.root, folder, program, time.monotonic() + left / parts, watch)
        try:
            recordings[name] = run.record(
                start(target, _job(followed, unit, edited), edited, folder, f"profile-{name}"),
                unit is not None and _patient(unit),
                after,
            )
        except (OSError, ValueError) as error:
            recordings[name] = Recording(reason=f"it could not be made: {error}")
    return compose([j.function.id for j in followed], recordings)


def worth_following(judgements: Sequence[Judgement]) -> list[Judgement]:
    """The candidates to profile: the confirmed ones and those that took time, the hottest first."""
    called = [
        judgement
        for judgement in judgements
        if judgement.observation.calls
        and judgement.function.kind is not FunctionKind.SWITCH
        and (judgement.verdict is Verdict.CONFIRMED or judgement.observation.share >= LEAST_SHARE)
        and (judgement.function.hybrid is None or judgement.function.is_decorated)
    ]
    return sorted(called, key=lambda j: j.observation.seconds, reverse=True)[:MOST_CANDIDATES]


def compose(candidates: Sequence[str], recordings: Mapping[str, Recording]) -> Profile:
    """Combine the recordings "eager" and "edited" (if made) into the profile of the candidates."""
    before, after = recordings.get("eager", Recording()), recordings.get("edited", Recording())
    reasons = [
        f"{label}: {recording.reason}"
        for label, recording in (("before", before), ("after", after))
        if recording.reason
    ]
    shares = []
    for candidate in candidates if before.tally is not None or after.tally is not None else ():
        was, was_error = samples.share(before.tally, candidate) if before.tally is not None else (None, None)
        now, now_error = samples.share(after.tally, candidate) if after.tally is not None else (None, None)
        highest = None
        if was is not None and before.tally is not None:
            highest = samples.bound(samples.upper_end(was, before.tally.moments))
        shares.append(Share(candidate, was, was_error, now, now_error, highest))
    shares.sort(key=lambda share: share.before or 0.0, reverse=True)
    return Profile(
        shares=tuple(shares),
        samples_before=before.tally.moments if before.tally is not None else None,
        samples_after=after.tally.moments if after.tally is not None else None,
        rate=RATE,
        files=(*before.files, *after.files),
        reason="; ".join(reasons) if shares else before.reason or after.reason,
        host_costs=before.costs,
    )


class _Run:
    """One arm: waits until its child trains, then samples it with py-spy."""

    def __init__(
        self, name: str, root: str, folder: Path, program: str, end: float, watch: Callable[[str], None]
    ) -> None:
        self.name, self.root, self.folder, self.program, self.end, self.watch = name, root, folder, program, end, watch

    def record(self, child: Process, patient: bool, after: float | None) -> Recording:
        """Follow the child until there are enough samples. The child is ended in any case."""
        try:
            pid = self._wait_for_training(child, patient, after)
            if isinstance(pid, str):
                return Recording(reason=pid)
            return self._sample(child, pid)
        finally:
            child.close()

    def _wait_for_training(self, child: Process, patient: bool, after: float | None) -> int | str:
        """The process id once it trains, or after ``after`` seconds if no call shows that. Else why it does not train.
        """
        begun = time.monotonic()
        end = min(begun + START_SECONDS, self.end - LEAST_SECONDS / 2)
        called: float | None = None
        started: float | None = None
        pid = 0
        while True:
            now = time.monotonic()
            if after is not None and started is not None and now >= started + after:
                return pid
            if called is not None and not patient and now >= called + _SOON_SECONDS:
                return pid
            if now >= end:
                return pid if called is not None and not patient else "training had not begun in time"
            self.watch(f"{self._words}: starting up")
            try:
                event = child.receive(min(_WAIT, end - now))
            except TimeoutError:
                continue
            if event is None:
                return child.role_errors[-1].splitlines()[-1] if child.role_errors else "the script ended before"
            if event["event"] == "started":
                pid, started = event["pid"], time.monotonic()
            elif event["event"] == "called":
                called = time.monotonic()
            elif event["event"] == "training":
                return pid
            elif event["event"] == "ended":
                return "the script ended before there was anything to sample"

    def _sample(self, child: Process, pid: int) -> Recording:
        seconds = min(RECORD_SECONDS, self.end - time.monotonic() - 1.0)
        file = self.folder / f"profile-{self.name}.speedscope.json"
        watcher = spy.Spy(self.program, pid, RATE, seconds, file)
        try:
            if not watcher.wait_until_sampling(min(spy.ATTACH_SECONDS, max(1.0, self.end - time.monotonic()))):
                return Recording(reason=watcher.refusal())
            child.send({"go": True})
            begun = time.monotonic()
            while watcher.running and (spent := time.monotonic() - begun) < seconds + 1.0:
                self.watch(f"{self._words}: {spent:.0f} of {seconds:.0f} s")
                if self._has_ended(child):
                    break
            watcher.finish()
            if not file.exists():
                return Recording(reason="py-spy left no profile")
            return self._read(child, file, watcher.failed_looks)
        finally:
            watcher.close()

    @property
    def _words(self) -> str:
        return "sampling the " + ("original" if self.name == "eager" else "edited") + " script"

    def _has_ended(self, child: Process) -> bool:
        try:
            event = child.receive(_WAIT)
        except TimeoutError:
            return False
        return event is None or event["event"] == "ended"

    def _read(self, child: Process, file: Path, failed: int) -> Recording:
        text = child.scratch.original(file.read_text(encoding="utf-8", errors="replace"))
        try:
            threads = samples.parse(text)
        except ValueError:
            file.unlink()
            return Recording(reason="py-spy left a file that can't be read")
        file.write_text(text, encoding="utf-8")
        raw = file.with_name(f"profile-{self.name}.raw.txt")
        raw.write_text(samples.collapse(threads), encoding="utf-8")
        files, tallied, costs = (file.name, raw.name), samples.tally(threads), hosts.find(threads, self.root)
        if failed > MOST_FAILED * (tallied.moments + failed):
            return Recording(None, files, f"py-spy could not read {failed} of {tallied.moments + failed} samples")
        if tallied.moments < samples.LEAST_MOMENTS:
            reason = f"{tallied.moments} samples are too few for a share; the script trained too briefly"
            return Recording(tallied, files, reason)
        return Recording(tallied, files, costs=costs)


def _unit(followed: Sequence[Judgement]) -> Judgement:
    """The candidate whose calls show that training has begun, preferably of the plan and called often."""
    return max(followed, key=lambda j: (j.selected, _patient(j), j.observation.seconds))


def _patient(unit: Judgement) -> bool:
    return unit.observation.calls >= _MANY_CALLS


def _job(followed: Sequence[Judgement], unit: Judgement | None, files: Sequence[EditedFile]) -> dict[str, Any]:
    functions = [judgement.function for judgement in followed]
    edited = {candidate for each in files for candidate in each.def_lines}
    return {
        "role": "profile",
        "hooks": [hook_in(files, f.id, f.file, f.line, f.region) for f in functions],
        # A decorated function is hooked outside of its decorator, so that each call is seen.
        "edited": [f.id for f in functions if f.id in edited or f.is_decorated],
        # Without a unit no call shows that training has begun, and none waits for the sampler.
        "unit_id": unit.function.id if unit is not None else "",
        "opening_calls": 2 if unit is not None and _patient(unit) else 1,
    }
