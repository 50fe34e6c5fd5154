"""What runs inside the child process: the user's script as its user would run it, watched by a role.

Started by ``launch``, plainly or forked by ``nursery``. It lays no hand on TensorFlow before the script has
imported it. A *role* (``dynamic`` and ``measure`` have several) is a module with a function
``install(child) -> None`` that registers what it needs.
"""

from __future__ import annotations

import _thread
import atexit
import importlib
import json
import os
import random
import resource
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from types import ModuleType
from typing import Any

started = time.perf_counter()
spared = 0.0
STREAM_SECONDS = 1.0
UNWIND_ATTEMPTS = 25


class StopRun(BaseException):
    """Unwinds the script. A BaseException, so that ``except Exception`` lets it through."""


class Child:
    """The child's own view of its job: what the role registers with, and the line to the parent."""

    def __init__(self, job: dict[str, Any], events: int, control: int) -> None:
        from .sources import Finder

        self.job = job
        self.hooks: dict[str, dict[int, str]] = {
            path: {int(line): name for line, name in lines.items()} for path, lines in job["hooks"].items()
        }
        self.edited = frozenset(job["edited"])
        self.finder = Finder(tuple(job["project"]), self.hooks, self.edited)
        self.wrap: Callable[[str, Any], Any] = lambda candidate, function: function
        self.summary: Callable[[], dict[str, Any]] = dict
        self.finish: Callable[[], dict[str, Any]] = dict
        self.cut = False
        self.cut_reason = ""
        self._attempts = 0
        self._lock = threading.RLock()
        self._events = events
        self._control = os.fdopen(control, "r", encoding="utf-8")
        self._ended = False
        self._main_ident = _thread.get_ident()

    # The line to the parent.

    def send(self, event: str, **fields: Any) -> None:
        """Send one event to the parent, as a line of JSON. A parent that is gone is no error."""
        data = json.dumps({"event": event, **fields}, default=repr).encode() + b"\n"
        with self._lock:
            try:
                while data:
                    data = data[os.write(self._events, data) :]
            except OSError:
                pass

    def receive(self) -> dict[str, Any]:
        """Wait for the parent's next message. A parent that is gone says stop."""
        line = self._control.readline()
        return json.loads(line) if line else {"stop": True}

    # Ending early.

    def request_cut(self, reason: str) -> None:
        """Have the script unwound at the next boundary."""
        self.cut, self.cut_reason = True, self.cut_reason or reason

    def boundary(self) -> None:
        """A place where the script may be unwound: called by hooks before a call, outside of any trace.

        Raises StopRun when the run is to end; ends the process when the script swallows that again and
        again.
        """
        if not self.cut:
            return
        self._attempts += 1
        if self._attempts > UNWIND_ATTEMPTS or threading.get_ident() != self._main_ident:
            self.end("cut", forced=True)
            sys.stdout.flush()
            _hard_exit(0)
        raise StopRun(self.cut_reason)

    def end(self, how: str, **fields: Any) -> None:
        """Send the last event, once: what the role has to say and how the script ended."""
        with self._lock:
            if self._ended:
                return
            self._ended = True
        try:
            final = self.finish()
        except Exception as error:  # a role's failure must not look like the script's
            final = {}
            self.send("role_error", error=f"{type(error).__name__}: {error}", trace=traceback.format_exc())
        usage = resource.getrusage(resource.RUSAGE_SELF)
        self.send(
            "ended",
            how=how,
            cut_reason=self.cut_reason if how == "cut" else "",
            final=final,
            tensorflow="tensorflow" in sys.modules,
            environment=_environment(),
            devices=_devices(),
            peak_rss_bytes=usage.ru_maxrss * 1024,
            **fields,
        )


_hard_exit = os._exit


def restart_clock(import_seconds: float) -> None:
    """Count the child's time from now: it was forked just now, and spared so long an import of TensorFlow."""
    global started, spared
    started, spared = time.perf_counter(), import_seconds


