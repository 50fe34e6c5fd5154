"""State of TensorFlow itself. The seed of the process: eager code follows it, a graph keeps the one of its trace."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.slow  # TensorFlow is imported

ALONE = """
import json
import tensorflow as tf

def numbers(draw):
    found = []
    for seed in (1, 2, 1):
        tf.random.set_seed(seed)
        found.append([float(draw()) for _ in range(3)])
    return found

draw = lambda: tf.random.normal(())
print(json.dumps([numbers(draw), numbers(tf.function(draw))]))
"""


def numbers(tf: Any, draw: Callable[[], Any]) -> list[list[float]]:
    """Three numbers after each of three seeds, of which the last is the first again."""
    found = []
    for seed in (1, 2, 1):
        tf.random.set_seed(seed)
        found.append([float(draw()) for _ in range(3)])
    return found


def is_followed(found: list[list[float]]) -> bool:
    assert len({*found[0]}) == 3, "each call draws anew"
    assert found[0] == found[2], "a seed that is set again gives the same numbers"
    return found[0] != found[1]


def test_a_graph_of_tensorflow_begins_with_its_own_seed_again() -> None:
    done = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=True)
    eager, graph = json.loads(done.stdout)
    assert is_followed(eager) and not is_followed(graph)


def test_so_does_a_graph_that_draws_from_the_one_stream(tf: Any, one_stream: Any) -> None:
    def draw() -> Any:
        return tf.random.normal(())

    eager, graph = numbers(tf, draw), numbers(tf, tf.function(draw))
    assert is_followed(eager) and not is_followed(graph)
    assert graph[0] == eager[0], "until another seed is set they are the same"


def test_the_seed_of_the_run_counts_besides(tf: Any, one_stream: Any) -> None:
    def of_run(seed: int) -> list[list[float]]:
        one_stream.install(seed)
        return numbers(tf, lambda: tf.random.uniform(()))

    assert of_run(7) == of_run(7) != of_run(8)


def test_what_is_no_seed_is_left_to_tensorflow(tf: Any, one_stream: Any) -> None:
    from hybridize.dynamic.child import ambient

    tf.random.set_seed("one")
    assert ambient.given.seed is None
    tf.random.set_seed(1)


@pytest.mark.parametrize("seed", [3, np.int64(3), 2**63])
def test_the_seed_that_was_set_last_is_known(tf: Any, one_stream: Any, seed: Any) -> None:
    from hybridize.dynamic.child import ambient

    tf.random.set_seed(1)
    tf.random.set_seed(seed)
    assert ambient.given.seed == int(seed)
    tf.keras.utils.set_random_seed(4)
    assert ambient.given.seed == 4


def test_what_tf_summary_holds_is_read_by_code_that_names_it(tf: Any, program: Callable[[str], Any]) -> None:
    made = program(
        """
        import tensorflow as tf

        def step():
            tf.summary.write("loss", tf.constant(1.0))
        """
    )
    made.call()
    with tf.summary.record_if(False):
        assert made.changed() == {"tf.summary.record_if": 1}
        tf.summary.experimental.set_step(3)
        assert made.changed() == {"tf.summary.record_if": 1, "step of tf.summary": 1}
    tf.summary.experimental.set_step(None)
    assert made.changed() == {"tf.summary.record_if": 2, "step of tf.summary": 2}
