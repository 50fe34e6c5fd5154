"""Stores that can run before a further call: each is found, and what runs only before or after all calls is none."""

from __future__ import annotations

import textwrap
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hybridize.dynamic.child.writers import Store, stores_ahead

#: `call()` is where a candidate is called: the frames above it are the stack.
Ahead = Callable[..., list[Store]]


@pytest.fixture
def ahead(tmp_path: Path) -> Ahead:
    """The stores ahead in a program, called from its functions ``via``, the innermost first, at their ``call()``."""

    def find(text: str, via: tuple[str, ...] = ("<module>",), **others: str) -> list[Store]:
        path = tmp_path / "train.py"
        path.write_text(textwrap.dedent(text))
        for name, other in others.items():
            (tmp_path / f"{name}.py").write_text(textwrap.dedent(other))
        codes = {code.co_name: code for code in _codes(compile(path.read_text(), str(path), "exec"))}
        lines = path.read_text().splitlines()
        stack = []
        for name, inner in zip(via, ("call", *via), strict=False):
            first, last = _span(codes[name])
            (line,) = [n for n, each in enumerate(lines, 1) if f"{inner}()" in each and "def " not in each
                       and first <= n <= last]  # fmt: skip
            stack.append((codes[name], line))
        return stores_ahead(stack, [str(path), *(str(tmp_path / f"{name}.py") for name in others)])

    return find


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for each in code.co_consts:
        if isinstance(each, types.CodeType):
            yield from _codes(each)


def _span(code: types.CodeType) -> tuple[int, int]:
    lines = [line for _, _, line in code.co_lines() if line]
    return min(lines), max(lines)


def told(stores: list[Store]) -> set[tuple[object, ...]]:
    return {(each.kind, each.key, each.receiver) for each in stores}


LOOP = """
def call(): pass

for x in [1, 2]:
    call()
    {}
"""


@pytest.mark.parametrize(
    ("statement", "stores"),
    [
        # The module's own names are globals.
        ("rate = 1", {("global", "rate", "")}),
        ("rate += 1", {("global", "rate", "")}),
        ("rate: int = 1", {("global", "rate", "")}),
        ("del rate", {("global", "rate", "")}),
        ("a, (b, *c) = x", {("global", "a", ""), ("global", "b", ""), ("global", "c", "")}),
        ("a = b = x", {("global", "a", ""), ("global", "b", "")}),
        ("for y in x: pass", {("global", "y", "")}),
        # State of TensorFlow itself
        ("tf.random.set_seed(x)", {("ambient", "seed", "")}),
        ("set_seed(seed=x)", {("ambient", "seed", "")}),
        ("tf.keras.utils.set_random_seed(3)", {("ambient", "seed", "")}),
        ("tf.summary.experimental.set_step(x)", {("ambient", "step", "")}),
        ("with tf.summary.record_if(x): pass", {("ambient", "is_recording", "")}),
        ("np.random.seed(x)", set()),
        # Attributes and items
        ("o.rate = 1", {("attribute", "rate", "o")}),
        ("o.p.rate = 1", {("attribute", "rate", "p")}),
        ("o['p'].rate = 1", {("attribute", "rate", "p")}),
        ("f().rate = 1", {("attribute", "rate", "")}),
        ("o.rate += 1", {("attribute", "rate", "o")}),
        ("del o.rate", {("attribute", "rate", "o")}),
        ("for o.rate in x: pass", {("attribute", "rate", "o")}),
        ("setattr(o, 'rate', 1)", {("attribute", "rate", "o")}),
        ("o['rate'] = 1", {("item", "rate", "o")}),
        ("o.p['rate'] = 1", {("item", "rate", "p")}),
        ("o[0] += 1", {("item", 0, "o")}),
        ("del o['rate']", {("item", "rate", "o")}),
        ("o[x] = 1", {("content", None, "o")}),
        ("o.p[x + 1] = 1", {("content", None, "p")}),
        # Calls that change what they are called on
        ("o.append(x)", {("content", None, "o")}),
        ("o.p.append(x)", {("content", None, "p")}),
        ("o.pop()", {("content", None, "o")}),
        ("o.clear()", {("content", None, "o")}),
        ("o.update(rate=1)", {("item", "rate", "o"), ("content", None, "o")}),
        ("o.update({'rate': 1, x: 2})", {("item", "rate", "o"), ("content", None, "o")}),
        # Wherever they stand
        ("if x: o.rate = 1", {("attribute", "rate", "o")}),
        ("with x: o.rate = 1", {("attribute", "rate", "o")}),
        ("y = [o.append(z) for z in x]", {("global", "y", ""), ("content", None, "o")}),
        ("print(o.append(x))", {("content", None, "o")}),
        # Nothing that is there is changed.
        ("o.setdefault('rate', 1)", set()),
        ("rate: int", set()),
        ("print(o.rate, o['rate'])", set()),
        ("o.count(x)", set()),
        ("pop(o, 'rate')", set()),
    ],
)
def test_each_way_to_change_state_is_a_store(ahead: Ahead, statement: str, stores: set[tuple[object, ...]]) -> None:
    assert told(ahead(LOOP.format(statement))) - {("global", "x", "")} == stores


