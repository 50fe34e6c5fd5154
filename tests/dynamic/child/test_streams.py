"""One random stream: eager and graph draw the same numbers, to the bit, whatever draws them and wherever."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.slow  # TensorFlow is imported

Draw = Callable[[Any], Any]


def draws(tf: Any) -> dict[str, Draw]:
    """All that draws from TensorFlow's own state, by name; each takes a float32 tensor of shape (4, 6)."""

    def samples(sampler: Callable[..., Any], number: int, unique: bool, classes: int, **more: Any) -> Any:
        true = tf.constant([[3, 4], [0, 49]], tf.int64)
        sampled, expected, chances = sampler(true, 2, number, unique, classes, **more)
        return tf.concat([tf.cast(sampled, tf.float32), tf.reshape(expected, [-1]), chances], axis=0)

    words = tf.constant([[1], [2], [3], [4]], tf.int64)

    def image() -> Any:
        return tf.reshape(tf.range(2.0 * 11 * 13 * 3), (2, 11, 13, 3))

    return {
        "normal": lambda x: tf.random.normal((3,)),
        "normal with a seed": lambda x: tf.random.normal((3,), seed=5),
        "normal of a tensor's shape": lambda x: tf.random.normal(tf.shape(x)),
        "normal in double precision": lambda x: tf.random.normal((3,), dtype=tf.float64),
        "normal in half precision": lambda x: tf.random.normal((3,), dtype=tf.float16),
        "truncated normal": lambda x: tf.random.truncated_normal((3,)),
        "uniform": lambda x: tf.random.uniform((3,)),
        "uniform between bounds": lambda x: tf.random.uniform((3,), -2.0, tf.reduce_sum(x) + 100.0),
        "uniform integers": lambda x: tf.random.uniform((9,), 0, 100, tf.int32),
        "uniform long integers": lambda x: tf.random.uniform((9,), 0, 100, tf.int64),
        "shuffle": lambda x: tf.random.shuffle(tf.range(20)),
        "categorical": lambda x: tf.random.categorical(x, 5),
        "categorical in int32": lambda x: tf.random.categorical(x, 5, dtype=tf.int32),
        "gamma": lambda x: tf.random.gamma((2,), tf.abs(x) + 1.0),
        "gamma with a rate": lambda x: tf.random.gamma((2,), [0.5, 1.5], beta=4.0),
        "poisson": lambda x: tf.random.poisson((2,), tf.abs(x) + 1.0),
        "dropout": lambda x: tf.nn.dropout(x, 0.4),
        "dropout of a noise shape": lambda x: tf.nn.dropout(x, 0.4, noise_shape=(4, 1)),
        "experimental dropout": lambda x: tf.nn.experimental.general_dropout(
            x, 0.4, lambda shape, dtype: tf.random.uniform(shape, dtype=dtype)
        ),
        "an image flipped": lambda x: tf.image.random_flip_left_right(tf.reshape(x, (4, 6, 1))),
        "an image's brightness": lambda x: tf.image.random_brightness(tf.reshape(x, (4, 6, 1)), 0.3),
        "an image cropped": lambda x: tf.image.random_crop(tf.reshape(x, (4, 6, 1)), (2, 2, 1)),
        "an initializer of TensorFlow's": lambda x: tf.compat.v1.glorot_uniform_initializer()((4, 4)),
        "the old names": lambda x: tf.compat.v1.random_normal((3,)) + tf.compat.v1.random_uniform((3,)),
        "noise by a log-uniform law": lambda x: samples(tf.random.log_uniform_candidate_sampler, 5, False, 50),
        "distinct noise by a log-uniform law": lambda x: samples(tf.random.log_uniform_candidate_sampler, 9, True, 50),
        "noise by a uniform law": lambda x: samples(tf.random.uniform_candidate_sampler, 5, False, 50),
        "distinct noise by a uniform law": lambda x: samples(tf.random.uniform_candidate_sampler, 50, True, 50),
        "noise by a learned law": lambda x: samples(tf.random.learned_unigram_candidate_sampler, 5, True, 50),
        "noise by a given law": lambda x: samples(
            tf.random.fixed_unigram_candidate_sampler, 5, True, 50, unigrams=list(range(1, 51)), distortion=0.75
        ),
        "noise of which some is reserved": lambda x: samples(
            tf.random.fixed_unigram_candidate_sampler, 3, False, 50, unigrams=[1.0, 2.0] * 24, num_reserved_ids=2
        ),
        "the loss of words by noise": lambda x: tf.nn.nce_loss(
            tf.reshape(tf.range(60.0), (10, 6)) / 60.0, tf.zeros(10), words, x, 4, 10
        ),
        "the loss of sampled classes": lambda x: tf.nn.sampled_softmax_loss(
            tf.reshape(tf.range(60.0), (10, 6)) / 60.0, tf.zeros(10), words, x, 4, 10
        ),
        "a part of an image": lambda x: tf.image.sample_distorted_bounding_box(
            (40, 60, 3), tf.zeros((0, 0, 4)), use_image_if_no_bounding_boxes=True
        )[2],
        "the largest of drawn regions": lambda x: tf.nn.fractional_max_pool(image(), (1.0, 1.44, 1.73, 1.0))[0],
        "the largest of overlapping regions": lambda x: tf.nn.fractional_max_pool(
            image(), (1.0, 1.44, 1.73, 1.0), overlapping=True
        )[0],
        "the means of drawn regions": lambda x: tf.nn.fractional_avg_pool(image(), (1.0, 1.44, 1.73, 1.0))[0],
        "several at once": lambda x: tf.nn.dropout(tf.random.normal((3,)) + tf.random.uniform((3,)), 0.5),
    }


