"""What stands in for a random op with a state of its own has its law and its shapes; where nothing can, it says so."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.slow  # TensorFlow is imported


@pytest.mark.parametrize("law", ["uniform", "log_uniform"])
def test_sampled_classes_keep_their_law(tf: Any, one_stream: Any, law: str) -> None:
    sampler = getattr(tf.random, f"{law}_candidate_sampler")
    true = tf.constant([[0, 1], [2, 9]], tf.int64)
    chances = np.log1p(1.0 / np.arange(1.0, 11.0)) / np.log(11.0) if law == "log_uniform" else np.full(10, 0.1)
    sampled, expected, counts = sampler(true, 2, 20_000, False, 10)
    np.testing.assert_allclose(np.bincount(sampled, minlength=10) / 20_000, chances, atol=0.02)
    np.testing.assert_allclose(expected, 20_000 * chances[true.numpy()], rtol=1e-4)
    np.testing.assert_allclose(counts, 20_000 * chances[sampled.numpy()], rtol=1e-4)
    tries = []
    for _ in range(300):
        sampled, expected, _ = sampler(true, 2, 6, True, 10)
        assert len(set(sampled.numpy())) == 6 and set(sampled.numpy()) <= set(range(10))
        tries.append(np.log1p(-expected.numpy()[0, 0]) / np.log1p(-chances[0]))
    assert min(tries) >= 5.9, "it takes six draws at least to find six classes"
    drawn = np.random.default_rng(0).choice(10, (4000, 200), p=chances)
    needed = [next(n for n in range(6, 201) if len(set(row[:n])) == 6) for row in drawn.tolist()]
    assert np.mean(tries) == pytest.approx(np.mean(needed), rel=0.1)


def test_drawn_regions_cover_the_image(tf: Any, one_stream: Any) -> None:
    value = tf.reshape(tf.range(11.0 * 13), (1, 11, 13, 1))
    for overlapping in (False, True):
        pooled, rows, columns = tf.nn.fractional_max_pool(value, (1.0, 1.44, 1.73, 1.0), overlapping=overlapping)
        means, _, _ = tf.nn.fractional_avg_pool(value, (1.0, 1.44, 1.73, 1.0), overlapping=overlapping)
        assert pooled.shape == means.shape == (1, 7, 7, 1)
        assert (rows[0], rows[-1], columns[0], columns[-1]) == (0, 11, 0, 13)
        assert set(np.diff(rows)) <= {1, 2} and set(np.diff(columns)) <= {1, 2}
        # The elements count upwards, so a region's largest is its last.
        ends = (rows, 10), (columns, 12)
        last = [np.minimum(border.numpy()[1:] - (not overlapping), size) for border, size in ends]
        np.testing.assert_array_equal(pooled[0, :, :, 0], 13.0 * last[0][:, None] + last[1][None, :])
        assert float(tf.reduce_min(means)) >= 0.0 and float(tf.reduce_max(means)) <= 142.0
    ones = tf.nn.fractional_avg_pool(tf.ones((1, 11, 13, 1)), (1.0, 1.44, 1.73, 1.0)).output
    np.testing.assert_allclose(ones, np.ones((1, 7, 7, 1)), rtol=1e-6)


def draw_of(tf: Any) -> Any:
    """Seeds in a row, as the stream gives them."""
    seeds = iter(range(1000))
    return lambda: tf.constant([7, next(seeds)], tf.int32)


def test_a_class_that_is_reserved_or_never_counted_is_never_drawn(tf: Any) -> None:
    from hybridize.dynamic.child import standins

    true = tf.constant([[0, 3]], tf.int64)
    made = standins.fixed_unigram_candidate_sampler(
        draw_of(tf), true, 2, 2000, False, 5, unigrams=[0.0, 1.0, 3.0], num_reserved_ids=2
    )
    counts = np.bincount(made.sampled_candidates, minlength=5) / 2000
    np.testing.assert_allclose(counts, [0, 0, 0, 0.25, 0.75], atol=0.03)
    np.testing.assert_allclose(made.true_expected_count, [[0.0, 500.0]], rtol=1e-4)
    distinct = standins.fixed_unigram_candidate_sampler(
        draw_of(tf), true, 2, 2, True, 5, unigrams=[0.0, 1.0, 3.0], num_reserved_ids=2
    )
    assert sorted(distinct.sampled_candidates.numpy()) == [3, 4]


def test_distortion_evens_out_the_counts(tf: Any) -> None:
    from hybridize.dynamic.child import standins

    true = tf.constant([[0]], tf.int64)
    made = standins.fixed_unigram_candidate_sampler(
        draw_of(tf), true, 1, 2000, False, 2, unigrams=[1.0, 9.0], distortion=0.5
    )
    np.testing.assert_allclose(np.bincount(made.sampled_candidates, minlength=2) / 2000, [0.25, 0.75], atol=0.04)


@pytest.mark.parametrize(
    "more", [{"vocab_file": "words.txt"}, {"unigrams": [1.0], "num_shards": 2}, {"unigrams": [1.0, 2.0]}]
)
def test_where_the_law_is_not_known_nothing_stands_in(tf: Any, more: Any) -> None:
    from hybridize.dynamic.child import standins

    true = tf.constant([[0]], tf.int64)
    assert standins.fixed_unigram_candidate_sampler(draw_of(tf), true, 1, 1, False, 1, **more) is None


@pytest.mark.parametrize("shape", [(4, 4), (1, None, 4, 1)])
def test_an_image_of_an_unknown_size_or_kind_is_pooled_by_the_op_itself(tf: Any, shape: Any) -> None:
    from hybridize.dynamic.child import standins

    def pool(value: Any) -> Any:
        assert standins.fractional_max_pool(draw_of(tf), value, (1.0, 1.5, 1.5, 1.0)) is None
        assert standins.fractional_avg_pool(draw_of(tf), tf.cast(value, tf.int32), (1.0, 1.5, 1.5, 1.0)) is None
        return value

    tf.function(pool).get_concrete_function(tf.TensorSpec(shape))


def test_all_classes_are_drawn_once_and_nothing_is_random(tf: Any) -> None:
    from hybridize.dynamic.child import standins

    def refuse() -> None:
        raise AssertionError("a seed was drawn")

    made = standins.all_candidate_sampler(refuse, tf.constant([[1], [2]], tf.int64), 1, 4, True)
    assert made.sampled_candidates.numpy().tolist() == [0, 1, 2, 3]
    assert made.true_expected_count.shape == (2, 1) and made.sampled_expected_count.numpy().tolist() == [1.0] * 4


def test_each_takes_what_the_function_that_makes_the_op_takes(tf: Any) -> None:
    from tensorflow.python.ops import gen_candidate_sampling_ops, gen_image_ops, gen_nn_ops

    from hybridize.dynamic.child import standins

    for module in (gen_candidate_sampling_ops, gen_image_ops, gen_nn_ops):
        for name, function in vars(standins).items():
            if not name.startswith("_") and inspect.isfunction(function) and hasattr(module, name):
                theirs = list(inspect.signature(getattr(module, name)).parameters)
                ours = inspect.signature(function).parameters
                takes_more = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in ours.values())
                assert takes_more or list(ours)[1:] == theirs, name
