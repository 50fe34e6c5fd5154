"""Runs the tool's proof (scan, observe, check, cold start) over small projects, several at a time.

`Prover` is the tests' side. Its workers are processes of their own, since each changes its working directory and
its environment; each keeps, for every environment asked for, one nursery that all of its proofs fork from. Jobs
go to them as lines of JSON and verdicts come back as such.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BUDGET_SECONDS = 300.0
#: Two cores are what the project's machines have at least.
WORKERS = max(1, min(4, (os.cpu_count() or 2)))


@dataclass(frozen=True)
class Job:
    """What to prove: the folder that holds the project, its script (or module), and the functions forced.

    ``forced`` are the qualified names of the candidates; where it is empty, the static stage proposes them. ``steps``
    bounds the calls of a script that has no end.
    """

    folder: Path
    script: str
    module: str | None = None
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    forced: tuple[str, ...] = ()
    steps: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What the proof said: per qualified name the verdict and the reasons; ``status`` where it ended early.

    ``changed_files`` are the files of the project that are others than before; ``variants`` names, for what was
    confirmed, the way to convert it that was.
    """

    verdicts: Mapping[str, str]
    reasons: Mapping[str, Sequence[str]]
    status: str
    seconds: float
    warnings: Sequence[str] = ()
    changed_files: Sequence[str] = ()
    variants: Mapping[str, str] = field(default_factory=dict)

    def reason(self, name: str) -> str:
        """All reasons for the verdict on one function, as one text."""
        return "; ".join(self.reasons.get(name, ()))


