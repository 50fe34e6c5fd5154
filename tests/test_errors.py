"""Of a long error, the line that says what went wrong is told."""

from __future__ import annotations

import pytest

from hybridize.errors import LENGTH, telling_line

GRAPH = """Graph execution error:

Detected at node gradients/mul_grad/GatherNd defined at (most recent call last):
  File "train.py", line 82, in <module>

  File "models.py", line 92, in call

params must be at least a vector
\t [[{{node gradients/mul_grad/GatherNd}}]] [Op:__inference___backward_call_160_337]"""


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (None, ""),
        ("bad shape\nmore", "bad shape"),
        ("in user code:\n  File \"x.py\", line 3\n\nValueError: bad shape\nmore", "ValueError: bad shape"),
        ('in user code:\n\n    File "train.py", line 3\n\n    TypeError: no float of a tensor\n\nArguments received',
         "TypeError: no float of a tensor"),
        (GRAPH, "params must be at least a vector"),
        ("x" * 1000, "x" * LENGTH),
    ],
)  # fmt: skip
def test_the_telling_line(text: str | None, line: str) -> None:
    assert telling_line(text) == line
