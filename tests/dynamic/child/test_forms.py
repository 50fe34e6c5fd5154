"""What arguments were, put together over the calls: a signature made of it admits them all."""

from __future__ import annotations

import collections
import types
from typing import Any

import numpy as np
import pytest

from hybridize.measure.costs import Length
from hybridize.measure.variants.input_signature import write_signature
from hybridize.records import (
    Action,
    Form,
    Function,
    FunctionKind,
    Judgement,
    Observation,
    ObservedParameter,
    Reason,
    Verdict,
)

pytestmark = pytest.mark.slow  # TensorFlow is imported

FUNCTION = Function("m:f", "m.py", 1, 2, "m", "f", FunctionKind.FUNCTION, None, (), (), (), Action.HYBRIDIZE, None)
Pair = collections.namedtuple("Pair", "first second")


def merged(*values: Any) -> Form:
    from hybridize.dynamic.child.forms import form_of, merge

    form = None
    for value in values:
        form = merge(form, form_of(value))
    assert form is not None
    return form


@pytest.fixture(scope="module")
def served(tf: Any) -> dict[str, tuple[Any, ...]]:
    """Values that one parameter is given in several calls, and that one signature can admit."""
    return {
        "one shape": (tf.ones([2, 3]), tf.zeros([2, 3])),
        "shapes that vary": (tf.ones([2, 3]), tf.zeros([5, 3])),
        "arrays and tensors": (np.ones((2, 3), "float32"), tf.zeros([2, 4])),
        "integers": (1, 7, -(2**40)),
        "floats": (0.5, 1, 1e-8),
        "a scalar array": (np.float32(1.5), np.float32(2.5)),
        "a float64 of NumPy": (np.float64(1.5), 2.5),
        "texts": (tf.constant("a"), np.array("b")),
        "ragged": (tf.ragged.constant([[1], [2, 3]]), tf.ragged.constant([[1], [2, 3], [4]])),
        "sparse": (tf.sparse.eye(3), tf.sparse.eye(4)),
        "a list": ([tf.ones(2), 0.5], [tf.ones(3), 0.25]),
        "a tuple of one": ((tf.ones(2),), (tf.ones(2),)),
        "nested": ({"a": (tf.ones(2), [1])}, {"a": (tf.ones(4), [2])}),
        "half precision": (tf.ones(2, tf.bfloat16), tf.ones(2, tf.bfloat16)),
    }


SERVED = (
    *("one shape", "shapes that vary", "arrays and tensors", "integers", "floats", "a scalar array"),
    *("a float64 of NumPy", "texts", "ragged", "sparse", "a list", "a tuple of one", "nested", "half precision"),
)


@pytest.mark.parametrize("name", SERVED)
def test_a_signature_of_what_was_seen_serves_all_of_it_by_one_trace(
    tf: Any, served: dict[str, tuple[Any, ...]], name: str
) -> None:
    values = served[name]
    seen = Observation(calls=9, parameters=(ObservedParameter("x", (), (), (), 9, merged(*values), 0),))
    text = write_signature(Judgement(FUNCTION, Verdict.REFUTED, (), seen), Length(9, True, ""))
    assert isinstance(text, str), text
    function = tf.function(lambda x: tf.nest.flatten(x, expand_composites=True)[0], input_signature=eval(text))
    for value in values:
        result = function(value)
        expected = tf.convert_to_tensor(tf.nest.flatten(value, expand_composites=True)[0], result.dtype)
        assert np.array_equal(result.numpy(), expected.numpy())
    assert function.experimental_get_tracing_count() == 1


def test_an_axis_is_unknown_only_where_it_varied(tf: Any) -> None:
    assert merged(tf.ones([2, 3, 4]), tf.ones([2, 5, 4]), tf.ones([2, 3, 4])).shape == (2, None, 4)


@pytest.fixture(scope="module")
def refused(tf: Any) -> dict[str, tuple[tuple[Any, ...], str]]:
    """Values that no signature can admit, and what the note must say."""
    return {
        "another dtype": ((tf.ones(2), tf.ones(2, tf.float64)), "dtype varies: float32, float64"),
        "another rank": ((tf.ones(2), tf.ones([2, 2])), "rank varies: 1, 2"),
        "none at times": ((tf.ones(2), None), "None in some calls"),
        "a tensor for a number": ((0.5, tf.constant(0.5)), "a number in some calls and a tensor in others"),
        "a flag for a number": ((True, 2), "a Python bool in some calls and a int in others"),
        "another length": (([1, 2], [1, 2, 3]), "items are not always the same"),
        "a long list": ((list(range(100)),), "a list of 100 items"),
        "an empty list": (([],), "a list of 0 items"),
        "a variable": ((tf.Variable(1.0),), "a variable"),
        "variables in a list": (([tf.Variable(1.0)],), "a list that holds a variable"),
        "an object": ((types.SimpleNamespace(),), "an object of SimpleNamespace"),
        "a text": (("adam",), "a Python string"),
        # It would come out as a plain tuple, without the names.
        "a named tuple": ((Pair(1.0, 2.0),), "an object of Pair"),
        "an array of objects": ((np.array([object()]),), "an array of object"),
        "keys that are no texts": (({1: 2.0},), "keys are not strings"),
    }


def test_what_no_signature_admits_is_said_so(refused: dict[str, tuple[tuple[Any, ...], str]]) -> None:
    for name, (values, words) in refused.items():
        form = merged(*values)
        assert (form.kind, words in form.note) == ("other", True), (name, form)
        seen = Observation(calls=9, parameters=(ObservedParameter("x", (), (), (), 9, form, 0),))
        judgement = Judgement(FUNCTION, Verdict.REFUTED, (), seen)
        assert isinstance(write_signature(judgement, Length(9, True, "")), Reason), name


def test_numbers_that_change_are_told_from_those_that_do_not(tf: Any) -> None:
    assert not merged(0.5, 0.5).varies
    assert merged(0.5, 0.25, 0.5).varies
    assert merged([1.0, 2], [1.0, 3]).items[1][1].varies


def test_what_was_given_is_placed_as_tf_function_places_it(tf: Any) -> None:
    from hybridize.dynamic.child.forms import Arguments

    class Trainer:
        def step(self, x: Any, y: Any = 1, *rest: Any, flag: Any = None) -> None: ...

        @classmethod
        def made(cls, x: Any) -> None: ...

    arguments = Arguments(Trainer.step)
    arguments.note({"self": Trainer(), "x": 1, "y": 2})
    arguments.note({"self": Trainer(), "x": 1, "flag": True})
    assert [arguments.of(name)["position"] for name in ("self", "x", "y", "flag")] == [None, 0, 1, None]
    assert [arguments.of(name)["in_every_call"] for name in ("x", "y", "flag")] == [True, False, False]
    assert Arguments(Trainer.made.__func__).of("x")["position"] is None


def test_a_form_comes_over_the_line_as_it_was(tf: Any) -> None:
    import json
    from dataclasses import asdict

    from hybridize.dynamic.parent.judging import _form

    form = merged({"a": (tf.ones([2, 3]), [1])}, {"a": (tf.ones([4, 3]), [2])})
    assert _form(json.loads(json.dumps(asdict(form)))) == form
