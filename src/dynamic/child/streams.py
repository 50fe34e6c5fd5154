"""One random stream for eager and graph (in the child process).

From the same seed, ``tf.random.*`` draws different numbers in a graph than eagerly: each graph op has its own seed
and state. During a check, stateless ops replace the stateful ones. Their seed comes from a counter variable, which
every draw increments, eagerly and in a graph, and from the seed that the script has set: eager code follows it, a graph
keeps the one of its trace (`ambient`).
"""

from __future__ import annotations

import functools
import inspect
import threading
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from ... import tensorflow_internals
from . import ambient, standins, variables

#: The name of the counter variables.
STREAM = variables.STREAM
#: The name of the constant with the seed.
SEED = "hybridize_seed"
_ALGORITHM = "philox"  # the same numbers on every device and under XLA
# AutoGraph's name for the body of a loop over a data set.
_LOOP_BODY = "Dataset_scan_scan_body"
_counters: dict[int, tuple[Any, int]] = {}
# The seed of runs without one, so that they can be compared too.
_OWN_SEED = 7
_seed = _OWN_SEED


class _QuietSeeds:
    """Replaces the module ``random_seed`` inside ``random_ops``.

    An eager op without its own seed takes one from the process's sequence, a graph op does not. So the next shuffled
    data set would get different seeds in the two. Here neither takes one. Ops that are not replaced keep their seeds.
    """

    def __init__(self, original: Any) -> None:
        self.original = original

    def __getattr__(self, name: str) -> Any:
        return getattr(self.original, name)

    def get_seed(self, op_seed: int | None) -> Any:
        return self.original.get_seed(op_seed) if _keeps_its_own() else (0, 0)


def install_for(job: Mapping[str, Any]) -> None:
    """Replace the random ops by ones with the seed of a child's job; without one, all runs share our seed."""
    seed = job.get("seed")
    install(_OWN_SEED if seed is None else seed)


def install(seed: int) -> None:
    """Replace the random ops from now on. Runs no op: the script may still configure its devices."""
    global _seed
    _seed = seed
    ambient.follow_seed(_begin_again)
    rare = {name: _on_stream(stand_in) for name, stand_in in vars(standins).items() if inspect.isfunction(stand_in)}
    replacements = {**rare, **_replacements()}
    tensorflow_internals.replace_random_ops(lambda name, original: _guarded(original, replacements[name]))
    tensorflow_internals.replace_seed_source(_QuietSeeds(tensorflow_internals.seed_source()))


def _on_stream(stand_in: Callable[..., Any]) -> Callable[..., Any]:
    return functools.partial(stand_in, _next)


def _guarded(original: Callable[..., Any], replacement: Callable[..., Any]) -> Callable[..., Any]:
    def draw(*args: Any, **kwargs: Any) -> Any:
        drawn = replacement(*args, **kwargs) if not _keeps_its_own() else None
        return drawn if drawn is not None else original(*args, **kwargs)

    return draw


def _keeps_its_own() -> bool:
    """Whether the op is built where a counter variable can't be read: in data set functions and TF1 graphs.

    The body of a loop over a data set is not such a function, although AutoGraph makes a scan of it: it runs in the
    place of the loop, one element after the other.
    """
    graph = tensorflow_internals.default_graph() if not tf.executing_eagerly() else None
    while graph is not None:
        name = str(getattr(graph, "name", ""))
        if name.startswith("Dataset_") and not name.startswith(_LOOP_BODY):
            return True
        outer = getattr(graph, "outer_graph", None)
        if outer is None and not getattr(graph, "building_function", False):
            return not tensorflow_internals.executing_eagerly_outside_functions()
        graph = outer
    return False


def draws(resources: Sequence[int]) -> bool:
    """Whether a trace that captures these resources (the ``id`` of each handle) draws from the stream."""
    return any(id(counter.handle) in resources for counter, _ in _counters.values())


def of_others() -> list[Any]:
    """The counters of other threads, which may change while a call of this thread is compared."""
    here = threading.get_ident()
    return [counter for thread, (counter, _) in list(_counters.items()) if thread != here]


