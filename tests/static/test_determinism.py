"""Two scans of one project say the same, byte for byte, whatever Python's hashes are."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

# On one line two rules see something; what is called may be several things; names of two scopes are alike.
TRICKY = """
import sys
import tensorflow as tf

class Tee:
    def __init__(self, path):
        self.files = [sys.stdout, open(path, "w")]

    def flush(self):
        for file in self.files:
            file.flush(); sys.stdout.write("x"); print("x"); self.files.append(file)

def make(kind):
    seen, limit = [], 3
    def first(x):
        seen.append(x); print(x); return tf.nn.relu(x) if limit else x
    def second(x):
        nonlocal limit
        limit += 1
        return first(x) * limit
    return {"a": first, "b": second, "c": lambda x: (seen.append(x), x * 2)}[kind]

model = tf.keras.Sequential([tf.keras.layers.Dense(2, activation=lambda x: x * 2, kernel_constraint=lambda w: w / 2)])
optimizer = tf.keras.optimizers.SGD(learning_rate=lambda: 0.1 if len(sys.argv) else 0.2)

def step(x, kind):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(make(kind)(x)))
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
    return loss

for kind in "abc":
    step(tf.ones([2, 2]), kind)
    Tee("log").flush()
"""
SCAN = """
import sys
from pathlib import Path
from hybridize.report.scan.json import render
from hybridize.static import scan
sys.stdout.writelines(render(scan(Path(sys.argv[1])), {}))
"""


@pytest.mark.slow
def test_a_scan_does_not_hang_on_hashes(tmp_path):
    (tmp_path / "train.py").write_text(textwrap.dedent(TRICKY))
    command = [sys.executable, "-c", SCAN, str(tmp_path)]
    texts = [
        subprocess.run(
            command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2", "3", "4")
    ]
    assert "Tee.flush" in texts[0]
    assert len(set(texts)) == 1
