"""The truths that the programs of ``tests/programs`` claim, verified by running them.

Each program says in its header which of its functions may carry a bare ``@tf.function``. Here it is run as it
stands and, for each function named, with the decorator put innermost on that function, from the start of a fresh
process, so that the first call is traced too. What is compared is what a user would notice: the exit status, the
printed lines (numbers within a tolerance) and the files left behind.

The words of the header are the contract:

``safe``
    the decorated program does the same, and traces the function a few times at most.
``unsafe``
    the decorated program ends otherwise, prints something else or leaves other files. For the hazards that are
    called ``retrace-…`` it does the same, but traces the function at (nearly) every call.
``slow``
    the decorated program does the same, but traces the function at (nearly) every call.

Run as a script this file is the forge: one process that imports TensorFlow once and forks a child for each run,
which is safe because it never runs an op itself. Jobs come in and results go out as lines of JSON.
"""

from __future__ import annotations

import ast
import gc
import json
import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

PROGRAMS = Path(__file__).parent / "programs"
WORKERS = 2
CHILD_SECONDS = 60.0
TOLERANCE = 1e-4
FEW_TRACES = 4
ENOUGH_CALLS = 12

DECIMAL = re.compile(r"\d+\.\d+")
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")


# ---------------------------------------------------------------------------------------------------------------
# What a program says of itself


@dataclass(frozen=True)
class Truth:
    """One claim: ``word`` is safe, unsafe or slow; ``qualname`` is Python's; ``hazard`` is empty for safe ones."""

    word: str
    qualname: str
    hazard: str


@dataclass(frozen=True)
class Program:
    """A program with the header that stands directly below its docstring."""

    path: Path
    source: str
    truths: tuple[Truth, ...]
    environment: Mapping[str, str]
    arguments: tuple[str, ...]


def read_program(path: Path) -> Program:
    """Parses the header; raises ValueError where a line of it is no known kind."""
    source = path.read_text()
    docstring = ast.parse(source).body[0]
    truths: list[Truth] = []
    environment: dict[str, str] = {}
    arguments: list[str] = []
    for line in source.splitlines()[docstring.end_lineno or 0 :]:
        if not line.startswith("# "):
            break
        kind, _, text = line[2:].partition(": ")
        if kind == "truth":
            word, qualname, *hazard = text.split()
            truths.append(Truth(word, qualname, " ".join(hazard)))
        elif kind == "env":
            name, _, value = text.partition("=")
            environment[name] = value
        elif kind == "args":
            arguments.extend(text.split())
        elif kind != "note":
            raise ValueError(f"{path.name}: no kind of header line: {line!r}")
    return Program(path, source, tuple(truths), environment, tuple(arguments))


def definitions(source: str) -> dict[str, ast.FunctionDef]:
    """All functions of a module by ``__qualname__``."""
    found: dict[str, ast.FunctionDef] = {}

    def visit(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef):
                found[prefix + child.name] = child
                visit(child, f"{prefix}{child.name}.<locals>.")
            elif isinstance(child, ast.ClassDef):
                visit(child, f"{prefix}{child.name}.")
            else:
                visit(child, prefix)

    visit(ast.parse(source), "")
    return found


def decorate(source: str, qualname: str) -> str:
    """The source with ``@tf.function`` as the innermost decorator of one function; nothing else is changed."""
    function = definitions(source)[qualname]
    lines = source.splitlines(keepends=True)
    lines.insert(function.lineno - 1, " " * function.col_offset + "@tf.function\n")
    return "".join(lines)


ALL_PROGRAMS = [read_program(path) for path in sorted(PROGRAMS.glob("*.py"))]
CLAIMS = [
    pytest.param(program, truth, id=f"{program.path.stem}-{truth.qualname}")
    for program in ALL_PROGRAMS
    for truth in program.truths
]


# ---------------------------------------------------------------------------------------------------------------
# The forge's side: runs in a process of its own, the only one that imports TensorFlow


@dataclass
class Child:
    """A running child: ``deadline`` is on the monotonic clock."""

    job: dict[str, Any]
    deadline: float
    late: bool = False


