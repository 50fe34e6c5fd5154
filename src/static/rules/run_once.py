"""HYB510."""

from __future__ import annotations

from ...records import AssumptionKind
from .case import Case
from .rule import Example, Group, Judgement, Move, Polarity, Rule


class RunOnce(Rule):
    """
    ## What it does

    Finds functions that run only once, or only while data and objects are set up:

    - functions that the script calls outside of its loops, and functions that only constructors call;
    - functions that create a `tf.data.Dataset`;
    - functions that create their own `tf.function` and have no known call in a loop;
    - functions recognized by name: initial values (`get_initial_state`, an initializer), alternative constructors
      (`from_parts`), loops around the steps (`train_epoch`), saving and display (`load_weights`, `add_summaries`, a
      file `plotting.py`), test helpers (`layers_test_lib.py`), and functions in a data preparation file
      (`preprocessing.py`) that no other code calls.

    A training step is never one of these.

    ## Why it matters

    Tracing takes longer than one eager call. It pays off only over many calls.

    ## What to do

    Nothing.
    """

    code = "HYB510"
    title = "runs only once"
    group = Group.BENEFIT
    polarity = Polarity.REFUSES
    move = Move.FUNDAMENTAL
    assumption = AssumptionKind.SAME_RESULT
    INVALID = (
        Example(
            """
            import tensorflow as tf

            def normalize(x):
                return (x - tf.reduce_mean(x)) / tf.math.reduce_std(x)

            def double(x):
                return x + x

            data = normalize(tf.random.normal([8, 3]))
            for row in data:
                double(row)
            """,
            line=3,
            certain=True,
            message="`normalize` runs once, outside of the script's loops",
        ),
        Example(
            """
            import tensorflow as tf

            class Mixture:
                def __init__(self, size):
                    self.centres = self._spread(size)

                def _spread(self, size):
                    return tf.linspace(0.0, 1.0, size) * 2.0

            Mixture(3)
            """,
            line=7,
            certain=True,
            message="`Mixture._spread` runs only while an object is created",
        ),
        Example(
            """
            import tensorflow as tf

            def batches(x):
                scaled = tf.cast(x, tf.float32) / 255.0
                return tf.data.Dataset.from_tensor_slices(scaled).batch(2)

            batches(tf.ones([8, 3]))
            """,
            line=3,
            certain=True,
            message="`batches` creates a dataset",
        ),
        Example(
            """
            import tensorflow as tf

            def initial_state(size):
                return tf.random.normal([size, 4]) * 0.1

            initial_state(tf.constant(3))
            """,
            line=3,
            certain=True,
            message="`initial_state` creates initial values, judging by its name",
        ),
        Example(
            """
            import tensorflow as tf
            from somewhere import benchmark

            def predict(model, data):
                @tf.function
                def one(x):
                    return model(x)

                return benchmark(one, data) / tf.reduce_mean(data)

            predict(None, tf.ones([2]))
            """,
            line=4,
            certain=True,
            message="`predict` creates its own `tf.function`, and no call of it in a loop is known",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        def double(x):
            return x + x

        double(tf.ones([2]))
        """,
        """
        import tensorflow as tf

        def train_step(x):
            return tf.reduce_sum(x)

        def double(x):
            return x + x

        for row in tf.ones([2, 2]):
            double(row)
        train_step(tf.ones([2]))
        """,
    )

    def judge(self, case: Case) -> Judgement | None:
        """Judge a function that runs once, and say why."""
        if case.is_new and case.code in case.facts.once:
            return Judgement(f"{case.name} {case.facts.once[case.code]}")
        return None
