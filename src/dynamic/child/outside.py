"""Records a call's effects outside of the process: printed lines, files, sockets, programs (in the child process)."""

from __future__ import annotations

import functools
import logging
import os
import sys
import threading
import types
from collections.abc import Callable
from typing import Any

from .contents import AUTOGRAPH_FILE, LIBRARIES
from .effects import Change, Project
from .marks import MISSING
from .paths import PathNote

_MOST = 20
# Audit events of effects outside of the process, or on the whole process.
_SYSTEM = frozenset(
    {
        *("builtins.input", "sqlite3.connect", "syslog.openlog", "syslog.syslog", "signal.pthread_kill"),
        *("http.client.send", "socket.bind", "socket.connect", "socket.sendmsg", "socket.sendto"),
        *("subprocess.Popen", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system"),
        *("os.kill", "os.killpg", "os.putenv", "os.unsetenv", "os.chdir", "os.lockf"),
        *("os.remove", "os.mkdir", "os.rename", "os.rmdir", "os.link", "os.symlink", "os.truncate"),
        *("os.chmod", "os.chown", "os.utime", "os.setxattr", "os.removexattr", "shutil.rmtree"),
    }
)
_MESSENGERS = ("logging", "warnings", "absl")


class Watch:
    """While entered, records this thread's effects outside of the process, in the list that entering returns.

    It may be entered again inside. The output of a nested comparison is not recorded for the outer call (see
    ``PathNote``).
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._active: list[tuple[int, list[Change]]] = []
        self._thread = 0
        # The objects whose `write` was replaced, with the previous value.
        self._streams: list[tuple[Any, Any]] = []
        self._call_handlers: Any = None

    def __enter__(self) -> list[Change]:
        noted: list[Change] = []
        self._active.append((PathNote.muted, noted))
        if len(self._active) > 1:
            return noted
        _listen()
        _entered.append(self)
        self._thread = threading.get_ident()
        self._streams = []
        for stream in (sys.stdout, sys.stderr):
            self._attach(stream, stream is sys.stderr)
        self._call_handlers = logging.Logger.callHandlers
        setattr(logging.Logger, "callHandlers", self._logging(logging.Logger.callHandlers))  # noqa: B010
        return noted

    def __exit__(self, *_: object) -> None:
        self._active.pop()
        if self._active:
            return
        _entered.remove(self)
        setattr(logging.Logger, "callHandlers", self._call_handlers)  # noqa: B010
        for holder, write in reversed(self._streams):
            if write is not MISSING:
                holder.write = write
            elif isinstance(holder, type):
                del holder.write  # type: ignore[attr-defined]
            else:
                holder.__dict__.pop("write", None)

    def _attach(self, stream: Any, errors: bool) -> None:
        """Record writes to a stream; if its attribute can't be set, replace the method of its class."""
        write = getattr(stream, "write", None)
        if write is None:  # the stream is None, as in a process without a terminal
            return
        held = getattr(stream, "__dict__", {}).get("write", MISSING)
        try:
            stream.write = self._printing(write, errors)
            self._streams.append((stream, held))
            return
        except AttributeError:
            kind = type(stream)
        original = kind.write

        @functools.wraps(original)
        def of_class(this: Any, *args: Any, **kwargs: Any) -> Any:
            noted = self._printing(original.__get__(this, kind), errors) if this is stream else original.__get__(this)
            return noted(*args, **kwargs)

        try:
            held = vars(kind).get("write", MISSING)
            kind.write = of_class
            self._streams.append((kind, held))
        except (AttributeError, TypeError):
            return

    def _printing(self, write: Callable[..., Any], errors: bool) -> Callable[..., Any]:
        # A stream of the user may accept more than a text.
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            here = self._active and threading.get_ident() == self._thread
            text = next(iter((*args, *kwargs.values())), "")
            words = _words(text)
            if here and words.strip() and not (errors and _is_a_librarys()):
                self._note("printed", "standard error" if errors else "standard output", repr(words[:60]))
            return write(*args, **kwargs)

        return wrapped

    def _logging(self, call: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
        """Record a log message that a handler takes, even if it goes to an open file, a queue or a list."""

        def wrapped(logger: Any, record: Any) -> None:
            before = [len(noted) for _, noted in self._active]
            call(logger, record)
            here = self._active and threading.get_ident() == self._thread
            quiet = before == [len(noted) for _, noted in self._active]
            if here and quiet and _is_handled(logger, record) and not _is_a_librarys():
                self._note("printed", "the log", repr(_words(record.msg)[:60]))

        return wrapped

    def hear(self, event: str, args: tuple[Any, ...]) -> None:
        """Record the effect of an audit event of this thread."""
        if threading.get_ident() != self._thread:
            return
        if event == "open":
            path, mode, flags = args
            name = _path_of(path) if isinstance(path, int) else str(path)
            # `tempfile` opens a folder this way before it makes a file there, whose own opening follows.
            passing = _is_cache(name) or name == os.devnull
            if _writes(mode, flags) and not (passing or os.path.isdir(name)):
                self._note("file", name, "was opened for writing")
        elif event in _SYSTEM and not (args and (_is_cache(str(args[0])) or _stays_inside(event, args))):
            self._note("system", event, str(args[0])[:60] if args else "")

    def _note(self, kind: str, subject: str, detail: str) -> None:
        for level, noted in self._active:
            if PathNote.muted <= level and len(noted) < _MOST:
                noted.append(Change(kind, subject, detail, self._project.place()))


# An audit hook cannot be removed, and is called at each event. So one hook serves all watches.
_entered: list[Watch] = []


@functools.cache
def _listen() -> None:
    def hear(event: str, args: tuple[Any, ...]) -> None:
        if _entered and (event == "open" or event in _SYSTEM):
            for watch in tuple(_entered):
                watch.hear(event, args)

    sys.addaudithook(hear)


def _path_of(descriptor: int) -> str:
    """The path of an open file; its number if that is not known."""
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return str(descriptor)


def _is_cache(name: str) -> bool:
    """Whether a path is that of code that AutoGraph generates, or of Python's compiled code."""
    return AUTOGRAPH_FILE in name or "__pycache__" in name.split(os.sep)


def _writes(mode: object, flags: object) -> bool:
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def _stays_inside(event: str, args: tuple[Any, ...]) -> bool:
    """Whether an event has no effect outside: a database in memory, or signal 0, which only tests for a process."""
    in_memory = event == "sqlite3.connect" and args[0] in (":memory:", "")
    return in_memory or (event in ("os.kill", "os.killpg") and args[1:2] == (0,))


def _words(text: Any) -> str:
    """The written text, without calling a method of the user."""
    return str.__str__(text) if isinstance(text, str) else "" if text is None else type(text).__name__


def _is_handled(logger: Any, record: Any) -> bool:
    """Whether a handler takes a message; the null handler discards it."""
    while logger is not None:
        for handler in logger.handlers:
            if record.levelno >= handler.level and not isinstance(handler, logging.NullHandler):
                return True
        logger = logger.parent if logger.propagate else None
    return False


def _is_a_librarys() -> bool:
    """Whether the text that is being printed is a library's own message (TensorFlow, Keras, NumPy)."""
    frame: types.FrameType | None = sys._getframe(2)
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        top = name.partition(".")[0]
        if top not in _MESSENGERS and name != __name__ and not name.endswith("tf_logging"):
            return top in LIBRARIES
        frame = frame.f_back
    return False
