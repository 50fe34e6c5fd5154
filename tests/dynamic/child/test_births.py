"""Variables are numbered as they are made, with their first values; a run can be given those of another run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.slow  # TensorFlow is imported


@pytest.fixture
def births(tf: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Begins to note what is made."""
    from hybridize.dynamic.child.births import Births

    begun: list[Any] = []

    def begin(given: Any = None, keep: bool = True) -> Any:
        while begun:
            begun.pop()._scope.__exit__(None, None, None)
        begun.append(Births(given or {}, keep))
        return begun[-1]

    yield begin
    while begun:
        begun.pop()._scope.__exit__(None, None, None)


@pytest.mark.parametrize(
    "array", [np.arange(6.0).reshape(2, 3), np.float32(3), np.array([True, False]), np.zeros((0, 2))]
)
def test_an_array_comes_over_the_line_as_it_was(tf: Any, array: Any) -> None:
    from hybridize.dynamic.child.births import decoded, encoded

    came = decoded(encoded(np.asarray(array)))
    np.testing.assert_array_equal(came, array)
    assert came.dtype == np.asarray(array).dtype and came.shape == np.shape(array) and came.flags.writeable


def test_variables_are_noted_in_the_order_in_which_they_are_made(tf: Any, births: Any) -> None:
    noted = births()
    tf.Variable([1.0, 2.0], name="one")
    tf.Variable(3, name="two")
    tf.Variable(tf.constant(["text"]), name="three")
    assert [(row["name"], row["dtype"], row["shape"]) for row in noted.rows] == [
        ("one", "float32", "(2,)"), ("two", "int32", "()"), ("three", "string", "(1,)"),
    ]  # fmt: skip
    assert ["value" in row for row in noted.rows] == [True, True, False], "a text is not handed on"
    assert all("value" not in row for row in noted_without(tf, births).rows)


def noted_without(tf: Any, births: Any) -> Any:
    noted = births(keep=False)
    tf.Variable(1.0)
    return noted


@pytest.mark.parametrize("library", ["keras", "tf_keras"])
def test_a_run_that_is_given_values_begins_with_them_and_draws_nothing(tf: Any, births: Any, library: str) -> None:
    import importlib

    keras = importlib.import_module(library)
    noted = births()
    dense = keras.layers.Dense(2)
    dense.build((None, 3))
    kernel = next(n for n, row in enumerate(noted.rows) if row["shape"] == "(3, 2)")
    first = dense.kernel.numpy()

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("the initializer was called")

    again = births({str(kernel): noted.rows[kernel]["value"]}, keep=False)
    other = keras.layers.Dense(2, kernel_initializer=refuse if library == "tf_keras" else "glorot_uniform")
    other.build((None, 3))
    np.testing.assert_array_equal(other.kernel.numpy(), first)
    assert len(again.rows) >= 2


def test_the_counter_of_our_own_stream_is_no_variable_of_the_scripts(tf: Any, births: Any) -> None:
    from hybridize.dynamic.child.streams import STREAM

    noted = births()
    tf.Variable(0, name=STREAM)
    tf.Variable(0, name="one")
    assert [row["name"] for row in noted.rows] == ["one"]


def test_with_more_than_so_many_bytes_no_more_values_are_kept(
    tf: Any, births: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hybridize.dynamic.child.births.MOST_BYTES", 10)
    noted = births()
    for _ in range(3):
        tf.Variable([1.0, 2.0])
    assert ["value" in row for row in noted.rows] == [True, False, False]


def test_a_variable_that_a_graph_makes_has_no_value_yet(tf: Any, births: Any) -> None:
    noted, held = births(), []

    @tf.function  # type: ignore[untyped-decorator]
    def build(x: Any) -> Any:
        if not held:
            held.append(tf.Variable(lambda: tf.ones(2), name="inner"))
        return x + held[0]

    build(tf.ones(2))
    assert [row["name"] for row in noted.rows] == ["inner"] and "value" not in noted.rows[0]
