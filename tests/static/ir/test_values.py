"""Abstract values: what is said of them to a user."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hybridize.cli import main
from hybridize.static.ir import values


@pytest.mark.parametrize("kind", values.Value.__subclasses__(), ids=lambda kind: kind.__name__)
def test_every_value_has_words_of_its_own(kind: type) -> None:
    """The default ones name a class of ours and an address, which differs from run to run."""
    assert "__repr__" in vars(kind)


def test_a_scan_says_the_same_in_every_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "train.py").write_text(
        "import functools, os, sys\nimport tensorflow as tf\n\n\n"
        "class Net:\n    def step(self, f, x):\n        return f(x)\n\n\n"
        "def loss(y, x):\n    return tf.reduce_sum(x - y)\n\n\nnet = Net()\n"
        "for one in (functools.partial(loss, tf.ones(3)), Net, net.step, sys.modules[__name__], os, loss):\n"
        "    net.step(one, tf.ones(3))\n"
    )
    main(["scan", str(tmp_path), "--format", "json"])
    text = capsys.readouterr().out
    assert json.loads(text) and " object at 0x" not in text and "hybridize." not in text
