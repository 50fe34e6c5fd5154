"""What must run in Python, and what of it may as well run later."""

from __future__ import annotations

import ast

import pytest

from hybridize.static.lifting.host import host_call, may_move

HOST = (
    "print(loss)",
    "next(data)",
    "value = float(loss)",
    "value = loss.numpy()",
    "history.append(loss)",
    "begun = time.time()",
    "logging.info('a')",
    "np.mean(x)",
    "tf.summary.scalar('a', loss)",
    "y = math.sqrt(loss)",
)
GRAPH = (
    "value = float(rate)",
    "y = tf.reduce_mean(loss)",
    "parts.append(loss)",
    "y = math.sqrt(2)",
    "y = model(x)",
    "y = loss + 1",
)
BOUND = frozenset({"loss", "parts"})


@pytest.mark.parametrize("text", HOST)
def test_python_must_run(text):
    assert host_call(ast.parse(text), BOUND) is not None


@pytest.mark.parametrize("text", GRAPH)
def test_a_graph_may_run(text):
    assert host_call(ast.parse(text), BOUND) is None


MOVING = (
    ("print(loss)", "loss = f(x)", "g = h(loss)"),
    ("print('loss', float(loss))", "loss = f(x)", "g = h(loss)"),
    ("history.append(float(loss))", "loss = f(x)", "g = h(loss)"),
    ("value = float(loss)", "loss = f(x)", "g = h(loss)"),
    ("print(step)", "loss = f(x)", "g = h(loss)"),
    ("self.total += loss.numpy()", "loss = f(x)", "g = h(loss)\nself.optimizer.apply(g)"),
    ("history.append(loss.numpy().mean())", "loss = f(x)", "g = h(loss)"),
)
STAYING = (
    ("history.append(f(loss).numpy().mean())", "loss = f(x)", "g = h(loss)"),
    ("self.total += loss.numpy()", "loss = f(x)", "g = h(loss) * self.total"),
    ("self.total += loss.numpy()", "loss = f(x)", "g = self.h(loss)"),
    ("self.total += loss.numpy()", "loss = f(x)", "g = h(loss, self)"),
    ("self.total += loss.numpy()", "loss = f(x)", "loss = h(loss)"),
    ("self.total += other.numpy()", "loss = f(x)", "g = h(loss)"),
    ("self.losses[0] += loss.numpy()", "loss = f(x)", "g = h(loss)"),
    ("print(loss)", "loss = f(x)", "loss = h(loss)"),
    ("print(loss)", "loss = self.w", "g = h(loss)"),
    ("print(w.numpy())", "loss = f(x)", "w.assign(loss)"),
    ("value = float(loss)", "loss = f(x)", "g = h(value)"),
    ("history.append(float(loss))", "loss = f(x)", "g = h(history)"),
    ("begun = time.time()", "loss = f(x)", "g = h(loss)"),
    ("print(loss * 2)", "loss = f(x)", "g = h(loss)"),
    ("print(other.numpy())", "loss = f(x)", "g = h(loss)"),
)


def moves(statement: str, earlier: str, later: str) -> bool:
    (one,) = ast.parse(statement).body
    return may_move(one, ast.parse(earlier).body, ast.parse(later).body, frozenset({"step"}))


@pytest.mark.parametrize(("statement", "earlier", "later"), MOVING)
def test_it_does_the_same_behind_the_rest(statement, earlier, later):
    assert moves(statement, earlier, later)


@pytest.mark.parametrize(("statement", "earlier", "later"), STAYING)
def test_it_would_not_do_the_same_behind_the_rest(statement, earlier, later):
    assert not moves(statement, earlier, later)
