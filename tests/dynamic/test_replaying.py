"""A cold run notes what it computes and how often the edited functions traced, or says that it can't."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

pytestmark = pytest.mark.slow  # TensorFlow is imported


@pytest.fixture
def replay(tf: Any, tracked: Any) -> Any:
    from hybridize.dynamic import replaying

    child: Any = SimpleNamespace(job={"project": ("", "")}, boundary=lambda: None, send=lambda *a, **k: None)
    made = replaying.Replay(child)
    made.ready = True
    return made


def test_traces_are_counted(tf: Any, replay: Any) -> None:
    step = replay.wrap("unit", tf.function(lambda x: x + 1.0))
    for _ in range(3):
        step(tf.ones(2))
    seen = replay.report()
    assert seen["units"] == 3 and not seen["unread"]
    assert seen["traces"]["unit"] == {"count": 1, "fault": ""}


@pytest.mark.parametrize("name", ["_function_cache", "_descriptor_cache"])
def test_traces_that_can_not_be_read_are_told(tf: Any, replay: Any, lose: Any, name: str) -> None:
    """No sign of stale weights, where none could be looked for, is no evidence."""
    step = replay.wrap("unit", tf.function(lambda x: x + 1.0))
    lose(name)
    step(tf.ones(2))
    assert name in replay.report()["unread"]
