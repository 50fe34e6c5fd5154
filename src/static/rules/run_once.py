"""HYB510."""

from __future__ import annotations

from ...records import AssumptionKind
from .case import Case
from .rule import Example, Group, Judgement, Move, Polarity, Rule


class RunOnce(Rule):
    """
    ## What it does

    Finds functions that are surely run once, or only where data and objects are set up: those that the script calls
    outside of its loops, those that only constructors call, those that make a `tf.data.Dataset`, and those that make a
    `tf.function` of their own and that nothing is seen to call in a loop. Some it knows by their names: those that make
    what a loop or a variable begins with (`get_initial_state`, an initializer) or an object of their class
    (`from_parts`), those that run the loop around the steps (`train_epoch`), that keep or show things between them
    (`load_weights`, `add_summaries`, a file `plotting.py`), that only tests use (`layers_test_lib.py`), and those in a
    file of data preparation (`preprocessing.py`) that nothing else calls. A training step is none of these.

    ## Why is this bad

    Tracing takes longer than a call. It pays back over many calls only.

    ## What to do

    Nothing.
    """

    code = "HYB510"
    title = "is run once"
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
            message="`normalize` is run once by the script, outside of its loops",
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
            message="`Mixture._spread` runs only where an object is made",
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
            message="`batches` sets up a dataset",
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
            message="`initial_state` makes what a loop or a variable begins with, as its name says",
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
            message="`predict` makes a `tf.function` of its own, and nothing shows that it is called in a loop",
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
        """Why a function is run once."""
        if case.is_new and case.code in case.facts.once:
            return Judgement(f"{case.name} {case.facts.once[case.code]}")
        return None
