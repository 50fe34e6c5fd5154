"""Where an error comes of a refused connection, whatever a library has made of it."""

from __future__ import annotations

import pytest

from hybridize.sandbox.child.refusal import RefusedConnection, refused_place

REFUSED = RefusedConnection("host:80", "does not allow this run to connect to host:80")


class Wrapped(Exception):
    def __init__(self, reason: BaseException) -> None:
        super().__init__("retries are over")
        self.reason = reason


def raised(error: BaseException, cause: BaseException | None = None, context: BaseException | None = None):
    error.__cause__, error.__context__ = cause, context
    return error


@pytest.mark.parametrize(
    "error",
    [
        REFUSED,
        raised(RuntimeError("x"), cause=REFUSED),
        raised(RuntimeError("x"), context=raised(KeyError("y"), context=REFUSED)),
        ValueError(REFUSED),
        Wrapped(Wrapped(REFUSED)),
        ExceptionGroup("both", [KeyError("x"), REFUSED]),
        OSError(f"Multiple exceptions: {REFUSED}, {REFUSED}"),
        # What a script makes of the number that `connect_ex` gives.
        ConnectionRefusedError(111, "Connection refused"),
    ],
)
def test_what_comes_of_a_refusal_is_known(error, monkeypatch):
    monkeypatch.setattr(RefusedConnection, "places", {"host:80": None})
    assert refused_place(error) == "host:80"


@pytest.mark.parametrize("error", [None, KeyError("x"), ConnectionResetError(104, "Connection reset by peer")])
def test_another_error_is_another_error(error):
    assert refused_place(error) is None


def test_where_nothing_was_refused_a_refused_connection_is_the_script_s_own(monkeypatch):
    monkeypatch.setattr(RefusedConnection, "places", {})
    assert refused_place(ConnectionRefusedError(111, "Connection refused")) is None


def test_errors_that_hold_each_other_are_looked_at_once():
    one, other = ValueError("x"), ValueError("y")
    one.__cause__, other.__cause__ = other, one
    assert refused_place(one) is None


def test_the_error_is_one_that_scripts_know_and_names_the_option():
    assert isinstance(REFUSED, ConnectionError)
    assert REFUSED.filename == "host:80" and "--network allow" in str(REFUSED)


def test_each_refusal_is_counted_also_one_that_the_script_catches():
    before = RefusedConnection.made
    RefusedConnection("host:80", "x")
    assert RefusedConnection.made == before + 1
