"""What NumPy's functions give for their arguments: held against the NumPy that is installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from laying import calls_of

from hybridize.static.ir.values import ARRAY, BOOLEAN, FLOAT, INTEGER, OBJECT, SHAPE, UNKNOWN, Box, Value

HEAD = "import numpy as np\na, n, s = np.ones((2, 3)), 3, 1.5\nshape = a.shape\n"
EXPRESSIONS = (
    "np.array([1, 2])", "np.asarray(a)", "np.zeros(3)", "np.zeros(n)", "np.ones(shape)", "np.full(3, 1.0)",
    "np.arange(n)", "np.linspace(0, 1, n)", "np.eye(n)", "np.empty(2)", "np.zeros_like(a)",
    "np.abs(a)", "np.sqrt(s)", "np.sqrt(a)", "np.exp(n)", "np.sum(a)", "np.sum(a, axis=0)", "np.mean(a)", "np.max(a)",
    "np.prod(shape)", "np.dot(a, a.T)", "np.add(a, n)", "np.add(n, a)", "np.maximum(0.0, a)", "np.power(2, a)",
    "np.where(a > 0)", "np.where(a > 0)[0]", "np.where(a > 0, a, 0)", "np.where(n > 0, a, 0)", "np.nonzero(a)",
    "np.nonzero(a)[0]", "np.unique(a)", "np.unique(a, return_counts=True)", "np.unique(a, return_counts=True)[1]",
    "np.unique(a, return_index=True, return_inverse=True)[2]", "np.histogram(a)", "np.histogram(a)[0]",
    "np.meshgrid([1], [2])", "np.meshgrid([1], [2])[0]", "np.split(a, 2)", "np.split(a, 2)[0]", "np.array_split(a, 2)",
    "np.argmax(a)", "np.concatenate([a, a])", "np.stack([a, a])", "np.expand_dims(a, 0)", "np.squeeze(a)",
    "np.float32(1)", "np.float32(a)", "np.int64(a)", "np.int32(n)", "np.float64([1, 2])", "np.bool_(1)",
    "np.shape(a)", "np.ndim(a)", "np.size(a)", "np.isscalar(n)", "np.allclose(a, a)", "np.array_equal(a, a)",
    "np.random.rand(3)", "np.random.normal(size=3)", "np.random.permutation(3)", "np.random.choice(a[0])",
    "a.shape", "a.ndim", "a.size", "a.T", "a.sum()", "a.mean(axis=0)", "a.reshape(-1)", "a.astype('float32')",
    "a.copy()", "a.tolist()", "a[0]", "a[0, 1]", "a > 0", "a + 1", "1 - a", "-a", "a @ a.T", "a.item(0)",
    "a.flatten()", "a.nonzero()", "a.nonzero()[0]", "np.divmod(a, 2)", "np.modf(a)", "np.frexp(a)", "np.linalg.norm(a)",
    "np.linalg.svd(a)", "np.linalg.svd(a)[0]", "np.linalg.eig(a @ a.T)", "np.linalg.qr(a)", "np.linalg.inv(np.eye(2))",
    "np.broadcast_arrays(a, 1)", "np.unravel_index(1, (2, 3))", "np.histogram2d(a[0], a[0])", "np.gradient(a)",
    "np.gradient(a[0])", "np.polyfit([1, 2], [1, 2], 1)", "np.ix_([0], [1])",
)  # fmt: skip


def covers(values: tuple[Value, ...], value: Any) -> bool:
    """Whether what is said of an expression allows for what it gives; a NumPy number may be said to be an array."""
    if not values or UNKNOWN in values:
        return True
    if isinstance(value, (tuple, list)):
        return SHAPE in values or OBJECT in values or any(
            isinstance(each, Box) and each.kind in ("list", "tuple") for each in values
        )
    if isinstance(value, np.ndarray):
        return ARRAY in values
    if isinstance(value, (bool, int, float, np.generic)):
        return not {ARRAY, INTEGER, FLOAT, BOOLEAN, SHAPE}.isdisjoint(values)
    return True


@pytest.fixture(scope="module")
def said() -> dict[str, tuple[Value, ...]]:
    lines = "\n".join(f"x{number} = {text}" for number, text in enumerate(EXPRESSIONS))
    program = calls_of(f"{HEAD}{lines}\n").program
    return {text: program.cell("train", f"x{number}").values for number, text in enumerate(EXPRESSIONS)}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_what_it_gives_is_known(expression: str, said: dict[str, tuple[Value, ...]]) -> None:
    names: dict[str, Any] = {}
    exec(HEAD, names)
    assert covers(said[expression], eval(expression, names)), said[expression]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("np.prod(shape)", SHAPE),
        ("np.sqrt(s)", FLOAT),
        ("np.sqrt(a)", ARRAY),
        ("np.zeros(n)", ARRAY),
        ("np.where(a > 0, a, 0)", ARRAY),
        ("np.float32(1)", FLOAT),
        ("a + 1", ARRAY),
    ],
)
def test_a_number_stays_one_and_an_array_too(
    expression: str, expected: Value, said: dict[str, tuple[Value, ...]]
) -> None:
    assert said[expression] == (expected,)