def share_one_random_stream(tf: Any) -> None:
    """Makes the stateful random ops draw from a counter in a variable, the same eagerly and in a graph, and from the
    seed that the program has set, which a graph keeps.

    The seeds of ``tf.random`` ops are chosen otherwise in a graph than eagerly, so without this every program
    with dropout would seem to change.
    """
    from tensorflow.python.eager import context
    from tensorflow.python.ops import gen_random_ops

    draws = tf.Variable(0, dtype=tf.int64, trainable=False)

    def seed() -> Any:
        return tf.stack([tf.constant(context.global_seed() or 0, tf.int64), draws.assign_add(1)])

    def normal(shape: Any, dtype: Any, seed_: int = 0, **_: Any) -> Any:
        return tf.random.stateless_normal(shape, seed(), dtype=dtype)

    def truncated(shape: Any, dtype: Any, seed_: int = 0, **_: Any) -> Any:
        return tf.random.stateless_truncated_normal(shape, seed(), dtype=dtype)

    def uniform(shape: Any, dtype: Any, **_: Any) -> Any:
        return tf.random.stateless_uniform(shape, seed(), dtype=dtype)

    def integers(shape: Any, minval: Any, maxval: Any, **_: Any) -> Any:
        return tf.random.stateless_uniform(shape, seed(), minval, maxval, dtype=maxval.dtype)

    def shuffle(value: Any, **_: Any) -> Any:
        return tf.random.experimental.stateless_shuffle(value, seed())

    def categories(logits: Any, num_samples: Any, output_dtype: Any = tf.int64, **_: Any) -> Any:
        return tf.random.stateless_categorical(logits, num_samples, seed(), dtype=output_dtype)

    gen_random_ops.random_standard_normal = normal
    gen_random_ops.truncated_normal = truncated
    gen_random_ops.random_uniform = uniform
    gen_random_ops.random_uniform_int = integers
    gen_random_ops.random_shuffle = shuffle
    gen_random_ops.multinomial = categories


