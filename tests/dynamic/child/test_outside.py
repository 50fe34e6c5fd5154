"""What leaves the process while a call is made is noted with its line; the streams work on as they did."""

from __future__ import annotations

import importlib
import io
import logging
import logging.handlers
import os
import queue
import socket
import sqlite3
import subprocess
import sys
import syslog
import threading
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hybridize.dynamic.child.effects import Change, Project
from hybridize.dynamic.child.outside import Watch

PROJECT = Project([str(Path(__file__).parent)], [])


def watched(function: Callable[[], Any]) -> list[Change]:
    with Watch(PROJECT) as outside:
        function()
    return outside


def test_prints_are_seen_with_their_line(capsys: pytest.CaptureFixture[str]) -> None:
    change, *_ = watched(lambda: print("loss", 0.5, sep="="))
    assert (change.kind, change.subject) == ("printed", "standard output")
    assert "loss" in change.detail and str(change.place).startswith(__file__)
    assert capsys.readouterr().out == "loss=0.5\n", "and are printed all the same"


def test_standard_error_is_seen_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    change, *_ = watched(lambda: print("oh", file=sys.stderr))
    assert change.subject == "standard error"


def test_a_librarys_own_message_is_no_effect_of_its_caller(capsys: pytest.CaptureFixture[str]) -> None:
    """TensorFlow warns its user on standard error; a logger of the project's, or a print, is the project's."""
    log = logging.Logger("test")
    log.addHandler(logging.StreamHandler(sys.stderr))
    library = types.ModuleType("keras.warner")
    exec("import sys\ndef warn(log):\n    log.warning('x')\n    print('y', file=sys.stderr)", library.__dict__)
    assert not watched(lambda: library.warn(log))
    assert capsys.readouterr().err == "x\ny\n"
    assert [c.subject for c in watched(lambda: log.warning("mine"))][:1] == ["standard error"]


