"""What a child prints is kept within bounds, and the bounds cost nothing that matters."""

from __future__ import annotations

import pytest

from hybridize.sandbox.parent import output
from hybridize.sandbox.parent.output import Lines, Log

pytestmark = pytest.mark.slow


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(output, "HEAD_BYTES", 10)
    monkeypatch.setattr(output, "TAIL_BYTES", 5)
    monkeypatch.setattr(output, "LINES_KEPT", 3)
    monkeypatch.setattr(output, "LINE_LENGTH", 4)


def log_of(path, *chunks: bytes) -> bytes:
    log = Log(path)
    for chunk in chunks:
        log.write(chunk)
    log.close()
    log.write(b"too late")
    return path.read_bytes()


def test_a_log_holds_what_was_written(tmp_path):
    assert log_of(tmp_path / "log", b"one\n", b"", b"two\xff") == b"one\ntwo\xff"


def test_a_log_keeps_the_beginning_and_the_end(tmp_path, small):
    # The end is where the traceback is.
    written = log_of(tmp_path / "log", *[b"%d" % (number % 10) for number in range(1003)])
    assert written == b"0123456789\n[hybridize: 988 bytes are left out here]\n89012"


def test_a_log_with_little_more_than_its_bounds_leaves_nothing_out(tmp_path, small):
    assert log_of(tmp_path / "log", b"0123456789", b"abcde") == b"0123456789abcde"


def test_a_log_on_a_full_disk_is_lost_without_harm():
    log = Log(__import__("pathlib").Path("/dev/full"))
    log.write(b"text")
    log.close()


def lines_of(*chunks: bytes) -> tuple[list[str], int]:
    lines = Lines()
    for chunk in chunks:
        lines.write(chunk)
    lines.close()
    return lines.kept, lines.dropped


@pytest.mark.parametrize(
    ("chunks", "kept"),
    [
        ([], []),
        ([b"one\ntwo\n"], ["one", "two"]),
        ([b"o", b"ne\nt", b"wo"], ["one", "two"]),
        ([b"\n\n"], ["", ""]),
        ([b"caf\xc3\xa9\n", b"\xff\n"], ["café", "\ufffd"]),
        ([b"10%\r20%\r30%\n"], ["10%\r20%\r30%"]),
    ],
)
def test_lines_are_put_together(chunks, kept):
    assert lines_of(*chunks) == (kept, 0)


def test_long_lines_are_cut(small):
    assert lines_of(b"abcdefgh\n", b"ab", b"cd", b"ef\n", b"x") == (["abcd", "abcd", "x"], 0)


def test_lines_beyond_a_number_are_counted(small):
    assert lines_of(b"1\n2\n", b"3\n4\n", b"5\n", b"6", b"7\n", b"8") == (["1", "2", "3"], 4)


def test_memory_is_bounded_whatever_is_written(small):
    lines = Lines()
    for _ in range(1000):
        lines.write(b"x" * 1000)
    assert len(lines._pending) <= 4
