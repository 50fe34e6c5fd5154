"""What Keras' layers have collected as losses is after a trace what it was before."""

from __future__ import annotations

from typing import Any

import pytest

from hybridize import tensorflow_internals

pytestmark = pytest.mark.slow  # TensorFlow is imported


def network(tf: Any) -> Any:
    class Noisy(tf.keras.layers.Layer):
        def call(self, x: Any) -> Any:
            self.add_loss(tf.reduce_mean(tf.square(x)))
            return x + 1.0

    return tf.keras.Sequential([Noisy(), Noisy()])


def test_a_trace_leaves_the_losses_of_the_call_before_it(tf: Any) -> None:
    from hybridize.dynamic.child.losses import kept

    net, x = network(tf), tf.ones([2, 3])
    net(x)
    before = [float(loss) for loss in net.losses]
    with kept():
        tf.function(lambda x: net(x))(x)
        assert not any(hasattr(loss, "numpy") for loss in net.losses)
    assert [float(loss) for loss in net.losses] == before == [1.0, 4.0]
    add_loss = vars(tf.keras.layers.Layer)["add_loss"]
    assert add_loss.__module__.startswith("keras"), "Keras is as it was"


def test_where_keras_keeps_them_elsewhere_the_check_says_so(tf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from hybridize.dynamic.child.losses import kept

    def lost(layer: Any) -> None:
        raise tensorflow_internals.MissingName("Layer._losses", "keras")

    net = network(tf)
    monkeypatch.setattr(tensorflow_internals, "losses_in", lost)
    with pytest.raises(tensorflow_internals.MissingName, match=r"Layer\._losses"), kept():
        net(tf.ones([2, 3]))