def main(job_file: str, events: int, control: int) -> int:
    """Run the job in ``job_file``; the exit status is the script's own.

    ``events`` and ``control`` are file descriptors: the line to the parent and the line from it.
    """
    with open(job_file, encoding="utf-8") as stream:
        job = json.load(stream)
    child = Child(job, events, control)
    try:
        _prepare(child)
        importlib.import_module(job["role"]).install(child)
    except Exception as error:  # ours, and not to be taken for the script's
        child.send("role_error", error=f"{type(error).__name__}: {error}", trace=traceback.format_exc())
        return 1
    threading.Thread(target=_keep_watch, args=(child,), daemon=True, name="hybridize-watch").start()
    if not job.get("turns"):
        # A role that takes turns reads the parent's messages itself, at its boundaries.
        threading.Thread(target=_obey, args=(child,), daemon=True, name="hybridize-obey").start()
    return _run_script(child)


def _prepare(child: Child) -> None:
    from .guard import Guard

    job = child.job
    os.chdir(job["cwd"])
    tempfile.tempdir = None  # found anew from this run's TMPDIR: it was settled before a fork
    guard = Guard(job["scratch"], [pair[0] for pair in job["mapping"]], lambda path: child.send("blocked", path=path))
    guard.install()
    child.send("started", kernel_guard=guard.kernel, pid=os.getpid())
    sys.dont_write_bytecode = True
    sys.meta_path.insert(0, child.finder)
    sys.path[:] = [child.finder.copied(os.path.abspath(entry)) if entry else entry for entry in sys.path]
    import builtins

    builtins.__dict__["__hybridize_hook__"] = lambda candidate: lambda function: child.wrap(candidate, function)
    before = dict(os.environ)
    child.finder.before("tensorflow", lambda: child.send("tensorflow", changed=_changed(before)))
    seed = job.get("seed")
    if seed is not None:
        random.seed(seed)
        child.finder.after("numpy", lambda module: module.random.seed(seed))
        child.finder.after("tensorflow", lambda module: module.random.set_seed(seed))
    for name in ("_exit", "abort"):
        _announce_exit(child, name)
    signal.signal(signal.SIGUSR1, lambda signum, frame: _unwind_from_signal(child))


def _changed(before: dict[str, str]) -> list[str]:
    """The names of the environment variables that the script has set or removed."""
    return sorted(name for name in {*before, *os.environ} if before.get(name) != os.environ.get(name))


def _announce_exit(child: Child, name: str) -> None:
    original = getattr(os, name)
    owner = os.getpid()

    def leave(*args: Any) -> None:
        # A forked copy of the script may leave as it likes; it is not the run.
        if os.getpid() == owner:
            for stream in (sys.stdout, sys.stderr):
                try:
                    stream.flush()
                except (OSError, ValueError):
                    pass
            child.end("exited", call=f"os.{name}", code=args[0] if args else -int(signal.SIGABRT))
        original(*args)

    setattr(os, name, leave)


def _unwind_from_signal(child: Child) -> None:
    if child.cut and not child._ended:
        raise StopRun(child.cut_reason)


def _keep_watch(child: Child) -> None:
    """Stream what is known so far, and cut the script at its deadline even where it makes no calls."""
    grace = child.job.get("grace_seconds", 3.0)
    next_stream = STREAM_SECONDS
    main = threading.main_thread().ident
    asked = 0.0
    while not child._ended:
        time.sleep(0.05)
        now = time.perf_counter() - started
        deadline = child.job.get("deadline_seconds")
        if now >= next_stream:
            next_stream = now + STREAM_SECONDS
            try:
                summary = child.summary()
            except RuntimeError:  # a dictionary grew while it was read; the next second will do
                continue
            if summary:
                child.send("summary", summary=summary)
        if deadline is None or now < deadline:
            continue
        asked = asked or now
        child.request_cut("the time set for this run was over")
        if now >= asked + grace and main is not None:
            signal.pthread_kill(main, signal.SIGUSR1)
            time.sleep(0.5)


def _obey(child: Child) -> None:
    while not child.receive().get("stop"):
        pass
    child.job["deadline_seconds"] = 0.0
    child.request_cut("it was told to stop")


