"""Takes off the decorators that make graphs, and moves no line."""

from __future__ import annotations

import ast

import pytest

from hybridize.rewrite.undecorate import Worn, take_off


def bare(source: str, text: str = "@tf.function", name: str = "f") -> tuple[str, dict[str, str]]:
    tree = ast.parse(source)
    line = next(node.lineno for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name)
    after, missed = take_off("m.py", source.encode(), [Worn(name, line, text)])
    return after.decode(), missed


@pytest.mark.parametrize(
    ("source", "text", "expected"),
    [
        ("@tf.function\ndef f(x):\n    return x\n", "@tf.function", "\ndef f(x):\n    return x\n"),
        ("@tf.function  # hot\ndef f(x): return x\n", "@tf.function", "  # hot\ndef f(x): return x\n"),
        (
            "@tf.function(\n    jit_compile=True,\n)\ndef f(x): 1\n",
            "@tf.function(jit_compile=True)",
            "\n\n\ndef f(x): 1\n",
        ),
        ("@a\n@tf.function\n@b\ndef f(x): 1\n", "@tf.function", "@a\n\n@b\ndef f(x): 1\n"),
        ("class A:\n    @tf.function\n    def f(self): 1\n", "@tf.function", "class A:\n    \n    def f(self): 1\n"),
        ("@ (tf.function )\ndef f(x): 1\n", "@tf.function", "\ndef f(x): 1\n"),
        ("@tf . function\r\ndef f(x): 1\r\n", "@tf.function", "\r\ndef f(x): 1\r\n"),
        (
            "ü = 'é'\n@tf.function(autograph='é')\ndef f(x): 1\n",
            "@tf.function(autograph='é')",
            "ü = 'é'\n\ndef f(x): 1\n",
        ),
        ("\ufeff@tf.function\ndef f(x): 1\n", "@tf.function", "\ufeff\ndef f(x): 1\n"),
        (
            "@functools.partial(tf.function, jit_compile=True)\ndef f(x): 1\n",
            "@functools.partial(tf.function, jit_compile=True)",
            "\ndef f(x): 1\n",
        ),
    ],
)
def test_the_decorator_goes_and_every_line_stays_where_it_was(source: str, text: str, expected: str) -> None:
    tree = ast.parse(source.encode())
    line = next(node.lineno for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    after, missed = take_off("m.py", source.encode(), [Worn("f", line, text)])
    assert (after.decode(), missed) == (expected, {})


def test_only_the_functions_that_are_named_lose_theirs() -> None:
    source = "@tf.function\ndef f(x): 1\n@tf.function\ndef g(x): 1\n"
    assert bare(source) == ("\ndef f(x): 1\n@tf.function\ndef g(x): 1\n", {})


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("def f(x): 1\n", "@tf.function"),
        ("@other\ndef f(x): 1\n", "@tf.function"),
        ("@tf.function\n@tf.function\ndef f(x): 1\n", "@tf.function"),
        ("@tf.function\\\n\ndef f(x): 1\n", "@other"),
    ],
)
def test_what_is_not_there_is_not_taken_off_and_that_is_said(source: str, text: str) -> None:
    after, missed = bare(source, text)
    assert after == source and "@" in missed["f"]


def test_a_file_that_no_longer_parses_is_left_alone() -> None:
    after, missed = take_off("m.py", b"def f(:\n", [Worn("f", 1, "@tf.function")])
    assert after == b"def f(:\n" and "can't be parsed" in missed["f"]
