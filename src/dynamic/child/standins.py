"""Stateless replacements of random ops that keep their own state (in the child process).

A check needs numbers of the op's shape, dtype and distribution, and the same ones for eager and graph. Each function
takes the arguments of the function that makes the op, and ``draw()``, which returns the next seed of the stream. It
returns None if it cannot replace the op: then the op itself is made.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

Draw = Callable[[], Any]
_SAMPLES = ("sampled_candidates", "true_expected_count", "sampled_expected_count")


def log_uniform_candidate_sampler(
    draw: Draw, true_classes: Any, num_true: int, num_sampled: int, unique: bool, range_max: int, **_: Any
) -> Any:
    """Sample classes with P(k) = log((k + 2) / (k + 1)) / log(range_max + 1), which favours small numbers."""
    classes = np.arange(range_max, dtype=np.float64)
    law = np.log1p(1.0 / (classes + 1.0)) / np.log(range_max + 1.0)
    return _sample("LogUniformCandidateSampler", draw, law, true_classes, num_sampled, unique)


def uniform_candidate_sampler(
    draw: Draw, true_classes: Any, num_true: int, num_sampled: int, unique: bool, range_max: int, **_: Any
) -> Any:
    """Sample classes uniformly."""
    law = np.full(range_max, 1.0 / range_max)
    return _sample("UniformCandidateSampler", draw, law, true_classes, num_sampled, unique)


def learned_unigram_candidate_sampler(draw: Draw, *args: Any, **kwargs: Any) -> Any:
    """Sample classes uniformly, which is this sampler's initial distribution."""
    return uniform_candidate_sampler(draw, *args, **kwargs)


def thread_unsafe_unigram_candidate_sampler(draw: Draw, *args: Any, **kwargs: Any) -> Any:
    """Sample classes uniformly, which is this sampler's initial distribution."""
    return uniform_candidate_sampler(draw, *args, **kwargs)


def fixed_unigram_candidate_sampler(
    draw: Draw,
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    vocab_file: str = "",
    distortion: float = 1,
    num_reserved_ids: int = 0,
    num_shards: int = 1,
    shard: int = 0,
    unigrams: Sequence[float] = (),
    **_: Any,
) -> Any:
    """Sample classes in proportion to their counts to the power of ``distortion``; reserved ones never."""
    if vocab_file or num_shards != 1 or num_reserved_ids + len(unigrams) != range_max:
        return None
    weights = np.concatenate([np.zeros(num_reserved_ids), np.asarray(unigrams, np.float64) ** distortion])
    return _sample(
        "FixedUnigramCandidateSampler", draw, weights / weights.sum(), true_classes, num_sampled, unique
    )


def all_candidate_sampler(
    draw: Draw, true_classes: Any, num_true: int, num_sampled: int, unique: bool, **_: Any
) -> Any:
    """Return every class once, without a draw."""
    ones = tf.ones(num_sampled), tf.ones_like(true_classes, tf.float32)
    return _named("AllCandidateSampler", tf.range(num_sampled, dtype=tf.int64), ones[1], ones[0])


def sample_distorted_bounding_box_v2(
    draw: Draw,
    image_size: Any,
    bounding_boxes: Any,
    min_object_covered: Any,
    seed: int = 0,
    seed2: int = 0,
    aspect_ratio_range: Sequence[float] = (0.75, 1.33),
    area_range: Sequence[float] = (0.05, 1.0),
    max_attempts: int = 100,
    use_image_if_no_bounding_boxes: bool = False,
    name: str | None = None,
) -> Any:
    """Sample a part of an image to crop to."""
    return tf.image.stateless_sample_distorted_bounding_box(
        image_size,
        bounding_boxes,
        draw(),
        min_object_covered,
        aspect_ratio_range or (0.75, 1.33),
        area_range or (0.05, 1.0),
        max_attempts or 100,
        bool(use_image_if_no_bounding_boxes),
        name,
    )


def fractional_max_pool(
    draw: Draw, value: Any, pooling_ratio: Sequence[float], pseudo_random: bool = False, overlapping: bool = False,
    **_: Any,
) -> Any:  # fmt: skip
    """The maxima of regions with random borders."""
    return _pool("FractionalMaxPool", draw, tf.reduce_max, value, pooling_ratio, overlapping)


