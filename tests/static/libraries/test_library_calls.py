"""What functions of libraries and of Python give for their arguments: seen by a function that is handed it."""

from __future__ import annotations

import pytest

from hybridize.records import ParameterKind

TENSOR, ARRAY, SCALAR = ParameterKind.TENSOR, ParameterKind.ARRAY, ParameterKind.SCALAR
CONTAINER, UNKNOWN = ParameterKind.CONTAINER, ParameterKind.UNKNOWN

#: `x` is a tensor, `a` an array, `n` a number, `u` unknown, `data` a dataset of pairs of tensors.
NAMES = """
from somewhere import u
import functools, itertools
import tensorflow_datasets as tfds
x, a, n = tf.ones([2]), np.ones([2]), 3
data = tf.data.Dataset.from_tensor_slices((x, x))
box = {"k": x, "l": n}
"""

GIVEN = (
    # arrays
    ("np.zeros(3)", ARRAY),
    ("np.mean(a)", ARRAY),
    ("np.prod(x.shape)", SCALAR),
    ("np.sqrt(2.0)", SCALAR),
    ("np.where(a > 0, a, a)", ARRAY),
    ("np.where(a > 0)", CONTAINER),
    ("np.where(a > 0)[0]", ARRAY),
    ("tf.keras.datasets.mnist.load_data()[0][1]", ARRAY),
    # Python's functions
    ("next(iter([x]))", TENSOR),
    ("tuple(zip([x], [n]))[0][1]", SCALAR),
    ("[v for _, v in enumerate([x])][0]", TENSOR),
    ("list(map(lambda v: x, [n]))[0]", TENSOR),
    ("list(filter(None, [x]))[0]", TENSOR),
    ("functools.reduce(lambda p, q: p + q, [x, x])", TENSOR),
    ("sum([x, x])", TENSOR),
    ("max(n, 4)", SCALAR),
    ("dict(k=x)['k']", TENSOR),
    ("list(itertools.chain([x], [x]))[0]", TENSOR),
    ("functools.partial(tf.add, x)(x)", TENSOR),
    ("getattr(x, 'shape')[0]", SCALAR),
    ("range(3)[0]", SCALAR),
    ("isinstance(x, int)", SCALAR),
    # containers
    ("box['k']", TENSOR),
    ("box.get('l')", SCALAR),
    ("box.pop('k')", TENSOR),
    ("list(box.keys())[0]", SCALAR),
    ("[x].pop()", TENSOR),
    ("[x].copy()[0]", TENSOR),
    ("[v for k, v in {'k': x}.items()][0]", TENSOR),
    # datasets
    ("next(iter(data))[0]", TENSOR),
    ("next(iter(data.batch(2).repeat()))[1]", TENSOR),
    ("next(iter(data.map(lambda p, q: {'k': p})))['k']", TENSOR),
    ("next(iter(data.enumerate()))[1][0]", TENSOR),
    ("next(iter(tf.data.Dataset.zip((data, data))))[0][0]", TENSOR),
    ("next(data.as_numpy_iterator())[0]", ARRAY),
    ("next(iter(tfds.load('a', split='train', as_supervised=True)))[0]", TENSOR),
    ("next(iter(tfds.load('a', split=['train', 'test'], as_supervised=True)[0]))[0]", TENSOR),
    ("next(iter(tfds.load('a', as_supervised=True)['train']))[0]", TENSOR),
    ("next(iter(tfds.load('a', split='train')))['image']", TENSOR),
    ("tfds.load('a', split='train', with_info=True)[1]", UNKNOWN),
    # TensorFlow
    ("tf.nn.moments(x, [0])[0]", TENSOR),
    ("tf.cond(x > 0, lambda: x, lambda: x)", TENSOR),
    ("tf.map_fn(lambda v: v, x)", TENSOR),
    ("tf.while_loop(lambda i: i < 3, lambda i: i + 1, [x])[0]", TENSOR),
    ("tf.nest.map_structure(lambda v: v, x)", TENSOR),
    ("tf.nest.map_structure(lambda v: v, [x])[0]", TENSOR),
    ("tf.nest.map_structure(lambda v: v, u)", UNKNOWN),
    ("tf.io.parse_single_example(x, {})['k']", TENSOR),
    ("u(x)", UNKNOWN),
)


@pytest.mark.slow
@pytest.mark.parametrize(("expression", "kind"), GIVEN, ids=[expression for expression, _ in GIVEN])
def test_it_gives(script, expression, kind):
    function = script(f"{NAMES}\ndef f(v):\n    return v\nf({expression})\n").function("f")
    assert function.parameters[0].kind is kind
