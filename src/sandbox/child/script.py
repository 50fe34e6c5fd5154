"""Runs the user's script as ``__main__``, and reports how it ended."""

from __future__ import annotations

import atexit
import builtins
import contextlib
import importlib.util
import os
import sys
import threading
import traceback
from collections.abc import Collection
from types import ModuleType
from typing import Any

from ...installed import PACKAGE
from ..folders import inside, neighbours
from .child import Child, StopRun, flush, hard_exit
from .refusal import refused_place
from .sources import Loader

MESSAGE_LENGTH = 2000


def run_script(child: Child, loaded: Collection[str]) -> int:
    """Run the script to its end, report the end to the parent, and end this process as Python would.

    ``loaded`` are the names of the modules that were loaded before ours; see `give_way`.
    """
    try:
        how, status, fields = _run(child, loaded)
    except StopRun:
        # The signal came just after the script's own end.
        how, status, fields = "cut", 0, {}
    flush()
    child.end(how, **fields)
    atexit._run_exitfuncs()
    flush()
    # The interpreter's own shutdown can hang on the script's daemon threads and on device teardown.
    hard_exit(status)
    return status


def _run(child: Child, loaded: Collection[str]) -> tuple[str, int, dict[str, Any]]:
    """Run the script; returns how it ended, the exit status, and further fields of the last event."""
    child.running = True
    try:
        module, loader = _main_module(child, loaded)
        exec(loader.get_code("__main__"), module.__dict__)
        # Waits for non-daemon threads and for pools, as the interpreter does at exit.
        threading._shutdown()  # type: ignore[attr-defined]
        child.running = False
        # A script that swallowed the request to stop and then finished was cut nevertheless.
        return ("cut" if child.cut else "finished"), 0, {}
    except StopRun:
        child.running = False
        return "cut", 0, {}
    except SystemExit as leaving:
        child.running = False
        status = _exit_status(leaving)
        if status and _is_refused(leaving, child):
            return "cut", status, {"error": child.cut_reason}
        return ("cut" if child.cut else "exited"), status, {"call": "sys.exit", "code": status}
    except KeyboardInterrupt:
        child.running = False
        return "interrupted", 130, {}
    except BaseException as error:
        child.running = False
        if child.cut:
            return "cut", 1, {}
        fields = _describe(error, child)
        child.explain(fields["error"])
        _print_traceback(error)
        return ("cut" if _is_refused(error, child) else "raised"), 1, fields


def _is_refused(error: BaseException, child: Child) -> bool:
    """Whether the script ends because we refused it a connection; then we have cut the run."""
    place = refused_place(error)
    if place is None or child.network is None:
        return False
    child.cut_reason = f"it was refused {place}"
    child.network.tell("stopped", place)
    return True


def _main_module(child: Child, loaded: Collection[str]) -> tuple[ModuleType, Loader]:
    job = child.job
    path = job["script"]
    module = ModuleType("__main__")
    module.__dict__.update(__builtins__=builtins, __file__=path, __cached__=None, __annotations__={})
    if job.get("module"):
        sys.path.insert(0, os.getcwd())
        give_way(sys.path[0], loaded)
        spec = _find_module(job["module"])
        path = spec.origin
        module.__dict__.update(__file__=path, __spec__=spec, __package__=spec.parent)
    else:
        # Python imports the script's neighbours from the target of a link to the script.
        sys.path.insert(0, child.finder.copied(os.path.dirname(os.path.realpath(path))))
        give_way(sys.path[0], loaded)
    loader = Loader("__main__", path, child.hooks.get(path, {}), child.edited, child.entries.get(path, {}))
    module.__dict__["__loader__"] = loader
    sys.argv = [path, *job["arguments"]]
    sys.modules["__main__"] = module
    return module, loader


def _find_module(name: str) -> Any:
    spec = importlib.util.find_spec(name)
    if spec is not None and spec.submodule_search_locations is not None:
        spec = importlib.util.find_spec(name + ".__main__")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    return spec


def give_way(folder: str, loaded: Collection[str]) -> None:
    """Forget the modules that only we have imported if the script has its own module of that name.

    Without us, a script with a ``queue.py`` beside it would import that file.
    """
    own = neighbours(folder) - {*sys.builtin_module_names, __name__.partition(".")[0]}
    for name in set(sys.modules).difference(loaded):
        if name.partition(".")[0] in own:
            del sys.modules[name]


def _exit_status(leaving: SystemExit) -> int:
    if leaving.code is None:
        return 0
    if isinstance(leaving.code, int):
        return leaving.code & 0xFF
    with contextlib.suppress(Exception):
        print(leaving.code, file=sys.stderr)
    return 1


def _print_traceback(error: BaseException) -> None:
    """Print the script's traceback as Python would, without our frames."""
    trace = error.__traceback__
    while trace is not None and _is_ours(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    with contextlib.suppress(BaseException):
        sys.excepthook(type(error), error.with_traceback(trace), trace)


def _is_ours(filename: str) -> bool:
    return inside(os.path.abspath(filename), PACKAGE)


def _describe(error: BaseException, child: Child) -> dict[str, Any]:
    place = None
    copies = [pair[1] for pair in child.job["mapping"]]
    frames = traceback.extract_tb(error.__traceback__)
    for frame in reversed(frames):
        if any(inside(frame.filename, copy) for copy in copies) and not _is_ours(frame.filename):
            place = f"{frame.filename}:{frame.lineno}"
            break
    if isinstance(error, SyntaxError) and error.filename:
        place = f"{error.filename}:{error.lineno}"
    fields: dict[str, Any] = {
        "error_type": type(error).__name__,
        "error": _message(error),
        "error_place": place,
    }
    if isinstance(error, ImportError):
        fields["missing"] = error.name
    return fields


def _message(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception as another:  # the exception's `__str__` may raise
        return f"(its text raised {type(another).__name__})"
    half = MESSAGE_LENGTH // 2
    return text if len(text) <= MESSAGE_LENGTH else f"{text[:half]}\n...\n{text[-half:]}"