def fractional_avg_pool(
    draw: Draw, value: Any, pooling_ratio: Sequence[float], pseudo_random: bool = False, overlapping: bool = False,
    **_: Any,
) -> Any:  # fmt: skip
    """The means of regions with random borders."""
    return _pool("FractionalAvgPool", draw, tf.reduce_mean, value, pooling_ratio, overlapping)


def _sample(
    name: str, draw: Draw, law: np.ndarray[Any, Any], true_classes: Any, num_sampled: int, unique: bool
) -> Any:
    """Sample classes by their probabilities ``law``; also returns the expected counts of these and of the true ones."""
    probabilities = tf.constant(law, tf.float32)
    tries = tf.constant(float(num_sampled))
    if unique:
        # Gumbel noise on the logarithms: the largest sums are a sample without replacement, in drawing order.
        noise = -tf.math.log(-tf.math.log(_uniform(draw, [len(law)])))
        sampled = tf.math.top_k(tf.math.log(probabilities) + noise, num_sampled).indices
        tries = _tries(draw, tf.gather(probabilities, sampled))
    else:
        borders = tf.constant(np.cumsum(law), tf.float32)
        sampled = tf.minimum(tf.searchsorted(borders, _uniform(draw, [num_sampled]), side="right"), len(law) - 1)

    def expected(classes: Any) -> Any:
        chance = tf.gather(probabilities, tf.clip_by_value(classes, 0, len(law) - 1))
        return -tf.math.expm1(tries * tf.math.log1p(-chance)) if unique else tries * chance

    sampled = tf.cast(sampled, tf.int64)
    return _named(name, sampled, expected(tf.convert_to_tensor(true_classes, tf.int64)), expected(sampled))


def _tries(draw: Draw, chances: Any) -> Any:
    """A random number of draws with replacement until classes with these chances have all come, in this order."""
    missed = tf.clip_by_value(tf.cumsum(chances, exclusive=True), 1e-7, 1.0 - 1e-6)
    failures = tf.floor(tf.math.log(_uniform(draw, tf.shape(chances))) / tf.math.log(missed))
    # The first draw is always a new class.
    return tf.reduce_sum(1.0 + tf.where(tf.range(tf.size(chances)) > 0, failures, 0.0))


def _pool(
    name: str, draw: Draw, reduce: Callable[..., Any], value: Any, pooling_ratio: Sequence[float], overlapping: bool
) -> Any:
    value = tf.convert_to_tensor(value)
    if value.dtype not in (tf.float32, tf.float64) or value.shape.rank != 4 or None in value.shape[1:3]:
        return None
    borders = []
    for axis in (1, 2):
        size, ratio = int(value.shape[axis]), float(pooling_ratio[axis])
        count = int(size / ratio)
        # Steps of nearly equal length, in random order.
        short, long = size // count, size % count
        steps = tf.constant([short + 1] * long + [short] * (count - long), tf.int64)
        steps = tf.random.experimental.stateless_shuffle(steps, draw())
        border = tf.concat([tf.zeros([1], tf.int64), tf.cumsum(steps)], axis=0)
        borders.append(border)
        wide = short + bool(long) + bool(overlapping)
        # Each region gets ``wide`` places; in a smaller region the last place is repeated.
        places = border[:-1, None] + tf.range(wide, dtype=tf.int64)[None]
        last = tf.minimum(border[1:] - (0 if overlapping else 1), size - 1)
        inside = places <= last[:, None]
        regions = tf.gather(value, tf.minimum(places, last[:, None]), axis=axis)
        if reduce is tf.reduce_max:
            value = tf.reduce_max(regions, axis=axis + 1)
        else:
            weights = tf.cast(inside, value.dtype) / tf.reduce_sum(tf.cast(inside, value.dtype), axis=1, keepdims=True)
            weights = tf.reshape(weights, [count, wide] + [1] * (3 - axis))
            value = tf.reduce_sum(regions * weights, axis=axis + 1)
    fields = ("output", "row_pooling_sequence", "col_pooling_sequence")
    return namedtuple(name, fields)(value, *borders)


def _uniform(draw: Draw, shape: Any) -> Any:
    """Random numbers between 0 and 1, both excluded."""
    return tf.random.stateless_uniform(shape, draw(), minval=1e-7, alg="philox")


def _named(name: str, *values: Any) -> Any:
    return namedtuple(name, _SAMPLES)(*values)
