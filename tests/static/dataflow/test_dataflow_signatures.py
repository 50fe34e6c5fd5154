"""Which of a function's parameters an argument is for."""

from __future__ import annotations

from random_programs import solved

from hybridize.static.dataflow.signatures import Signature


def test_each_kind_of_parameter_has_its_positions(tmp_path):
    program = solved(tmp_path, "def f(a, /, b, *c, d=1, **e):\n    return a\n")
    signature = Signature(next(code for code in program.functions if code.name == "f"))
    assert signature.positional == [0, 1]
    assert (signature.rest, signature.extra) == (2, 4)
    assert set(signature.names) == {"a", "b", "d"} and signature.names["d"] == 3


def test_without_stars_nothing_more_is_taken(tmp_path):
    program = solved(tmp_path, "def f(a, b):\n    return a\n")
    signature = Signature(next(code for code in program.functions if code.name == "f"))
    assert (signature.rest, signature.extra) == (None, None)