def _run_script(child: Child) -> int:
    from .sources import Loader

    job = child.job
    path = job["script"]
    module = ModuleType("__main__")
    module.__dict__.update(__builtins__=__builtins__, __file__=path, __cached__=None)
    if job.get("module"):
        name = job["module"]
        sys.path[0:0] = [os.getcwd()]
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = importlib.util.find_spec(name + ".__main__")
        if spec is None or spec.origin is None:
            child.end("raised", error_type="ModuleNotFoundError", error=f"No module named {name!r}")
            return 1
        path = spec.origin
        module.__dict__.update(__file__=path, __spec__=spec, __package__=spec.parent)
    else:
        sys.path[0:0] = [os.path.dirname(path)]
    loader = Loader("__main__", path, child.hooks.get(path, {}), child.edited)
    module.__dict__["__loader__"] = loader
    sys.argv = [path, *job["arguments"]]
    sys.modules["__main__"] = module
    how, fields, status = "finished", {}, 0
    try:
        exec(loader.get_code("__main__"), module.__dict__)
        # A script that swallowed the request to stop and then came to its end was cut all the same.
        how = "cut" if child.cut else "finished"
    except StopRun:
        how = "cut"
    except SystemExit as leaving:
        status = _exit_status(leaving)
        how, fields = ("cut" if child.cut else "exited"), {"call": "sys.exit", "code": status}
    except KeyboardInterrupt:
        how, status = "interrupted", 130
    except BaseException as error:
        how, status = ("cut" if child.cut else "raised"), 1
        fields = _describe(error, child)
        if not child.cut:
            _print_traceback(error)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            pass
    child.end(how, **fields)
    atexit._run_exitfuncs()
    threads = [t for t in threading.enumerate() if not t.daemon and t is not threading.current_thread()]
    for thread in threads:
        thread.join(timeout=5.0)
    # The interpreter's own shutdown can hang on the script's threads and on device teardown.
    sys.stdout.flush()
    sys.stderr.flush()
    _hard_exit(status)
    return status


def _exit_status(leaving: SystemExit) -> int:
    if leaving.code is None:
        return 0
    if isinstance(leaving.code, int):
        return leaving.code
    print(leaving.code, file=sys.stderr)
    return 1


def _print_traceback(error: BaseException) -> None:
    """Print the script's traceback as Python would, without the frames that are ours."""
    trace = error.__traceback__
    own = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    while trace is not None and os.path.abspath(trace.tb_frame.f_code.co_filename).startswith(own):
        trace = trace.tb_next
    traceback.print_exception(type(error), error, trace)


def _describe(error: BaseException, child: Child) -> dict[str, Any]:
    place = None
    copies = [pair[1] for pair in child.job["mapping"]]
    frames = traceback.extract_tb(error.__traceback__)
    for frame in reversed(frames):
        if any(frame.filename.startswith(copy + "/") for copy in copies):
            place = f"{frame.filename}:{frame.lineno}"
            break
    if isinstance(error, SyntaxError) and error.filename:
        place = f"{error.filename}:{error.lineno}"
    fields: dict[str, Any] = {
        "error_type": type(error).__name__,
        "error": str(error)[:2000],
        "error_place": place,
    }
    if isinstance(error, ImportError):
        fields["missing"] = error.name
    return fields


def _environment() -> dict[str, str]:
    known = {"python": sys.version.split()[0]}
    for name in ("tensorflow", "keras", "tf_keras", "numpy"):
        module = sys.modules.get(name)
        version = getattr(module, "__version__", None)
        if isinstance(version, str):
            known[name] = version
    return known


def _devices() -> list[str]:
    """The types of the devices that TensorFlow sees."""
    tensorflow = sys.modules.get("tensorflow")
    try:
        return (
            sorted({device.device_type for device in tensorflow.config.list_physical_devices()}) if tensorflow else []
        )
    except Exception:  # half an import, or a stand-in: then no fork from it either
        return ["unknown"]