WAYS = {
    "with": ("with open(x) as rate: pass", {("global", "rate", "")}),
    "with an attribute": ("with open(x) as o.rate: pass", {("attribute", "rate", "o")}),
    "an expression": ("print(rate := 1)", {("global", "rate", "")}),
    "an import": ("import rate", {("global", "rate", "")}),
    "a function": ("def rate(): pass", {("global", "rate", "")}),
    "keys that nobody knows": ("o.update(x)", {("content", None, "o")}),
    "keys that nobody knows, spread": ("o.update(**x)", {("content", None, "o")}),
    "popitem": ("o.popitem()", {("content", None, "o")}),
    "reverse": ("o.reverse()", {("content", None, "o")}),
    "sort": ("o.sort()", {("content", None, "o")}),
    "rotate": ("o.rotate()", {("content", None, "o")}),
    "an array": ("o.fill(0)", {("content", None, "o")}),
    "delattr": ("delattr(o, 'rate')", {("attribute", "rate", "o")}),
    "an item by its method": ("o.__setitem__('rate', 1)", {("item", "rate", "o")}),
    "an attribute by its method": ("o.__setattr__('rate', 1)", {("attribute", "rate", "o")}),
    "an attribute by that of all objects": ("object.__setattr__(o, 'rate', 1)", {("attribute", "rate", "o")}),
    "a part is popped": ("o.pop('rate')", {("item", "rate", "o"), ("content", None, "o")}),
}


@pytest.mark.parametrize("name", WAYS)
def test_so_are_these(ahead: Ahead, name: str) -> None:
    statement, stores = WAYS[name]
    assert stores <= told(ahead(LOOP.format(statement)))


# What is said of a store

PLACES = """
class Agent:
    @property
    def rate(self): return 1

    @staticmethod
    def learn(agent, data):
        for x in data:
            call()
            agent.rate = 0.5
            if agent.mask is None:
                agent.mask = f(x)
            if x > 3:
                agent.other = f(x)

def call(): pass
"""


def test_a_store_says_where_it_stands_what_it_stores_and_whether_it_only_fills_in(ahead: Ahead, tmp_path: Path) -> None:
    rate, mask, other = [each for each in ahead(PLACES, ("learn",)) if each.kind == "attribute"]
    assert rate.place == f"{tmp_path / 'train.py'}:10" and rate.scope == (6, 7, 14)
    assert (rate.owner, rate.plain, rate.value, rate.lazy) == ("Agent", True, "0.5", False)
    assert (mask.value, mask.lazy) == (None, True)
    assert (other.value, other.lazy) == (None, False)


@pytest.mark.parametrize(
    ("guard", "lazy"),
    [
        ("o.rate is None", True),
        ("not o.rate", True),
        ("not hasattr(o, 'rate')", True),
        ("o.rate is None and x", True),
        ("o.rate", False),
        ("o.rate > 1", False),
        ("o.other is None", False),
        ("x is None", False),
    ],
)
def test_a_store_fills_in_where_it_asks_whether_that_is_missing(ahead: Ahead, guard: str, lazy: bool) -> None:
    (store,) = [each for each in ahead(LOOP.format(f"if {guard}: o.rate = f(x)")) if each.key == "rate"]
    assert store.lazy is lazy


@pytest.mark.parametrize(
    "line", ["if o.rate is None: pass\n    else: o.rate = f(x)", "if 'a' not in o: pass\n    else: o['a'] = x"]
)
def test_the_other_side_of_the_question_does_not_fill_in(ahead: Ahead, line: str) -> None:
    (store,) = [each for each in ahead(LOOP.format(line)) if each.kind in ("attribute", "item")]
    assert not store.lazy


# What the loops come to

REACH = """
def call(): pass

def inside():
    state.inside = 1

def handed():
    state.handed = 1

def far():
    state.far = 1

class Agent:
    def __init__(self):
        self.made = 1

    def lower(self):
        self.lowered = 1
        far()

    def on_epoch_end(self):
        self.ended = 1

    @property
    def rate(self): return 1

    @rate.setter
    def rate(self, value):
        self.set = value

    def apart(self):
        self.apart = 1

state.before = 1
while True:
    call()
    state.within = 1
    inside()
    every(handed)
    agent.lower()
    agent.rate = 2
state.behind = 1
"""