def prepare() -> None:
    """Make this thread's counter now, so that a snapshot of the variables contains it before the first draw."""
    if threading.get_ident() not in _counters:
        with tf.init_scope():
            counter = tf.Variable(0, dtype=tf.int64, trainable=False, name=variables.STREAM)
        _counters[threading.get_ident()] = counter, len(_counters)


def _next() -> Any:
    """The next seed. Each thread has its own stream, so that none depends on when others draw."""
    prepare()
    counter, number = _counters[threading.get_ident()]
    drawn = counter.assign_add(1, read_value=True)
    of_script = 0 if ambient.given.seed is None else 1 + zlib.crc32(str(ambient.given.seed).encode())
    seed = tf.constant(_seed + 1000 * number + 1_000_000 * of_script, tf.int64, name=SEED)
    return tf.stack([seed, tf.cast(drawn, tf.int64)])


def _begin_again() -> None:
    """Restart all streams, as TensorFlow does with eager ops and graphs when the script sets a seed."""
    for counter, _ in list(_counters.values()):
        with tf.init_scope():
            counter.assign(0)


def _replacements() -> dict[str, Callable[..., Any]]:
    def random_standard_normal(shape: Any, dtype: Any, seed: int = 0, seed2: int = 0, name: str | None = None) -> Any:
        return tf.random.stateless_normal(shape, _next(), dtype=dtype, name=name, alg=_ALGORITHM)

    def truncated_normal(shape: Any, dtype: Any, seed: int = 0, seed2: int = 0, name: str | None = None) -> Any:
        return tf.random.stateless_truncated_normal(shape, _next(), dtype=dtype, name=name, alg=_ALGORITHM)

    def random_uniform(shape: Any, dtype: Any, seed: int = 0, seed2: int = 0, name: str | None = None) -> Any:
        return tf.random.stateless_uniform(shape, _next(), dtype=dtype, name=name, alg=_ALGORITHM)

    def random_uniform_int(
        shape: Any, minval: Any, maxval: Any, seed: int = 0, seed2: int = 0, name: str | None = None
    ) -> Any:
        low = tf.convert_to_tensor(minval)
        return tf.random.stateless_uniform(
            shape, _next(), minval=low, maxval=maxval, dtype=low.dtype, name=name, alg=_ALGORITHM
        )

    def random_shuffle(value: Any, seed: int = 0, seed2: int = 0, name: str | None = None) -> Any:
        return tf.random.experimental.stateless_shuffle(value, _next(), name=name, alg=_ALGORITHM)

    def multinomial(
        logits: Any,
        num_samples: Any,
        seed: int = 0,
        seed2: int = 0,
        output_dtype: Any = tf.int64,
        name: str | None = None,
    ) -> Any:
        return tf.random.stateless_categorical(logits, num_samples, _next(), dtype=output_dtype, name=name)

    def random_gamma(shape: Any, alpha: Any, seed: int = 0, seed2: int = 0, name: str | None = None) -> Any:
        alpha = tf.convert_to_tensor(alpha)
        full = tf.concat([tf.cast(shape, tf.int32), tf.shape(alpha)], axis=0)
        return tf.random.stateless_gamma(full, _next(), alpha=alpha, dtype=alpha.dtype, name=name)

    def random_poisson_v2(
        shape: Any, rate: Any, seed: int = 0, seed2: int = 0, dtype: Any = tf.int64, name: str | None = None
    ) -> Any:
        rate = tf.convert_to_tensor(rate)
        full = tf.concat([tf.cast(shape, tf.int32), tf.shape(rate)], axis=0)
        return tf.random.stateless_poisson(full, _next(), lam=rate, dtype=dtype, name=name)

    return {
        "random_standard_normal": random_standard_normal,
        "truncated_normal": truncated_normal,
        "random_uniform": random_uniform,
        "random_uniform_int": random_uniform_int,
        "random_shuffle": random_shuffle,
        "multinomial": multinomial,
        "random_gamma": random_gamma,
        "random_poisson_v2": random_poisson_v2,
    }
