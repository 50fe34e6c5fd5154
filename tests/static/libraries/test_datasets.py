"""What a data set yields, however it was made, and with what the functions are traced that it is given."""

from __future__ import annotations

import textwrap

import pytest
from laying import calls_of, function_in

from hybridize.static.ir.values import Box, Value

HEAD = """
import numpy as np
import tensorflow as tf
from somewhere import u
from tensorflow.data import Dataset

x, a, n = tf.ones([2]), np.ones([2]), 3
pairs = Dataset.from_tensor_slices((x, a))
table = Dataset.from_tensor_slices({"k": x, "l": [a, a]})
plain = Dataset.range(3)
"""


def shown(value: Value, depth: int = 0) -> str:
    """A value in words, with what it holds."""
    if not isinstance(value, Box) or depth > 4:
        return repr(value)
    parts = [f"{key!r}: {words(node.values, depth + 1)}" for key, node in sorted(value.fields.items(), key=str)]
    parts += [words(value.element.values, depth + 1)] if value.element.values else []
    return f"{value.kind}[{', '.join(parts)}]"


def words(values: tuple[Value, ...], depth: int = 0) -> str:
    return " | ".join(sorted(shown(value, depth) for value in values))


def yielded(expression: str, before: str = "") -> str:
    """What going over a data set gives, in words."""
    text = HEAD + textwrap.dedent(before) + f"\nfor item in {expression}:\n    found = item\n"
    return words(calls_of(text).program.cell("train", "found").values)


PAIR = "tuple[0: tensor, 1: tensor]"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("plain", "tensor"),
        ("pairs", PAIR),
        ("table", "dict['k': tensor, 'l': tensor, tensor]"),
        ("Dataset.from_tensors((x, (x, x)))", "tuple[0: tensor, 1: tuple[0: tensor, 1: tensor]]"),
        ("Dataset.from_tensor_slices(a)", "tensor"),
        ("Dataset.from_tensor_slices([1, 2])", "tensor"),
        # As it was, whatever is done with the order, the number and the size
        ("pairs.shuffle(9).repeat().batch(2).prefetch(1).take(3).skip(1).cache()", PAIR),
        ("pairs.filter(lambda p, q: True)", PAIR),
        ("pairs.concatenate(pairs)", PAIR),
        ("pairs.padded_batch(2).unbatch()", PAIR),
        # What a function makes of it
        ("plain.map(lambda p: (p, p))", PAIR),
        ("pairs.map(lambda p, q: p)", "tensor"),
        ("pairs.map(lambda p, q: {'k': (p, q)})", f"dict['k': {PAIR}, {PAIR}]"),
        ("plain.map(lambda p: 1)", "tensor"),
        ("plain.map(lambda p: [p, p])", "tensor"),
        ("plain.flat_map(lambda p: pairs)", PAIR),
        ("plain.interleave(lambda p: pairs, cycle_length=2)", PAIR),
        ("plain.apply(lambda d: d.map(lambda p: (p, p)))", PAIR),
        # Several together
        ("Dataset.zip((plain, pairs))", f"tuple[0: tensor, 1: {PAIR}]"),
        ("Dataset.zip(plain, pairs)", f"tuple[0: tensor, 1: {PAIR}]"),
        ("Dataset.zip({'k': plain})", "dict['k': tensor, tensor]"),
        ("zip(plain, pairs)", f"tuple[0: tensor, 1: {PAIR}]"),
        ("plain.enumerate()", PAIR),
        ("enumerate(plain)", "tuple[0: int, 1: tensor]"),
        # In other ways
        ("iter(pairs)", PAIR),
        ("pairs.as_numpy_iterator()", "tuple[0: array, 1: array]"),
        ("table.as_numpy_iterator()", "dict['k': array, 'l': array, array]"),
        ("tf.compat.v1.data.make_one_shot_iterator(pairs)", PAIR),
    ],
)
def test_what_a_data_set_yields(expression: str, expected: str) -> None:
    assert yielded(expression) == expected


@pytest.mark.parametrize("expression", ["u(pairs)", "u.data", "plain.map(u)", "pairs.whatever()"])
def test_of_what_nobody_knows_it_is_not_said_that_it_is_a_tensor_alone(expression: str) -> None:
    assert yielded(expression) != "tensor"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "expected"),
    [
        ("yield n, a", PAIR),
        ("yield {'k': a}", "dict['k': tensor, tensor]"),
        ("yield a", "tensor"),
    ],
)
def test_what_a_generator_yields_comes_as_tensors(make: str, expected: str) -> None:
    before = f"def make():\n    {make}\n"
    assert yielded("Dataset.from_generator(make, output_types=tf.float32)", before) == expected


# The functions


@pytest.mark.parametrize(
    ("call", "parameters"),
    [
        ("pairs.map(f)", ["tensor", "tensor"]),
        ("pairs.batch(2).map(f, num_parallel_calls=3)", ["tensor", "tensor"]),
        ("plain.map(g)", ["tensor"]),
        ("plain.filter(g)", ["tensor"]),
        ("pairs.filter(f)", ["tensor", "tensor"]),
        ("plain.flat_map(g)", ["tensor"]),
        ("plain.reduce(x, f)", ["tensor", "tensor"]),
        ("table.map(g)", ["dict['k': tensor, 'l': tensor, tensor]"]),
        ("plain.enumerate().map(f)", ["tensor", "tensor"]),
        ("Dataset.zip((plain, pairs)).map(f)", ["tensor", PAIR]),
    ],
)
def test_a_function_is_traced_with_what_the_data_set_yields(call: str, parameters: list[str]) -> None:
    program = calls_of(f"{HEAD}\ndef f(p, q): return p\ndef g(p): return p\n{call}\n").program
    code = function_in(program, "f" if len(parameters) == 2 else "g")
    assert [words(each.node.values) for each in code.parameters] == parameters
    assert {binding.mode for _, binding in code.callers} == {"graph"}


def test_a_generator_runs_in_python() -> None:
    text = f"{HEAD}\ndef make():\n    yield 1\nDataset.from_generator(make, tf.int32)\n"
    code = function_in(calls_of(text).program, "make")
    assert {binding.mode for _, binding in code.callers} == {"python"}