NAMES = (
    "normal", "normal with a seed", "normal of a tensor's shape", "normal in double precision",
    "normal in half precision", "truncated normal", "uniform", "uniform between bounds", "uniform integers",
    "uniform long integers", "shuffle", "categorical", "categorical in int32", "gamma", "gamma with a rate", "poisson",
    "dropout", "dropout of a noise shape", "experimental dropout", "an image flipped", "an image's brightness",
    "an image cropped", "an initializer of TensorFlow's", "the old names", "noise by a log-uniform law",
    "distinct noise by a log-uniform law", "noise by a uniform law", "distinct noise by a uniform law",
    "noise by a learned law", "noise by a given law", "noise of which some is reserved", "the loss of words by noise",
    "the loss of sampled classes", "a part of an image", "the largest of drawn regions",
    "the largest of overlapping regions", "the means of drawn regions", "several at once",
)  # fmt: skip


@pytest.fixture
def x(tf: Any) -> Any:
    return tf.constant(np.random.default_rng(0).normal(size=(4, 6)), tf.float32)


def same_three_times(streams: Any, function: Draw, graph: Any, x: Any) -> list[Any]:
    """Three calls of each from one state of the stream; returns eager's results."""
    counter = _counter(streams)
    counter.assign(0)
    eager = [np.asarray(function(x)) for _ in range(3)]
    after = int(counter.numpy())
    counter.assign(0)
    traced = [np.asarray(graph(x)) for _ in range(3)]
    assert int(counter.numpy()) == after, "both have drawn as often"
    for one, other in zip(eager, traced, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    return eager


def _counter(streams: Any) -> Any:
    import tensorflow as tf

    tf.random.normal(())  # the counter is made by the first draw
    return streams._counters[threading.get_ident()][0]


def test_the_table_of_names_is_whole(tf: Any) -> None:
    assert tuple(draws(tf)) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_eager_and_graph_draw_the_same(tf: Any, one_stream: Any, x: Any, name: str) -> None:
    function = draws(tf)[name]
    eager = same_three_times(one_stream, function, tf.function(function), x)
    if "image" not in name or "crop" not in name:
        assert any(not np.array_equal(eager[0], other) for other in eager[1:]), "every call draws anew"


@pytest.mark.parametrize("name", NAMES)
def test_what_is_drawn_has_the_shape_and_dtype_that_it_had(tf: Any, x: Any, name: str, request: Any) -> None:
    function = draws(tf)[name]
    expected = function(x)
    request.getfixturevalue("one_stream")
    drawn = function(x)
    assert (drawn.shape, drawn.dtype) == (expected.shape, expected.dtype)


def test_numbers_keep_their_distribution(tf: Any, one_stream: Any) -> None:
    n = 20_000
    close = pytest.approx
    assert float(tf.reduce_mean(tf.random.normal((n,), 3.0, 2.0))) == close(3.0, abs=0.1)
    assert float(tf.math.reduce_std(tf.random.normal((n,), 3.0, 2.0))) == close(2.0, abs=0.1)
    assert float(tf.reduce_max(tf.abs(tf.random.truncated_normal((n,))))) <= 2.0
    assert float(tf.reduce_mean(tf.random.uniform((n,), 1.0, 3.0))) == close(2.0, abs=0.05)
    assert set(tf.random.uniform((n,), 2, 5, tf.int32).numpy()) == {2, 3, 4}
    assert sorted(tf.random.shuffle(tf.range(100)).numpy()) == list(range(100))
    share = tf.reduce_mean(tf.cast(tf.random.categorical([[0.0, float(np.log(3.0))]], n), tf.float32))
    assert float(share) == close(0.75, abs=0.02)
    assert float(tf.reduce_mean(tf.random.gamma((n,), 2.0, beta=4.0))) == close(0.5, abs=0.03)
    assert float(tf.reduce_mean(tf.random.poisson((n,), 3.0))) == close(3.0, abs=0.1)
    assert float(tf.reduce_mean(tf.nn.dropout(tf.ones(n), 0.3))) == close(1.0, abs=0.03)


def test_inside_of_a_loop_that_is_traced_once(tf: Any, one_stream: Any, x: Any) -> None:
    def walk(x: Any) -> Any:
        for _ in tf.range(5):
            x = tf.nn.dropout(x + tf.random.normal(tf.shape(x)), 0.3)
        return x

    same_three_times(one_stream, walk, tf.function(walk), x)


def test_inside_of_a_loop_over_a_data_set(tf: Any, one_stream: Any, x: Any) -> None:
    data = tf.data.Dataset.range(4)
    inner = tf.function(lambda y: tf.nn.dropout(y, 0.4))

    def noisy(x: Any) -> Any:
        for _ in data:
            # No sum: a graph rounds it another way.
            x = tf.maximum(x, tf.maximum(tf.random.normal((6,)), inner(tf.ones_like(x))))
        return x

    same_three_times(one_stream, noisy, tf.function(noisy), x)


def test_inside_of_a_branch_on_a_tensor(tf: Any, one_stream: Any, x: Any) -> None:
    def fork(x: Any) -> Any:
        if tf.random.uniform(()) > 0.5:
            y = x + tf.random.normal(tf.shape(x))
        else:
            y = x - tf.random.uniform(tf.shape(x))
        return y

    same_three_times(one_stream, fork, tf.function(fork), x)


def test_inside_of_a_nested_graph_function_and_a_gradient(tf: Any, one_stream: Any, x: Any) -> None:
    inner = tf.function(lambda y: tf.nn.dropout(y, 0.5))

    def step(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(inner(x) ** 2) + tf.reduce_sum(tf.random.normal((2,)) * x[0, 0])
        return tape.gradient(loss, x)

    same_three_times(one_stream, step, tf.function(step), x)


def test_map_and_scan_draw_once_for_each_element(tf: Any, one_stream: Any, x: Any) -> None:
    def each(x: Any) -> Any:
        return tf.map_fn(lambda row: row + tf.random.normal(()), x)

    result = same_three_times(one_stream, each, tf.function(each), x)[0] - x.numpy()
    assert len({round(float(row[0]), 5) for row in result}) == 4


@pytest.mark.parametrize("layer", ["Dropout", "SpatialDropout1D", "GaussianNoise", "GaussianDropout", "AlphaDropout"])
def test_keras_layers_draw_from_variables_that_can_be_put_back(tf: Any, one_stream: Any, x: Any, layer: str) -> None:
    """Keras 3 keeps the state of its generators in variables; no stream stands in for them."""
    import keras

    noisy = getattr(keras.layers, layer)(0.4)
    data = tf.reshape(x, (2, 2, 6))
    noisy(data, training=True)
    states = noisy.variables
    before = [state.numpy() for state in states]
    assert before, "it keeps its state in a variable"
    eager = [noisy(data, training=True).numpy() for _ in range(3)]
    for state, value in zip(states, before, strict=True):
        state.assign(value)
    graph = tf.function(lambda y: noisy(y, training=True))
    for value in eager:
        np.testing.assert_array_equal(graph(data), value)


def test_a_generator_of_tensorflows_keeps_its_own_numbers(tf: Any, one_stream: Any) -> None:
    expected = tf.random.Generator.from_seed(3).normal((4,)).numpy()
    generator = tf.random.Generator.from_seed(3)
    np.testing.assert_array_equal(tf.function(lambda: generator.normal((4,)))(), expected)


def test_stateless_draws_are_left_alone(tf: Any, request: Any) -> None:
    expected = tf.random.stateless_normal((4,), (1, 2)).numpy()
    request.getfixturevalue("one_stream")
    np.testing.assert_array_equal(tf.random.stateless_normal((4,), (1, 2)), expected)


def test_pipelines_are_left_alone(tf: Any, request: Any) -> None:
    """A data set's functions run in threads of their own, where the order of draws would be chance."""

    def elements() -> list[float]:
        tf.random.set_seed(4)
        data = tf.data.Dataset.range(6).shuffle(6, seed=1)
        data = data.map(lambda n: tf.cast(n, tf.float32) + tf.random.uniform((), seed=2))
        return [float(value) for value in data]

    expected = elements()
    streams = request.getfixturevalue("one_stream")
    assert elements() == expected
    assert not streams._counters, "nothing was drawn from the stream"


def test_a_shuffled_data_set_gets_its_seeds_alike_after_eager_and_graph_draws(tf: Any, one_stream: Any) -> None:
    """An eager draw without a seed takes one from the process's sequence, a graph draw does not: so neither may."""

    def order(draw: Callable[[], Any]) -> list[int]:
        tf.random.set_seed(4)
        for _ in range(3):
            draw()
        return [int(n) for n in tf.data.Dataset.range(50).shuffle(50)]

    graph = tf.function(lambda: tf.random.normal((2,)))
    graph()
    assert order(lambda: tf.random.normal((2,))) == order(graph)


def test_another_seed_gives_other_numbers(tf: Any, one_stream: Any) -> None:
    first = tf.random.normal((4,)).numpy()
    one_stream.install(8)
    _counter(one_stream).assign(0)
    assert not np.array_equal(tf.random.normal((4,)), first)


def test_a_thread_that_draws_beside_changes_nothing_here(tf: Any, one_stream: Any) -> None:
    """Data is often prepared in a thread beside, which draws when it comes to it."""

    def numbers(beside: int) -> tuple[list[float], list[float]]:
        _counter(one_stream).assign(0)
        there: list[float] = []
        here = []
        for _ in range(3):
            here.append(float(tf.random.uniform(())))
            for _ in range(beside):
                thread = threading.Thread(target=lambda: there.append(float(tf.random.uniform(()))))
                thread.start()
                thread.join()
        return here, there

    (alone, _), (accompanied, there) = numbers(0), numbers(2)
    assert alone == accompanied
    assert not set(there) & set(alone), "and draws other numbers"


def test_an_old_graph_draws_as_it_did(tf: Any, one_stream: Any) -> None:
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        drawn = tf.random.normal((3,), seed=1)
        assert session.run(drawn).shape == (3,)


def test_devices_can_still_be_configured_afterwards() -> None:
    """Installing runs no op: TensorFlow takes settings of its devices and threads only before its first one."""
    code = (
        "import tensorflow as tf; from hybridize.dynamic.child import streams, variables, iterators\n"
        "streams.install(7); variables.track(); iterators.track()\n"
        "tf.config.threading.set_intra_op_parallelism_threads(1)\n"
        "tf.config.set_visible_devices([], 'GPU')\n"
        "tf.config.set_logical_device_configuration(tf.config.list_physical_devices('CPU')[0],\n"
        "    [tf.config.LogicalDeviceConfiguration()] * 2)\n"
        "print(len(tf.config.list_logical_devices('CPU')), float(tf.random.uniform(())) < 1)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.stdout.split() == ["2", "True"], done.stderr


@pytest.mark.parametrize(("seed", "used"), [(0, 0), (7, 7), (5, 5)])
def test_the_stream_has_the_seed_of_the_job_zero_among_them(monkeypatch: Any, seed: int, used: int) -> None:
    from hybridize.dynamic.child import streams

    seen: list[int] = []
    monkeypatch.setattr(streams, "install", seen.append)
    streams.install_for({"seed": seed})
    assert seen == [used]


ROLES = """
import tensorflow
from types import SimpleNamespace
from hybridize.dynamic.child import checking, iterators, pyfuncs, replaying, streams, variables

seen = []
streams.install = seen.append
for tracker in (iterators, pyfuncs, variables):
    tracker.track = lambda: None
for role in (checking.Checker, replaying.Replay):
    for seed in (0, 5):
        job = {"project": ("/p", "/p"), "candidates": (), "deadline_seconds": 60.0, "seed": seed}
        role(SimpleNamespace(job=job)).prepare(None)
print(seen)
"""


def test_both_roles_draw_from_a_stream_with_the_seed_of_the_job() -> None:
    # In a process of its own: what a role prepares stays.
    done = subprocess.run([sys.executable, "-c", ROLES], capture_output=True, text=True, timeout=300)
    assert done.stdout.strip() == "[0, 5, 0, 5]", done.stderr


def test_runs_without_a_seed_share_one_stream(monkeypatch: Any) -> None:
    from hybridize.dynamic.child import streams

    seen: list[int] = []
    monkeypatch.setattr(streams, "install", seen.append)
    streams.install_for({"seed": None})
    streams.install_for({})
    assert seen[0] == seen[1]
