"""What the tables say of TensorFlow's functions, held against the TensorFlow that is installed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hybridize.static.libraries.effects import creates_variables
from hybridize.static.libraries.results import describe_result
from hybridize.static.reading.paths import canonical_path

#: Lists the public functions of TensorFlow with what their documentation says that they return, and its classes of
#: which an instance owns variables.
PROGRAM = """
import inspect, json, re, sys
import tensorflow as tf

functions, seen = {}, set()

def walk(module, path, depth):
    if depth > 4 or id(module) in seen:
        return
    seen.add(id(module))
    for name in dir(module):
        if name.startswith("_") or name in ("compat", "keras", "python", "raw_ops", "tools"):
            continue
        value = getattr(module, name, None)
        if inspect.ismodule(value):
            if value.__name__.startswith("tensorflow"):
                walk(value, f"{path}.{name}", depth + 1)
        elif callable(value) and not inspect.isclass(value):
            told = re.search(r"Returns:\\n((?:[ \\t]+.*\\n?|\\n)*)", inspect.getdoc(value) or "")
            functions[f"{path}.{name}"] = told.group(1) if told else ""

walk(tf, "tensorflow", 0)
image, steps = tf.zeros((1, 4, 4, 4)), tf.zeros((1, 4, 4))
made = {
    "Activation": ("relu", image), "BatchNormalization": (image,), "Conv1D": (1, 1, steps), "Conv2D": (1, 1, image),
    "Conv2DTranspose": (1, 1, image), "Dense": (1, image), "DepthwiseConv2D": (1, image),
    "Embedding": (2, 2, tf.zeros((1, 2), tf.int32)), "Flatten": (image,), "GRU": (1, steps), "LSTM": (1, steps),
    "GlobalAveragePooling2D": (image,), "LayerNormalization": (image,), "LeakyReLU": (image,), "MaxPooling2D": (image,),
    "PReLU": (image,), "ReLU": (image,), "Softmax": (image,), "UpSampling2D": (image,), "ZeroPadding2D": (image,),
}
layers = []
for name, (*arguments, value) in made.items():
    layer = getattr(tf.keras.layers, name)(*arguments)
    layer(value)
    layers.append((name, any("seed" not in each.name for each in layer.weights)))

used = {}
for name in sys.argv[1:]:
    for value in (tf, tf.compat.v1):
        for part in name.split(".")[1:]:
            value = getattr(value, part, None)
        if value is not None:
            told = re.search(r"Returns:\\n((?:[ \\t]+.*\\n?|\\n)*)", inspect.getdoc(value) or "")
            used[name] = ["class" if inspect.isclass(value) else "function", told.group(1) if told else ""]
            break
json.dump([functions, layers, used], sys.stdout)
"""

#: Names that public repositories call most: how often, and the canonical path.
USED = [line.split() for line in (Path(__file__).parent / "data" / "most_used_names.txt").read_text().splitlines()]


@pytest.fixture(scope="module")
def installed() -> tuple[dict[str, str], list[tuple[str, bool]], dict[str, tuple[str, str]]]:
    names = [name for _, name in USED if name.startswith("tensorflow.")]
    done = subprocess.run([sys.executable, "-c", PROGRAM, *names], capture_output=True, text=True, check=True)
    functions, layers, used = json.loads(done.stdout[done.stdout.index("[{") :])
    return functions, layers, used


_SEVERAL = ("A tuple", "Tuple of", "tuple of", "A list of", "Two `", "Three `", "Four `", "A pair", "A namedtuple")


#: What gives several tensors only where an option asks for it.
_ONE_UNLESS_ASKED = frozenset({"tensorflow.linalg.eigh_tridiagonal"})


def _is_several(returns: str) -> bool:
    """Whether a documentation's ``Returns`` speaks of several tensors."""
    first = " ".join(returns.split())
    if first.startswith(_SEVERAL):
        return True
    lines = [line for line in returns.split("\n") if line.strip()]
    margin = min((len(line) - len(line.lstrip()) for line in lines), default=0)
    named = [line for line in lines if line[margin:].partition(":")[0].isidentifier() and ":" in line]
    return len(named) > 1


@pytest.mark.slow
def test_what_gives_several_tensors_is_no_tensor(installed):
    functions, _, _ = installed
    wrong = [
        name
        for name, returns in functions.items()
        if name not in _ONE_UNLESS_ASKED and _is_several(returns) and describe_result(canonical_path(name)) == "tensor"
    ]
    assert len(functions) > 700
    assert not wrong


@pytest.mark.slow
def test_which_layers_own_variables(installed):
    _, layers, _ = installed
    told = {name: creates_variables(canonical_path(f"tensorflow.keras.layers.{name}")) for name, _ in layers}
    assert len(layers) > 8
    assert not [name for name, owns in layers if owns is not told[name]]


#: What documentations call a tensor without saying so.
_TENSORS = ("ensor", "Same as `ref`", "quotient", "image", "Image", "value", "samples", "rounded")
_UNTOLD = frozenset(
    {
        *("tensorflow.add", "tensorflow.image.resize_bicubic", "tensorflow.linalg.set_diag", "tensorflow.math.add"),
        *("tensorflow.IndexedSlices", "tensorflow.SparseTensor", "tensorflow.math.multiply", "tensorflow.multiply"),
    }
)


@pytest.mark.slow
def test_the_tables_know_the_names_that_are_used_most(installed):
    """Printed is what the tables lack: names that give a tensor by them, and none by the installed TensorFlow."""
    _, _, used = installed
    counts = {name: int(count) for count, name in USED}
    lacking = [
        f"{counts[name]} {name}: a {kind} that returns {' '.join(returns.split())[:60] or 'nothing'}"
        for name, (kind, returns) in used.items()
        if describe_result(name) == "tensor"
        and name not in _UNTOLD
        and (kind == "class" or not any(word in returns for word in _TENSORS))
    ]
    gone = [f"{counts[name]} {name}" for name in counts if name.startswith("tensorflow.") and name not in used]
    print("not in the installed TensorFlow:", *gone, sep="\n  ")
    print("lacking:", *lacking, sep="\n  ")
    assert len(USED) == 500 and len(used) > 350
    assert not lacking