def count_traces(tf: Any, script: str) -> Any:
    """Records the ``tf.function`` objects that the script makes; gives a function that says (calls, traces)."""
    from tensorflow.python.eager.polymorphic_function import polymorphic_function

    class_ = polymorphic_function.Function
    make, bind, call = tf.function, class_.__get__, class_.__call__
    made: list[Any] = []
    calls = 0

    def function(func: Any = None, *args: Any, **kwargs: Any) -> Any:
        result = make(func, *args, **kwargs)
        if getattr(getattr(func, "__code__", None), "co_filename", None) == script:
            made.append(result)
        return result

    def is_made(candidate: Any) -> bool:
        return any(candidate is function for function in made)

    def bound(self: Any, instance: Any, owner: Any) -> Any:
        # Each instance has a tf.function of its own for a decorated method, made on the first access.
        result = bind(self, instance, owner)
        if is_made(self) and not is_made(result):
            made.append(result)
        return result

    def called(self: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += is_made(self)
        return call(self, *args, **kwargs)

    tf.function, class_.__get__, class_.__call__ = function, bound, called
    return lambda: (calls, sum(function.experimental_get_tracing_count() for function in made))


def run_child(job: dict[str, Any]) -> None:
    """Runs one program as ``__main__`` in this process and ends the process. Never returns."""
    code = 1
    counts: Any = None
    try:
        os.setsid()
        os.chdir(job["cwd"])
        for name, descriptor in (("stdout", 1), ("stderr", 2)):
            file = os.open(job[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(file, descriptor)
        os.environ.update(job["environment"])
        sys.argv = [job["script"], *job["arguments"]]
        import runpy

        import tensorflow as tf

        share_one_random_stream(tf)
        counts = count_traces(tf, job["script"])
        try:
            runpy.run_path(job["script"], run_name="__main__")
            code = 0
        except SystemExit as ending:
            code = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        try:
            Path(job["counts"]).write_text(json.dumps(counts() if counts else (0, 0)))
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code & 0xFF)


def forge() -> None:
    """Takes jobs from standard input, runs WORKERS of them at a time, and prints a line for each that ended."""
    import keras  # noqa: F401  (imported once for all children, as is the legacy one)
    import tensorflow as tf
    import tf_keras.api._v2.keras  # noqa: F401
    from tensorflow.python.eager import context

    tf.keras._load()
    context_ = context.context()
    assert context_._context_handle is None, "forking after TensorFlow's context was made is not safe"
    gc.collect()
    gc.freeze()  # a collection in a child would otherwise copy nearly every page that it shares
    waiting: list[dict[str, Any]] = []
    running: dict[int, Child] = {}
    selector = selectors.DefaultSelector()
    selector.register(sys.stdin, selectors.EVENT_READ)
    open_ = True
    buffer = b""
    while open_ or waiting or running:
        while waiting and len(running) < WORKERS:
            job = waiting.pop(0)
            pid = os.fork()
            if pid == 0:
                run_child(job)
            running[pid] = Child(job, time.monotonic() + CHILD_SECONDS)
        if open_ and selector.select(0.02 if running else None):
            data = os.read(0, 1 << 20)
            open_ = bool(data)
            *lines, buffer = (buffer + data).split(b"\n")
            jobs = [json.loads(line) for line in lines]
            waiting = [*(job for job in jobs if job["urgent"]), *waiting, *(job for job in jobs if not job["urgent"])]
            if not open_:
                waiting.clear()  # nobody is left to ask for them
        elif running:
            time.sleep(0.02)
        for pid, child in list(running.items()):
            if time.monotonic() > child.deadline and not child.late:
                child.late = True
                os.killpg(pid, signal.SIGKILL)
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                del running[pid]
                code = os.waitstatus_to_exitcode(status)
                print(json.dumps({"number": child.job["number"], "code": code, "late": child.late}), flush=True)


# ---------------------------------------------------------------------------------------------------------------
# The test's side


@dataclass(frozen=True)
class Outcome:
    """What a run of a program showed. ``calls`` and ``traces`` are of the decorated function."""

    code: int
    late: bool
    stdout: str
    stderr: str
    files: Mapping[str, str]
    calls: int
    traces: int


@dataclass
class Forge:
    """Runs programs in children of one process; results come as futures."""

    folder: Path
    process: subprocess.Popen[bytes]
    futures: dict[int, Future[Outcome]] = field(default_factory=dict)
    known: dict[tuple[str, str, int], Future[Outcome]] = field(default_factory=dict)

    def run(self, program: Program, qualname: str = "", repetition: int = 0) -> Future[Outcome]:
        """The program with ``qualname`` decorated, or as it stands where that is empty; each once."""
        key = (program.path.stem, qualname, repetition)
        if key not in self.known:
            number = len(self.known)
            folder = self.folder / str(number)
            (folder / "cwd").mkdir(parents=True)
            script = folder / program.path.name
            script.write_text(decorate(program.source, qualname) if qualname else program.source)
            self.known[key] = self.futures[number] = Future()
            job = {
                "number": number,
                "urgent": repetition > 0,
                "script": str(script),
                "cwd": str(folder / "cwd"),
                "environment": dict(program.environment),
                "arguments": program.arguments,
                **{name: str(folder / name) for name in ("stdout", "stderr", "counts")},
            }
            assert self.process.stdin is not None
            self.process.stdin.write(json.dumps(job).encode() + b"\n")
            self.process.stdin.flush()
        return self.known[key]

    def collect(self) -> None:
        """Fulfils the futures as results come in, until the process ends."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            result = json.loads(line)
            folder = self.folder / str(result["number"])
            counts = folder / "counts"
            calls, traces = json.loads(counts.read_text()) if counts.exists() else (0, 0)
            cwd = folder / "cwd"
            outcome = Outcome(
                result["code"],
                result["late"],
                (folder / "stdout").read_text(errors="replace"),
                (folder / "stderr").read_text(errors="replace"),
                {str(f.relative_to(cwd)): f.read_text(errors="replace") for f in cwd.rglob("*") if f.is_file()},
                calls,
                traces,
            )
            self.futures[result["number"]].set_result(outcome)
        for future in self.futures.values():
            if not future.done():
                future.set_exception(RuntimeError("the process that runs the programs died"))


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    process = subprocess.Popen(
        [sys.executable, __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "PYTHONHASHSEED": "0"},
        start_new_session=True,
    )
    forge_ = Forge(tmp_path_factory.mktemp("programs"), process)
    reader = Thread(target=forge_.collect, daemon=True)
    reader.start()
    # All that the selected tests will ask for is queued at once, so that the workers are never idle.
    for item in request.session.items:
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        if "truth" in parameters and "program" in parameters:
            forge_.run(parameters["program"])
            forge_.run(parameters["program"], parameters["truth"].qualname)
    yield forge_
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(CHILD_SECONDS + 10)
    finally:
        if process.poll() is None:
            process.kill()
        reader.join(5)


def difference(eager: Outcome, other: Outcome) -> str:
    """What a user would notice first, or nothing."""
    if eager.code != other.code:
        last = (other.stderr.strip().splitlines() or ["nothing on standard error"])[-1]
        return f"exit status {other.code}: {last}"
    ours, theirs = eager.stdout.splitlines(), other.stdout.splitlines()
    for number, (line, line_) in enumerate(zip(ours, theirs, strict=False), 1):
        if not same_line(line, line_):
            return f"line {number}: {line!r} became {line_!r}"
    if len(ours) != len(theirs):
        return f"{len(ours)} printed lines became {len(theirs)}"
    if eager.files != other.files:
        return f"files {sorted(eager.files)} became {sorted(other.files)}, or hold something else"
    return ""


def same_line(one: str, other: str) -> bool:
    """Equal text between the numbers, equal integers, and decimals within the tolerance."""
    if NUMBER.split(one) != NUMBER.split(other):
        return False
    return all(
        a == b or ("." in a and "." in b and abs(float(a) - float(b)) <= TOLERANCE * max(1.0, abs(float(a))))
        for a, b in zip(NUMBER.findall(one), NUMBER.findall(other), strict=True)
    )


@pytest.mark.slow
@pytest.mark.parametrize(("program", "truth"), CLAIMS)
def test_truth_holds_when_run(program: Program, truth: Truth, runs: Forge) -> None:
    eager = runs.run(program).result(300)
    decorated = runs.run(program, truth.qualname).result(300)
    assert eager.code == 0 or "sys.exit" in program.source, f"the program itself fails:\n{eager.stderr}"
    assert not eager.late and not decorated.late
    assert len(set(DECIMAL.findall(eager.stdout))) >= 2, "what it prints shows no training"
    change = difference(eager, decorated)
    if truth.word == "unsafe" and not truth.hazard.startswith("retrace-"):
        assert change, f"decorated it does the same: {truth.hazard} cannot be seen"
        if decorated.code == eager.code:
            again = difference(eager, runs.run(program, repetition=1).result(300))
            assert not again, f"the program differs from itself, so a difference proves nothing: {again}"
    else:
        assert not change, f"{change}\n{decorated.stderr}"
        assert decorated.calls >= ENOUGH_CALLS, f"{decorated.calls} calls show little"
        if truth.word == "safe":
            assert decorated.traces <= FEW_TRACES
        else:
            assert decorated.traces >= 0.75 * decorated.calls


@pytest.mark.parametrize("program", ALL_PROGRAMS, ids=lambda program: program.path.stem)
def test_header_names_functions_of_the_program(program: Program) -> None:
    functions = definitions(program.source)
    assert program.truths, "a program without a claim tests nothing"
    for truth in program.truths:
        assert truth.word in {"safe", "unsafe", "slow"}
        assert truth.qualname in functions
        assert bool(truth.hazard) == (truth.word != "safe")
    first_line = (ast.get_docstring(ast.parse(program.source)) or "").splitlines()[0]
    assert first_line.endswith("."), "the first line of the docstring is a sentence"


def test_each_hazard_is_explained() -> None:
    explained = {
        hazard
        for line in (PROGRAMS / "README.md").read_text().splitlines()
        if line.startswith("- `")
        for hazard in re.findall("`([a-z-]+)`", line.partition(":")[0])
    }
    assert explained == {truth.hazard for program in ALL_PROGRAMS for truth in program.truths} - {""}


def test_decorator_goes_innermost_and_moves_no_other_line() -> None:
    source = "class A:\n    @staticmethod\n    def f(x):\n        def g():\n            return x\n        return g\n"
    assert decorate(source, "A.f").splitlines()[1:4] == ["    @staticmethod", "    @tf.function", "    def f(x):"]
    assert decorate(source, "A.f.<locals>.g").splitlines()[3] == "        @tf.function"


def test_lines_are_compared_by_their_numbers() -> None:
    assert same_line("step 6: loss 0.12345", "step 6: loss 0.12349")
    assert not same_line("step 6: loss 0.1234", "step 6: loss 0.1244")
    assert not same_line("6 calls", "7 calls")
    assert not same_line("loss 0.5", "loss tf.Tensor(0.5)")


if __name__ == "__main__":
    forge()
