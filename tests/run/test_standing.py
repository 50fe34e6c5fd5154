"""The code as it stands: what is decorated in it, and its files with and without these decorators."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybridize.records import Edit, Function
from hybridize.run.standing import Standing, decorated, stand, variant_of
from hybridize.static import scan

PROGRAM = """\
import tensorflow as tf


@tf.function
def f(x):
    return x


@tf.function(
    jit_compile=True,
)
def g(x):
    return f(x)


def h(x):
    return x


hybrid = tf.function(h)
hybrid(g(tf.ones([2])))
"""


@pytest.fixture
def functions(tmp_path: Path) -> dict[str, Function]:
    (tmp_path / "train.py").write_text(PROGRAM)
    return {function.qualname: function for function in decorated(scan(tmp_path, tmp_path / "train.py"))}


def edit(function: Function) -> Edit:
    return Edit(function.id, function.file, function.line, function.qualname)


def content(standing: Standing, root: Path, *functions: Function) -> str:
    files, refused = standing.edit(root, [edit(function) for function in functions])
    assert not refused
    return files[0].after.decode()


def test_functions_are_decorated_where_a_decorator_stands_above_them(functions: dict[str, Function]) -> None:
    assert set(functions) == {"f", "g"}


def test_the_eager_form_lacks_the_decorators_in_question_and_no_line_moves(
    functions: dict[str, Function], tmp_path: Path
) -> None:
    (bare,) = stand(tmp_path, functions.values()).eager
    assert b"@tf.function" not in bare.after and b"tf.function(h)" in bare.after
    assert bare.after.count(b"\n") == PROGRAM.count("\n")
    (only,) = stand(tmp_path, [functions["g"]]).eager
    assert only.after.count(b"@tf.function") == 1


def test_with_all_decorators_on_it_is_the_code_as_it_stands_to_the_byte(
    functions: dict[str, Function], tmp_path: Path
) -> None:
    standing = stand(tmp_path, functions.values())
    assert content(standing, tmp_path, *functions.values()) == PROGRAM
    files, _ = standing.edit(tmp_path, [edit(functions["g"])])
    assert files[0].after.count(b"@tf.function") == 1 and b"jit_compile" in files[0].after
    assert files[0].def_lines == {"train:g": functions["g"].line}
    assert files[0].before == standing.eager[0].after


def test_what_is_not_in_question_can_not_be_decorated(functions: dict[str, Function], tmp_path: Path) -> None:
    standing = stand(tmp_path, [functions["f"]])
    files, refused = standing.edit(tmp_path, [edit(functions["g"])])
    assert files == () and "train:g is not decorated" in refused["train:g"].message


def test_a_decorator_that_can_not_be_taken_off_stays_and_that_is_said(
    functions: dict[str, Function], tmp_path: Path
) -> None:
    (tmp_path / "train.py").write_text(PROGRAM.replace("@tf.function\n", "@tf.function\n@tf.function\n"))
    found = {each.qualname: each for each in decorated(scan(tmp_path, tmp_path / "train.py"))}
    standing = stand(tmp_path, found.values())
    assert set(standing.functions) == {"train:g"} and set(standing.kept) == {"train:f"}


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("@tf.function", ()),
        ("@tf.function(jit_compile=True, autograph=False)", (("jit_compile", "True"), ("autograph", "False"))),
        ("@functools.partial(tf.function, reduce_retracing=True)", (("reduce_retracing", "True"),)),
        ("@tf.function(**options)", ()),
        ("@compiled (tf.function)", ()),
        ("tf.function(", ()),
    ],
)
def test_a_variant_has_the_arguments_of_the_decorator(text: str, arguments: tuple[tuple[str, str], ...]) -> None:
    assert variant_of(text).arguments == arguments