def test_compiled_code_that_python_keeps_is_no_effect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python keeps it of each module that it imports, also of those that AutoGraph makes."""
    (tmp_path / "a_kept_module.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    assert not watched(lambda: importlib.import_module("a_kept_module"))
    assert list(tmp_path.glob("__pycache__/*.pyc"))


def test_a_file_that_is_opened_by_its_number_has_a_path(tmp_path: Path) -> None:
    with open(tmp_path / "a.txt", "w") as file:
        (change,) = watched(lambda: open(file.fileno(), "w", closefd=False).close())
    assert (change.kind, change.subject) == ("file", str(tmp_path / "a.txt"))


@pytest.mark.parametrize("kind", ["file", "memory", "queue", "list"])
def test_what_a_logger_is_told_leaves_the_process(kind: str, tmp_path: Path) -> None:
    """A handler may write to a file that was opened long ago, or keep the message."""

    class Listing(logging.Handler):
        def __init__(self) -> None:
            super().__init__()
            self.records: list[Any] = []

        def emit(self, record: logging.LogRecord) -> None:
            self.records.append(record)

    made = {
        "file": lambda: logging.FileHandler(tmp_path / "log.txt"),
        "memory": lambda: logging.handlers.MemoryHandler(100),
        "queue": lambda: logging.handlers.QueueHandler(queue.SimpleQueue()),
        "list": Listing,
    }
    handler = made[kind]()
    log = logging.Logger("test", logging.INFO)
    log.addHandler(handler)
    assert [c.subject for c in watched(lambda: log.info("loss %f", 0.5))] == ["the log"]
    assert not watched(lambda: log.debug("nobody wants to know"))
    library = types.ModuleType("keras.warner")
    exec("def warn(log):\n    log.warning('x')", library.__dict__)
    assert not watched(lambda: library.warn(log))
    handler.close()
    log.removeHandler(handler)
    log.addHandler(logging.NullHandler())
    assert not watched(lambda: log.info("thrown away"))


def test_logging_is_left_as_it_was() -> None:
    original = logging.Logger.callHandlers
    with Watch(PROJECT) as _, Watch(PROJECT) as _:
        pass
    assert logging.Logger.callHandlers is original


def test_files_folders_and_programs_are_seen(tmp_path: Path) -> None:
    assert {c.kind for c in watched(lambda: (tmp_path / "log.txt").write_text("x"))} == {"file"}
    assert not watched(lambda: (tmp_path / "log.txt").read_text())
    assert [c.subject for c in watched(lambda: (tmp_path / "folder").mkdir())] == ["os.mkdir"]
    assert [c.subject for c in watched(lambda: os.remove(tmp_path / "log.txt"))] == ["os.remove"]
    assert "subprocess.Popen" in [c.subject for c in watched(lambda: subprocess.run(["true"], check=True))]


def test_the_environment_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYBRIDIZE_TEST", "1")
    assert [c.subject for c in watched(lambda: os.environ.update(HYBRIDIZE_TEST="2"))] == ["os.putenv"]


def test_what_autograph_writes_is_no_effect(tmp_path: Path) -> None:
    assert not watched(lambda: (tmp_path / "__autograph_generated_file1.py").write_text("x"))


def test_another_threads_doings_are_not_this_calls(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def elsewhere() -> None:
        thread = threading.Thread(target=lambda: (print("hello"), (tmp_path / "other").write_text("x")))
        thread.start()
        thread.join()

    assert not watched(elsewhere)


def test_nothing_is_noted_before_and_after(capsys: pytest.CaptureFixture[str]) -> None:
    watch = Watch(PROJECT)
    print("before")
    with watch as outside:
        pass
    print("after")
    assert not outside
    assert "write" not in getattr(sys.stdout, "__dict__", {})


def test_a_call_within_a_call_is_noted_for_both(capsys: pytest.CaptureFixture[str]) -> None:
    watch = Watch(PROJECT)
    with watch as outer:
        print("a")
        with watch as inner:
            print("b")
        print("c")
    assert [change.detail for change in inner] == ["'b'"]
    assert [change.detail for change in outer] == ["'a'", "'b'", "'c'"]
    assert "write" not in getattr(sys.stdout, "__dict__", {})


def test_a_flood_is_bounded(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(watched(lambda: [print(n) for n in range(1000)])) <= 20


ENDS = socket.socketpair()


@pytest.mark.parametrize(
    ("act", "subject"),
    [
        (lambda folder: os.chmod(folder, 0o755), "os.chmod"),
        (lambda folder: os.chdir(os.getcwd()), "os.chdir"),
        (lambda folder: Path(folder).touch(), "os.utime"),
        (lambda folder: os.kill(os.getpid(), 0), None),
        (lambda folder: os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0), "os.posix_spawn"),
        (lambda folder: sqlite3.connect(f"{folder}/log.db").close(), "sqlite3.connect"),
        (lambda folder: sqlite3.connect(":memory:").close(), None),
        (lambda folder: syslog.openlog("a test"), "syslog.openlog"),
        (lambda folder: ENDS[0].sendmsg([b"a"]), "socket.sendmsg"),
        (lambda folder: open(os.devnull, "w").close(), None),  # where nobody reads it
    ],
)
def test_what_reaches_others_is_noted_and_nothing_else(act: Any, subject: str | None, tmp_path: Path) -> None:
    assert [change.subject for change in watched(lambda: act(str(tmp_path)))] == ([subject] if subject else [])


class Tee:
    """A stream of the user's, without room for an attribute, that takes more than a text."""

    __slots__ = ("lines",)

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, text: str, level: int = 0) -> int:
        self.lines.append(f"{text}{level or ''}")
        return len(text)

    def flush(self) -> None: ...


class Roomy(Tee):
    pass


class Narrow(Tee):
    __slots__ = ()


@pytest.mark.parametrize("kind", [Tee, Roomy, Narrow])
def test_a_stream_of_the_users_is_heard_and_works_as_it_did(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    stream, other = kind(), kind()
    monkeypatch.setattr(sys, "stdout", stream)
    original = kind.write

    def log() -> None:
        print("one")
        assert sys.stdout.write("two", level=2) == 3  # type: ignore[call-arg]
        other.write("three")

    assert [change.detail for change in watched(log)] == ["'one'", "'two'"]
    assert stream.lines == ["one", "\n", "two2"] and other.lines == ["three"]
    assert kind.write is original and ("write" in vars(kind)) == (kind is Tee)


def test_one_stream_for_both_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Tee()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", stream)
    original = Tee.write
    assert watched(lambda: print("one"))
    assert Tee.write is original and stream.lines == ["one", "\n"]


def test_a_process_without_streams_has_none_to_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert not watched(lambda: print("nobody reads this"))


def refuse(*_: Any) -> Any:
    raise AssertionError("a method of the user's was called")


class Message:
    __str__ = __repr__ = refuse


class Text(str):
    __str__ = __repr__ = __len__ = strip = refuse  # type: ignore[assignment]


def test_a_message_is_not_asked_for_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None: ...

    log = logging.Logger("test", logging.INFO)
    log.addHandler(Kept())
    assert [change.detail for change in watched(lambda: log.info(Message()))] == ["'Message'"]
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert [change.detail for change in watched(lambda: sys.stdout.write(Text("words")))] == ["'words'"]