def test_what_the_loop_does_and_calls_is_ahead_and_what_stands_before_or_behind_is_not(ahead: Ahead) -> None:
    keys = {each.key for each in ahead(REACH) if each.kind == "attribute"}
    assert {"within", "inside", "handed", "lowered", "far", "ended", "set"} <= keys
    assert not {"before", "behind", "apart", "made"} & keys


def test_it_may_be_in_another_file(ahead: Ahead) -> None:
    other = "def lower(state):\n    state.rate = 1\n"
    assert ("attribute", "rate", "state") in told(ahead(LOOP.format("lower(o)"), other=other))
    assert ("attribute", "rate", "state") not in told(ahead(LOOP.format("raised(o)"), other=other))


CALLERS = """
def call(): pass

def step():
    call()
    state.step = 1

def epoch():
    state.start = 1
    for x in data:
        table[0]()  # which is step()
        state.round = 1
    state.end = 1

def main():
    state.main = 1
    for n in range(9):
        table[1]()  # which is epoch()
        state.epoch = 1
    state.done = 1

main()
"""


def test_what_a_loop_around_runs_again_is_ahead_as_a_whole(ahead: Ahead) -> None:
    stores = ahead(CALLERS, ("step", "epoch", "main", "<module>"))
    keys = {each.key for each in stores if each.kind == "attribute"}
    assert keys == {"step", "start", "round", "end", "epoch"}


def test_without_a_loop_nothing_is_ahead(ahead: Ahead) -> None:
    assert ahead("def call(): pass\ncall()\nstate.rate = 1\n") == []


def test_variables_of_a_function_are_its_own_unless_it_says_otherwise(ahead: Ahead) -> None:
    text = "def call(): pass\ndef main():\n    global rate\n    while 1:\n        call()\n        rate = pace = 1\n"
    assert told(ahead(text, ("main",))) == {("global", "rate", ""), ("local", "pace", "")}


def test_the_variables_of_all_loops_around_change_with_their_next_rounds(ahead: Ahead) -> None:
    """A run may end before the second epoch begins."""
    text = "def call(): pass\nfor epoch in [1, 2]:\n    for x, o.y in data:\n        call()\n"
    assert told(ahead(text)) == {("global", "epoch", ""), ("global", "x", ""), ("attribute", "y", "o")}


def test_so_do_those_of_a_function(ahead: Ahead) -> None:
    text = "def call(): pass\ndef main():\n    for epoch in [1, 2]:\n        call()\n"
    assert told(ahead(text, ("main",))) == {("local", "epoch", "")}


@pytest.mark.parametrize("loop", ["for x in data:", "while data:"])
def test_a_coroutine_s_loops_count_as_well(ahead: Ahead, loop: str) -> None:
    text = f"def call(): pass\nasync def main():\n    {loop}\n        call()\n        state.rate = 1\n"
    assert ("attribute", "rate", "state") in told(ahead(text, ("main",)))


def test_a_file_that_can_not_be_read_stops_nothing(ahead: Ahead) -> None:
    assert ahead(LOOP.format("o.rate = 1"), other="def broken(:\n")


PHASES = """
def call(): pass

def fit():
    for x in [1, 2]:
        call()

def report():
    print(rate)

rate = 1
fit()
{between}
{then}
"""


@pytest.mark.parametrize(
    ("then", "found"),
    [
        ("fit( )", True),
        ("for phase in range(2): fit( )", True),
        ("if phase == 2:\n    print(1)\nelse:\n    fit( )", True),
        ("call( )", True),
        ("report()", False),
        ("print(rate)", False),
        ("def later():\n    fit( )", False),
    ],
)
def test_what_comes_before_a_second_phase_is_ahead(ahead: Ahead, then: str, found: bool) -> None:
    stores = told(ahead(PHASES.format(between="rate = 2", then=then), ("fit", "<module>")))
    assert (("global", "rate", "") in stores) is found


def test_what_a_second_phase_calls_itself_is_ahead(ahead: Ahead) -> None:
    text = "def slow():\n    global rate\n    rate = 0.1\n" + PHASES.format(between="slow()", then="fit( )")
    assert ("global", "rate", "") in told(ahead(text, ("fit", "<module>")))
    last = "def slow():\n    global rate\n    rate = 0.1\n" + PHASES.format(between="fit( )", then="slow()")
    assert ("global", "rate", "") not in told(ahead(last, ("fit", "<module>")))


def test_a_second_phase_may_lie_in_a_handler_or_behind_a_try(ahead: Ahead) -> None:
    text = """
def call(): pass

def fit():
    for x in [1, 2]:
        call()

if True:
    try:
        fit()
    except ValueError:
        rate = 1
    finally:
        share = 1
        other = 1
    {last}
"""
    stores = told(ahead(text.format(last="fit( )"), ("fit", "<module>")))
    assert {("global", name, "") for name in ("rate", "share", "other")} <= stores
    assert not told(ahead(text.format(last="pass"), ("fit", "<module>"))) & {("global", "rate", "")}
