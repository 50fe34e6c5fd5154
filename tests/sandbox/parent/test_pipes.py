from __future__ import annotations

import os

import pytest

from hybridize.sandbox.parent.pipes import pieces, pipes


def is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def test_ends_that_nobody_takes_are_closed():
    with pipes(2) as (one, other):
        ends = (one.read, one.write, other.read, other.write)
        assert all(map(is_open, ends))
        taken = one.take_read()
    assert [is_open(fd) for fd in ends] == [True, False, False, False]
    os.close(taken)


def test_all_are_closed_where_something_fails():
    with pytest.raises(ZeroDivisionError), pipes(1) as (made,):
        ends = (made.read, made.write)
        raise ZeroDivisionError
    assert not any(map(is_open, ends))


def test_what_was_written_is_read_to_its_end():
    with pipes(1) as (made,):
        os.write(made.write, b"one")
        os.write(made.write, b"two")
        reading = made.take_read()
    assert b"".join(pieces(reading)) == b"onetwo" and not is_open(reading)


def test_a_reader_that_does_not_read_holds_nobody_up():
    with pipes(1) as (made,):
        writing = made.take_write()
        with pytest.raises(BlockingIOError):
            for _ in range(1000):
                os.write(writing, bytes(1 << 16))
        os.close(writing)
