"""What Keras has recorded by the end of a script, read off the living objects."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from hybridize.dynamic.child import histories

pytestmark = pytest.mark.slow  # TensorFlow is imported


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    gc.collect()
    yield
    gc.collect()


@pytest.mark.parametrize("library", ["keras", "tf_keras"])
def test_a_metric_has_its_result_and_a_history_its_last_values(library: str) -> None:
    keras = pytest.importorskip(library)
    mean = keras.metrics.Mean(name="its_mean")
    mean.update_state([1.0, 2.0, 6.0])
    history = keras.callbacks.History()
    history.history = {"its_loss": [0.5, 0.25], "its_empty": [], "its_none": [float("nan")]}
    found = histories.final_values()
    assert found["metric its_mean"] == pytest.approx(3.0)
    assert found["history its_loss"] == 0.25
    assert found["history its_none"] is None
    assert "history its_empty" not in found


def test_what_shares_a_name_or_is_no_scalar_is_left_out() -> None:
    keras = pytest.importorskip("keras")
    twins = [keras.metrics.Mean(name="twin") for _ in range(2)]
    f1 = keras.metrics.F1Score(name="per_class")
    f1.update_state([[1.0, 0.0]], [[0.9, 0.1]])
    found = histories.final_values()
    assert not {"metric twin", "metric per_class"} & set(found)
    assert len(twins) == 2