class Prover:
    """The workers, and the futures of what they were asked to prove. ``folder`` is for projects to be laid in."""

    def __init__(self, folder: Path, workers: int = WORKERS) -> None:
        self.folder = folder
        self._jobs: queue.Queue[tuple[Job, Future[Outcome]] | None] = queue.Queue()
        self._known: dict[str, Future[Outcome]] = {}
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(workers)]
        for thread in self._threads:
            thread.start()

    def prove(self, name: str, job: Job) -> Future[Outcome]:
        """The outcome of a job; a job of the same name is run once."""
        if name not in self._known:
            self._known[name] = Future()
            self._jobs.put((job, self._known[name]))
        return self._known[name]

    def close(self) -> None:
        """Let the workers end; what nobody waits for any more is dropped."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._jobs.get_nowait()
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join(60)

    def _work(self) -> None:
        process: subprocess.Popen[str] | None = None
        while (item := self._jobs.get()) is not None:
            job, future = item
            if process is None or process.poll() is not None:
                process = self._start()
            assert process.stdin is not None and process.stdout is not None
            try:
                process.stdin.write(json.dumps({**dataclasses.asdict(job), "folder": str(job.folder)}) + "\n")
                process.stdin.flush()
                answer = json.loads(process.stdout.readline() or "{}")
                if "trace" in answer or not answer:
                    raise RuntimeError(answer.get("trace", "the worker died"))
                future.set_result(Outcome(**answer))
            except Exception as error:
                future.set_exception(error)
        if process is not None:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()

    def _start(self) -> subprocess.Popen[str]:
        home = self.folder / "work"
        home.mkdir(exist_ok=True)
        return subprocess.Popen(
            [sys.executable, __file__, str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "PYTHONHASHSEED": "0"},
            start_new_session=True,
        )


# ---------------------------------------------------------------------------------------------------------------
# The worker's side


class Silence:
    """A watcher that nobody looks at."""

    def stage(self, name: str, detail: str = "") -> None: ...

    def note(self, text: str) -> None: ...

    def progress(self, text: str, spent: float, budget: float) -> None: ...

    def warn(self, text: str) -> None: ...


def prove(job: Mapping[str, Any], home: Path, nurseries: dict[Any, Any], number: int) -> dict[str, Any]:
    """One proof, in this process."""
    from hybridize.options import Mistake, Options
    from hybridize.records import Scan
    from hybridize.report.wording import words
    from hybridize.run.stages import scan as scanning
    from hybridize.run.target import find_target
    from hybridize.run.work import Stop, Work
    from hybridize.sandbox.parent.launch import base_environment
    from hybridize.sandbox.parent.nursery import Nursery

    folder = home / f"{os.getpid()}-{number}"
    shutil.copytree(job["folder"], folder / "project", ignore=shutil.ignore_patterns("__pycache__"))
    before = _content(folder / "project")
    os.chdir(folder / "project")
    options = Options(
        script=None if job["module"] else Path(job["script"]),
        train_module=job["module"],
        arguments=tuple(job["arguments"]),
        budget_seconds=BUDGET_SECONDS,
        steps=job["steps"],
    )
    with _environment(job["environment"]):
        target = find_target(options, Path.cwd())
        if isinstance(target, Mistake):
            raise ValueError(target.sentence)
        work = Work(options, Silence(), target, folder / "results")
        key = tuple(sorted(job["environment"].items()))
        if key not in nurseries:
            nurseries[key] = Nursery(base_environment(target))
        work.nursery = work.waiting_nursery = nurseries[key]
        begun = time.monotonic()
        status = ""
        try:
            scan: Scan = _force(work, scanning.run(work), set(job["forced"]))
            _prove(work, scan, set(job["forced"]))
        except Stop as stop:
            status = stop.message
        seconds = time.monotonic() - begun
    after = _content(folder / "project")
    judged = [j for j in work.judgements.values() if _is_whole(j.function)]
    outcome = Outcome(
        {j.function.qualname: j.verdict.value for j in judged},
        {j.function.qualname: words(j.reasons) for j in judged},
        status,
        seconds,
        list(work.warnings),
        sorted(name for name in {*before, *after} if before.get(name) != after.get(name)),
        {j.function.qualname: j.variant.name for j in judged if j.verdict.value == "confirmed"},
    )
    shutil.rmtree(folder, ignore_errors=True)
    return dataclasses.asdict(outcome)


def _prove(work: Any, scan: Any, forced: set[str]) -> None:
    """`pipeline.prove` without the race of variants, which measures rather than proves, and takes its time."""
    from hybridize.measure.selection import select
    from hybridize.run import belated, eagerness, remainder
    from hybridize.run.stages import check, cold_start, observe, switches

    observed = observe._blame(work, scan, observe._observe(work, scan))
    again = observe.scan_again(work, scan, observed)
    if again is not None:
        scan = _force(work, again, forced)
        observed = observe._observe(work, scan)
    observe._stop_at_failure(work, observed)
    eagerness.tell(work, observed)
    if switches.run(work, scan, observed):
        return
    check.run(work, scan, observed)
    work.add(select(list(work.judgements.values())))
    cold_start.run(work, scan)
    remainder.prove(work, scan)
    belated.prove(work, scan)


def _is_whole(function: Any) -> bool:
    """Whether a record is no step within a loop, which has one of its own with the name of the function around it."""
    return function.kind.value == "switch" or bool(function.id == f"{function.module}:{function.qualname}")


def _force(work: Any, scan: Any, names: set[str]) -> Any:
    """The scan with the functions of these qualified names proposed, whatever it says of them, and no others."""
    from hybridize.records import Action, Judgement, Reason, Verdict

    if not names:
        return scan
    functions = []
    for function in scan.functions:
        if function.qualname in names and _is_whole(function) and function.hybrid is None:
            function = dataclasses.replace(function, proposal=Action.HYBRIDIZE)
            work.add([Judgement(function, Verdict.UNOBSERVED, ())])
        elif function.proposal is Action.HYBRIDIZE:
            function = dataclasses.replace(function, proposal=Action.NONE)
            work.add([Judgement(function, Verdict.NOT_PROPOSED, (Reason("left-out", "it is left out of this test"),))])
        functions.append(function)
    return dataclasses.replace(scan, functions=tuple(functions))


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _content(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_bytes().hex()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def serve(home: Path) -> None:
    """Prove what is asked for on standard input, a job at a time, until it is closed."""
    from hybridize.sandbox.parent.launch import all_stopped

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what else prints must not be taken for an answer
    nurseries: dict[Any, Any] = {}
    with all_stopped():
        for number, line in enumerate(sys.stdin):
            try:
                answer = prove(json.loads(line), home, nurseries, number)
            except Exception:
                answer = {"trace": traceback.format_exc()}
            answers.write(json.dumps(answer) + "\n")
            answers.flush()
    for nursery in nurseries.values():
        nursery.close()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
