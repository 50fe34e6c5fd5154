"""Inside the child: what leaves the process while a call is made: printed lines, files, sockets, programs."""

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
from .paths import PathNote

_MOST = 20
_SYSTEM = frozenset(
    {
        "socket.connect",
        "socket.sendto",
        "subprocess.Popen",
        "os.system",
        "os.remove",
        "os.mkdir",
        "os.rename",
        "os.rmdir",
        "os.link",
        "os.symlink",
        "os.truncate",
        "os.putenv",
        "os.unsetenv",
        "shutil.rmtree",
    }
)
_MESSENGERS = ("logging", "warnings", "absl")


class Watch:
    """While entered, notes what leaves the process from this thread. Gives the list that it notes in.

    It may be entered again inside; what a comparison prints is not noted for a call that it is made in (see
    ``PathNote``).
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._active: list[tuple[int, list[Change]]] = []
        self._thread = 0
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
        self._streams = [
            (stream, stream.__dict__.get("write")) for stream in (sys.stdout, sys.stderr) if hasattr(stream, "__dict__")
        ]
        for stream, _ in self._streams:
            try:
                stream.write = self._printing(stream.write, stream is sys.stderr)
            except AttributeError:
                continue
        self._call_handlers = logging.Logger.callHandlers
        setattr(logging.Logger, "callHandlers", self._logging(logging.Logger.callHandlers))  # noqa: B010
        return noted

    def __exit__(self, *_: object) -> None:
        self._active.pop()
        if self._active:
            return
        _entered.remove(self)
        setattr(logging.Logger, "callHandlers", self._call_handlers)  # noqa: B010
        for stream, write in self._streams:
            if write is None:
                stream.__dict__.pop("write", None)
            else:
                stream.write = write

    def _printing(self, write: Callable[[str], int], errors: bool) -> Callable[[str], int]:
        def wrapped(text: str) -> int:
            here = self._active and threading.get_ident() == self._thread
            if here and str(text).strip() and not (errors and _is_a_librarys()):
                self._note("printed", "standard error" if errors else "standard output", repr(str(text)[:60]))
            return write(text)

        return wrapped

    def _logging(self, call: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
        """A message to a logger goes to a stream, a file that is open already, a queue, a list: all leave the call."""

        def wrapped(logger: Any, record: Any) -> None:
            before = [len(noted) for _, noted in self._active]
            call(logger, record)
            here = self._active and threading.get_ident() == self._thread
            quiet = before == [len(noted) for _, noted in self._active]
            if here and quiet and _is_handled(logger, record) and not _is_a_librarys():
                self._note("printed", "the log", repr(str(record.msg)[:60]))

        return wrapped

    def hear(self, event: str, args: tuple[Any, ...]) -> None:
        """Note what an event of Python's says that this thread does."""
        if threading.get_ident() != self._thread:
            return
        if event == "open":
            path, mode, flags = args
            # A folder that is opened so is where `tempfile` makes a file, whose own opening follows.
            name = str(path)
            if _writes(mode, flags) and not (os.path.basename(name).startswith(AUTOGRAPH_FILE) or os.path.isdir(name)):
                self._note("file", str(path), "was opened for writing")
        elif event in _SYSTEM and not (args and AUTOGRAPH_FILE in str(args[0])):
            self._note("system", event, str(args[0])[:60] if args else "")

    def _note(self, kind: str, subject: str, detail: str) -> None:
        for level, noted in self._active:
            if PathNote.muted <= level and len(noted) < _MOST:
                noted.append(Change(kind, subject, detail, self._project.place()))


# An audit hook stays for as long as the process lives, and is asked at each event: one is for all.
_entered: list[Watch] = []


@functools.cache
def _listen() -> None:
    def hear(event: str, args: tuple[Any, ...]) -> None:
        if _entered and (event == "open" or event in _SYSTEM):
            for watch in tuple(_entered):
                watch.hear(event, args)

    sys.addaudithook(hear)


def _writes(mode: object, flags: object) -> bool:
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def _is_handled(logger: Any, record: Any) -> bool:
    """Whether a handler takes a message; the null handler throws it away."""
    while logger is not None:
        for handler in logger.handlers:
            if record.levelno >= handler.level and not isinstance(handler, logging.NullHandler):
                return True
        logger = logger.parent if logger.propagate else None
    return False


def _is_a_librarys() -> bool:
    """Whether what is being printed is a message of TensorFlow's or Keras' own, to their user."""
    frame: types.FrameType | None = sys._getframe(2)
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        top = name.partition(".")[0]
        if top not in _MESSENGERS and name != __name__ and not name.endswith("tf_logging"):
            return top in LIBRARIES
        frame = frame.f_back
    return False
