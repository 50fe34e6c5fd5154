"""A file as its bytes, its text and its trees."""

from __future__ import annotations

import codecs

import pytest

from hybridize.rewrite.source import Source, Splice, dotted, parse, read


def parsed(raw: bytes) -> Source:
    source = parse("train.py", raw)
    assert isinstance(source, Source), source
    return source


@pytest.mark.parametrize(
    "raw",
    (
        b"",
        b"x = 1",
        b"x = 1\r\ny = 2\r\n",
        b"x = 1\ry = 2\r",
        b"x = 1\n\x0cy = 2\n",
        codecs.BOM_UTF8 + "x = 'é'\n".encode(),
        "# -*- coding: latin-1 -*-\nx = 'é'\n".encode("latin-1"),
    ),
)
def test_without_splices_a_file_is_the_same_to_the_byte(raw):
    assert parsed(raw).spliced(()) == raw


def test_splices_put_in_and_take_away_whatever_their_order():
    source = parsed(b"a = 1\nb = 2\nc = 3\n")
    later = Splice(12, 3, "d = 4\n")
    earlier = Splice(0, 1, "e = 5\n", end=6)
    assert source.spliced((later, earlier)) == b"e = 5\nb = 2\nd = 4\nc = 3\n"


def test_the_line_map_tells_where_each_line_stands_after_the_splices():
    source = parsed(b"a = 1\nb = 2\nc = 3\n")
    assert source.line_map(()) == (1, 2, 3)
    assert source.line_map((Splice(6, 2, "x = 0\ny = 0\n"),)) == (1, 4, 5)
    assert source.line_map((Splice(0, 2, "", end=6),)) == (1, 1, 2)


@pytest.mark.parametrize(
    ("raw", "line", "newline"),
    ((b"a\r\nb\n", 1, "\r\n"), (b"a\r\nb\n", 2, "\n"), (b"a\rb", 2, "\r"), (b"a", 1, "\n"), (b"", 1, "\n")),
)
def test_a_new_line_ends_as_those_around_it(raw, line, newline):
    assert parsed(raw).newline_at(line) == newline


def test_a_function_is_found_by_its_line_and_name():
    source = parsed(b"class A:\n    def f(self):\n        def g(): pass\n\nasync def f(): pass\n")
    found = source.find(3, "A.f.<locals>.g")
    assert found is not None and found.qualname == "A.f.g"
    asynchronous = source.find(5, "f#2")
    assert asynchronous is not None and asynchronous.is_async
    assert source.find(2, "f") is None
    assert source.find(4, "A.f") is None


@pytest.mark.parametrize(
    ("raw", "reason"),
    (
        (b"x = (\n", "train.py can't be parsed: "),
        (b"x = 'a\0b'\n", "train.py can't be parsed: "),
        (b"# -*- coding: nonsense -*-\n", "train.py can't be parsed: "),
        ("x = 'é'\n".encode("latin-1"), "train.py can't be parsed: "),
        (b"x = " + b"(" * 2000 + b")" * 2000, "train.py "),
    ),
)
def test_what_can_t_be_parsed_is_a_sentence_that_names_the_file(raw, reason):
    said = parse("train.py", raw)
    assert isinstance(said, str)
    assert said.startswith(reason)
    assert said.endswith(".")
    assert "Error" not in said


def test_a_file_that_is_not_there_is_a_sentence_too(tmp_path):
    said = read(tmp_path, "nowhere.py")
    assert isinstance(said, str)
    assert said.startswith("nowhere.py can't be read: ")


def test_a_chain_of_attributes_is_text_and_anything_else_is_not():
    import libcst as cst

    assert dotted(cst.parse_expression("tf.experimental.f")) == "tf.experimental.f"
    assert dotted(cst.parse_expression("tf.f()")) is None
