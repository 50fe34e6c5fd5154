"""Comparing calls, eager against graph: what refutes, what casts doubt, and that the script is not disturbed."""

from __future__ import annotations

import contextlib
import queue
import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from hybridize.dynamic.child.stability import Stability

pytestmark = pytest.mark.slow  # TensorFlow is imported


class Cut(BaseException):
    pass


@pytest.fixture
def checker(tf: Any, tracked: Any, one_stream: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Makes the checker of some functions; `checked` wraps them as a hook would."""
    from tensorflow.python.data.ops import iterator_ops
    from tensorflow.python.ops import script_ops

    from hybridize.dynamic.child import checking, effects, iterators, pyfuncs

    # Threads that earlier tests have left in this process are no threads of the script.
    others = set(threading.enumerate())
    monkeypatch.setattr(effects, "_is_beside_others", lambda: bool(set(threading.enumerate()) - others))

    original = iterator_ops.OwnedIterator.__init__
    called = script_ops.FuncRegistry.__call__
    iterators.track()
    pyfuncs.track()

    def make(*names: str, **job: Any) -> Any:
        folder = str(Path(__file__).parent)
        child = SimpleNamespace(
            job={"project": (folder, folder), "candidates": names, "deadline_seconds": 60.0, **job},
            request_cut=lambda reason: None,
            boundary=lambda: None,
        )
        made = checking.Checker(child)  # type: ignore[arg-type]
        made.ready = True
        return made

    yield make
    iterator_ops.OwnedIterator.__init__ = original
    script_ops.FuncRegistry.__call__ = called
    iterators._known.clear()


@pytest.fixture
def check(tf: Any, checker: Any) -> Callable[..., Any]:
    """Checks one function over some calls; gives what is known of it then."""

    def run(function: Callable[..., Any], calls: Any, between: Callable[[int], Any] = lambda number: None) -> Any:
        made = checker("f")
        checked = made.wrap("f", tf.function(function))
        for number, arguments in enumerate(calls):
            between(number)
            with contextlib.suppress(ArithmeticError, StopIteration, tf.errors.OpError):
                checked(*arguments)
        return made.checks["f"]

    return run


def batches(tf: Any, count: int = 20) -> list[tuple[Any]]:
    generator = np.random.default_rng(0)
    return [(tf.constant(generator.normal(size=(4, 3)), tf.float32),) for _ in range(count)]


def make_step(tf: Any) -> tuple[Callable[[Any], Any], Any]:
    weight = tf.Variable(tf.ones((3, 1)))

    def step(x: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((tf.nn.dropout(x, 0.3) @ weight - 1.0) ** 2)
        weight.assign_sub(0.1 * tape.gradient(loss, weight))
        return loss

    return step, weight


# What is confirmed


def test_a_training_step_agrees_with_its_graph(tf: Any, check: Any) -> None:
    step, _ = make_step(tf)
    seen = check(step, batches(tf))
    assert not seen.refutations and not seen.doubts
    assert seen.calls == 20 and seen.compared >= 12, "at least ten consecutive steps"
    assert seen.states == seen.compared, "each from another state"
    assert seen.retraced >= 3 and seen.traces == 1
    assert seen.max_error == 0.0, "to the bit, dropout and all"


def test_calls_are_compared_ever_more_rarely_once_enough_were(tf: Any, checker: Any) -> None:
    step, _ = make_step(tf)
    made = checker("f", enough=20)
    checked, seen = made.wrap("f", tf.function(step)), made.checks["f"]
    compared: list[int] = []
    for number, (batch,) in enumerate(batches(tf, 200)):
        before = seen.compared
        checked(batch)
        compared += [number] * (seen.compared - before)
    early = [number for number in compared if number < 40]
    assert len(early) >= 20, "until there are enough, every second or so"
    assert len({number % 2 for number in early[12:]}) == 2, "of calls that alternate not always the same"
    late = [number for number in compared if number >= 40]
    assert 4 <= len(late) <= 10, "then ever rarer ones, or the run would spend its time on what it knows"


def test_what_is_called_inside_of_compared_calls_gets_its_turn(tf: Any, checker: Any) -> None:
    made = checker("outer", "middle", "inner", enough=20)
    inner = made.wrap("inner", tf.function(lambda x: tf.reduce_mean(x**2)))
    middle = made.wrap("middle", tf.function(lambda x: 2.0 * inner(x)))
    outer = made.wrap("outer", tf.function(lambda x: 1.0 + middle(x)))
    for (batch,) in batches(tf, 40):
        outer(batch)
    compared = {name: check.compared for name, check in made.checks.items()}
    assert compared["outer"] >= 12 and compared["middle"] >= 12 and compared["inner"] >= 5, compared


def test_what_is_called_inside_of_compared_calls_only_is_compared_there(tf: Any, checker: Any) -> None:
    outer_names = [f"outer{number}" for number in range(8)]
    made = checker(*outer_names, "inner", rare=dict.fromkeys(outer_names, 1))
    inner = made.wrap("inner", tf.function(lambda x: tf.reduce_mean(x**2)))
    for name, (batch,) in zip(outer_names, batches(tf, 8), strict=True):
        made.wrap(name, tf.function(lambda x: 1.0 + inner(x)))(batch)
    assert made.checks["inner"].compared == 7, "each call of those that call it is compared, and the first builds"


def test_what_is_called_late_finds_time_left(tf: Any, checker: Any) -> None:
    made = checker("step", "late")
    step, late = (made.wrap(name, tf.function(make_step(tf)[0])) for name in ("step", "late"))
    seen, given = made.checks["step"], iter(batches(tf, 160))
    for _ in range(60):
        step(*next(given))
    assert 6 <= seen.compared <= 14, "the run gets on to what was not compared yet"
    for _ in range(12):
        late(*next(given))
    assert made.checks["late"].compared >= 6
    before = seen.compared
    for _ in range(20):
        step(*next(given))
    assert seen.compared >= before + 8, "and then has time again"


def test_a_run_is_not_cut_inside_of_a_compared_call(tf: Any, checker: Any) -> None:
    made = checker("outer", "inner", enough=1, rare={"outer": 1})
    inner = made.wrap("inner", tf.function(lambda x: tf.reduce_mean(x**2)))
    outer = made.wrap("outer", tf.function(lambda xs: tf.add_n([inner(x) for x in xs])))
    depths: list[int] = []
    made.child.boundary = lambda: depths.append(len(made.running))
    outer([batch for (batch,) in batches(tf, 30)])
    assert depths == [0] and made.checks["outer"].compared == 1 and made.checks["inner"].compared > 1


@pytest.mark.parametrize("caught", [True, False], ids=["caught", "raised"])
def test_what_is_refused_a_connection_is_neither_refuted_nor_confirmed(tf: Any, checker: Any, caught: bool) -> None:
    from hybridize.sandbox.child.refusal import RefusedConnection

    step, _ = make_step(tf)

    def posts(x: Any) -> Any:
        try:
            raise RefusedConnection("host:443", "does not allow this run to connect to host:443")
        except OSError:
            if not caught:
                raise
        return step(x)

    made = checker("f")
    checked = made.wrap("f", tf.function(posts))
    for arguments in batches(tf):
        with contextlib.suppress(OSError):
            checked(*arguments)
    seen = made.checks["f"]
    assert not seen.refutations
    assert "--network allow" in seen.doubts["network"]


@pytest.mark.parametrize("eager", [True, False], ids=["eager", "trace"])
def test_a_request_to_stop_that_becomes_another_error_refutes_nothing(tf: Any, checker: Any, eager: bool) -> None:
    from hybridize.sandbox.child.child import StopRun

    armed = False

    def step(x: Any) -> Any:
        if armed and eager == tf.executing_eagerly():
            # What TensorFlow makes of a request to stop that comes while its C++ code calls Python code.
            try:
                raise StopRun("the time for this run was up")
            except StopRun as error:
                raise SystemError("bad argument to internal function") from error
        return 2.0 * x

    made = checker("f")
    checked = made.wrap("f", tf.function(step))
    checked(tf.constant([1.0, 2.0]))  # the first call of a function is not compared
    armed = True
    with pytest.raises(StopRun):
        checked(tf.constant([1.0, 2.0]))
    assert not made.checks["f"].refutations


def test_a_variable_that_the_function_never_reads_makes_no_state(tf: Any, check: Any) -> None:
    weight, elsewhere = tf.Variable(2.0), tf.Variable(0.0)
    x = tf.constant([1.0, 2.0])
    seen = check(lambda x: x * weight, [(x,)] * 20, lambda number: elsewhere.assign_add(1.0))
    assert seen.compared > 5 and seen.states == 1
    seen = check(lambda x: x * weight, [(x,)] * 20, lambda number: weight.assign_add(1.0))
    assert seen.states == seen.compared and not seen.reads_nothing
    seen = check(lambda w, x: x * w, [(weight, x)] * 20, lambda number: weight.assign_add(1.0))
    assert seen.states == seen.compared, "a variable may be an argument, too"


def test_the_far_end_of_a_large_variable_makes_a_state_too(tf: Any, check: Any) -> None:
    weight = tf.Variable(tf.zeros(1 << 18))
    last = tf.one_hot((1 << 18) - 1, 1 << 18)
    seen = check(lambda x: x * weight, [(tf.constant(1.0),)] * 20, lambda number: weight.assign_add(last))
    assert seen.states == seen.compared


def test_a_function_that_reads_nothing_has_one_state_and_that_is_known(tf: Any, check: Any) -> None:
    elsewhere = tf.Variable(0.0)
    seen = check(lambda: tf.linalg.band_part(tf.ones((4, 4)), -1, 0), [()] * 20, lambda _: elsewhere.assign_add(1.0))
    assert seen.compared > 5 and seen.states == 1 and seen.reads_nothing


def test_the_script_goes_on_as_if_nothing_were_compared(tf: Any, checker: Any, one_stream: Any) -> None:
    def train(compared: bool) -> tuple[list[float], list[float]]:
        one_stream._counters.clear()
        step, weight = make_step(tf)
        if compared:
            step = checker("f").wrap("f", tf.function(step))
        losses = [float(step(*batch)) for batch in batches(tf)]
        return losses, weight.numpy().ravel().tolist()

    assert train(True) == train(False)


def test_what_runs_inside_of_a_candidate_is_compared_on_its_own(tf: Any, checker: Any) -> None:
    made = checker("outer", "inner")
    weight = tf.Variable(2.0)
    inner = made.wrap("inner", tf.function(lambda x: tf.reduce_sum(x * weight)))

    def train(x: Any) -> Any:
        loss = inner(x)
        weight.assign_sub(0.01 * loss)
        return loss

    outer = made.wrap("outer", tf.function(train))
    for batch in batches(tf, 60):
        outer(*batch)
    for each in made.checks.values():
        assert not each.refutations and each.compared >= 10


@pytest.mark.parametrize(
    ("minor", "patience", "cut"), [((), 0.0, False), (("rare",), 600.0, False), (("rare",), 0.0, True)]
)
def test_the_run_is_not_held_up_for_what_takes_no_time(
    tf: Any, checker: Any, minor: Any, patience: float, cut: bool
) -> None:
    made = checker("step", "rare", minor=minor, patience=patience)
    reasons: list[str] = []
    made.child.request_cut = reasons.append
    step, rare = (made.wrap(name, tf.function(make_step(tf)[0])) for name in ("step", "rare"))
    rare(*batches(tf, 1)[0])
    for batch in batches(tf, 2000):
        step(*batch)
        if reasons or (made.checks["step"].is_enough(made.enough) and made.checks["step"].compared > made.enough + 1):
            break
    assert bool(reasons) is cut


@pytest.mark.parametrize(("patience", "waits"), [(600.0, True), (0.0, False)])
def test_the_script_is_hurried_on_to_what_it_calls_late(tf: Any, checker: Any, patience: float, waits: bool) -> None:
    made = checker("step", "inner", "late", patience=patience)
    inner, late = (made.wrap(name, tf.function(make_step(tf)[0])) for name in ("inner", "late"))
    step = made.wrap("step", tf.function(lambda *batch: inner(*batch) * 2.0))
    checks, data = made.checks, batches(tf, 110)
    for batch in data[:40]:
        step(*batch)
    if waits:
        assert checks["step"].compared == 6 and checks["inner"].compared == 0
    else:
        assert checks["step"].compared > 6 and checks["inner"].compared > 6
    for batch in data[40:]:
        late(*batch)
        step(*batch)
    for each in checks.values():
        assert not each.refutations and each.compared >= 10 and each.retraced >= 3


# What is refuted


def test_a_tensor_that_is_asked_which_object_it_is(tf: Any, check: Any) -> None:
    """Moving the arguments by a rounding error makes other objects of them: that must not excuse the difference."""
    data = batches(tf, 12)
    hard = data[3][0]

    def step(x: Any) -> Any:
        return tf.reduce_sum(x) * (3.0 if x is hard else 1.0)

    assert "differs" in check(step, data).refutations


def test_state_that_changes_between_the_calls_is_named_before_the_difference_that_it_makes(tf: Any, check: Any) -> None:
    settings = SimpleNamespace(rate=0.5)

    def step(x: Any) -> Any:
        return x * settings.rate

    seen = check(step, batches(tf), between=lambda n: setattr(settings, "rate", 0.5 if n < 15 else 0.1))
    assert list(seen.refutations) == ["unstable"]
    assert "0.5 then 0.1" in seen.refutations["unstable"] and "test_checking.py" in seen.refutations["unstable"]


def test_an_effect_in_an_eager_call(tf: Any, check: Any) -> None:
    losses: list[Any] = []

    def step(x: Any) -> Any:
        losses.append(1)
        return tf.reduce_sum(x)

    seen = check(step, batches(tf))
    assert seen.refutations["effect"].startswith("it changes losses, which outlives the call")
    assert len(losses) == 20, "and the script's own calls had it all the same"


def test_a_print_that_only_tracing_reaches(tf: Any, check: Any, capsys: Any) -> None:
    """A rare branch on a tensor: eager doesn't come to it here, a trace goes through both sides of it."""

    def step(x: Any) -> Any:
        loss = tf.reduce_sum(x)
        if loss > 1e6:
            print("diverged")
            loss = -loss
        return loss

    seen = check(step, batches(tf))
    assert seen.refutations["effect"].startswith("during tracing, it prints ('diverged')")


def test_python_state_that_tracing_changes_is_put_back(tf: Any, check: Any) -> None:
    seen_shapes: list[Any] = []

    def step(x: Any) -> Any:
        if not tf.executing_eagerly():
            seen_shapes.append(x.shape)
        return tf.reduce_sum(x)

    assert "during tracing" in check(step, batches(tf)).refutations["effect"]
    assert seen_shapes == []


def test_a_graph_that_raises(tf: Any, check: Any) -> None:
    def step(x: Any) -> Any:
        return x.numpy().sum()

    assert "as a graph it raises" in check(step, batches(tf)).refutations["raised"]


def test_an_error_of_another_kind(tf: Any, check: Any) -> None:
    """``next`` raises StopIteration eagerly, which the caller catches, and OutOfRangeError from a graph."""
    iterator = iter(tf.data.Dataset.range(8))

    def step() -> Any:
        return next(iterator) * 2

    seen = check(step, [()] * 12)
    assert "an eager call raises StopIteration, but the graph raises OutOfRangeError" in seen.refutations["raised"]


def test_a_variable_that_is_made_in_a_later_call(tf: Any, check: Any) -> None:
    made: dict[int, Any] = {}

    def step(x: Any) -> Any:
        key = len(made)
        made.setdefault(key, tf.Variable(1.0))
        return tf.reduce_sum(x) * made[key]

    assert check(step, batches(tf)).refutations


@pytest.mark.parametrize("compared", [True, False], ids=["in a compared call", "in another one"])
def test_a_variable_that_eager_code_makes_once_in_a_later_call(tf: Any, checker: Any, compared: bool) -> None:
    """The graph of that call finds it made already."""
    made, late = {"a": tf.Variable(1.0)}, []

    def step(x: Any) -> Any:
        name = "b" if late else "a"
        if name not in made:
            made[name] = tf.Variable(2.0)
        return tf.reduce_sum(x) * made[name]

    checked = checker("f")
    hooked, seen = checked.wrap("f", tf.function(step)), checked.checks["f"]
    for (batch,) in batches(tf, 8):
        hooked(batch)
    assert not seen.refutations and seen.compared >= 6
    late.append(True)
    checked._is_wanted = lambda *args: compared
    hooked(batches(tf, 1)[0][0])
    assert "in call 9" in seen.refutations["creation"]


def test_a_result_of_another_type(tf: Any, check: Any) -> None:
    def step(x: Any) -> Any:
        return tf.reduce_sum(x), 3

    assert "is an int eagerly and a tensor" in check(step, batches(tf)).refutations["differs"]


def test_a_variable_as_the_result(tf: Any, check: Any) -> None:
    count = tf.Variable(0.0)

    def step(x: Any) -> Any:
        count.assign_add(1.0)
        return count, tf.reduce_sum(x)

    said = check(step, batches(tf)).refutations["differs"]
    assert "a variable eagerly and a tensor from the graph; return its value instead" in said


def test_other_variables_than_before(tf: Any, check: Any) -> None:
    model = SimpleNamespace(weight=tf.Variable(1.0))

    def step(x: Any) -> Any:
        return tf.reduce_sum(x) * model.weight

    seen = check(step, batches(tf), between=lambda n: n == 8 and setattr(model, "weight", tf.Variable(2.0)))
    assert seen.refutations["unstable"].startswith("a later trace uses different variables")


# State that traces read


class Schedule:
    """A learning rate by epoch, as a callable."""

    def __init__(self) -> None:
        self.epoch = 0

    def __call__(self) -> float:
        return 0.1 if self.epoch < 3 else 0.01


SETTINGS = {"rate": 0.1, "epoch": 0}


def rate_of(settings: dict[str, Any]) -> Any:
    if settings["rate"] > 1.0:
        return 1.0
    return settings["rate"]


def make_scheduled_step(tf: Any, schedule: Schedule) -> Callable[[Any], Any]:
    weight = tf.Variable(tf.ones((3, 1)))
    optimizer = tf.keras.optimizers.SGD(learning_rate=schedule)

    def step(x: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ weight - 1.0) ** 2)
        optimizer.apply([tape.gradient(loss, weight)], [weight])
        return loss

    return step


def test_what_a_library_asks_the_project_for_is_traced_again_when_its_state_has_changed(tf: Any, check: Any) -> None:
    schedule = Schedule()
    seen = check(
        make_scheduled_step(tf, schedule),
        batches(tf, 250),
        between=lambda n: n >= 230 and setattr(schedule, "epoch", 3),  # by then calls are compared rarely
    )
    reason = seen.refutations["unstable"]
    assert "the graph keeps a constant that changes" in reason
    assert "`self.epoch` changed (0 then 3, read by `Schedule.__call__` (" in reason


def test_state_that_changes_without_another_graph_so_far_is_reported(tf: Any, check: Any) -> None:
    schedule = Schedule()
    seen = check(
        make_scheduled_step(tf, schedule), batches(tf, 60), between=lambda n: setattr(schedule, "epoch", n // 30)
    )
    assert not seen.refutations and not seen.doubts
    reads = seen.row().reads
    assert reads["changes"] == {"Schedule: self.epoch": 1} and reads["asked"] == 1
    assert [[state["Schedule: self.epoch"] for state in traced] for traced in reads["traced"]] == [["0", "1"]]


@pytest.mark.slow
def test_what_a_method_reads_of_its_own_instance_is_watched(tf: Any, checker: Any) -> None:
    """Tracing a bound tf.function hands the method an object that stands for the instance."""

    class Keeper:
        def __init__(self) -> None:
            self.weight = 1.0

        def step(self, x: Any) -> Any:
            return self.weight * tf.reduce_sum(x)

    made, keeper = checker("f"), Keeper()
    Keeper.step = made.wrap("f", tf.function(Keeper.step))  # type: ignore[method-assign]
    for number, (x,) in enumerate(batches(tf, 250)):
        if number >= 230:  # by then calls are compared rarely
            keeper.weight = 0.5
        keeper.step(x)
    seen = made.checks["f"]
    assert "Keeper: self.weight" in seen.row().reads["labels"]
    assert "`self.weight` changed (1.0 then 0.5" in seen.refutations["unstable"]


def test_of_a_dictionary_only_the_items_count_that_are_read(tf: Any, check: Any) -> None:
    def step(x: Any) -> Any:
        return tf.reduce_sum(x) * rate_of(SETTINGS)

    def change(number: int) -> None:
        SETTINGS["epoch"] = number

    seen = check(step, batches(tf, 40), between=change)
    assert not seen.refutations and not seen.row().reads["changes"]
    assert "settings['rate']" in seen.row().reads["labels"]


@pytest.mark.parametrize("foreseen", [True, False])
def test_a_check_goes_on_until_the_states_that_were_observed_were_traced(
    tf: Any, checker: Any, monkeypatch: pytest.MonkeyPatch, foreseen: bool
) -> None:
    """The script comes to the second state in call 40; where that can be put there, it is traced before."""
    if not foreseen:
        monkeypatch.setattr(Stability, "foresee", lambda self, key: iter(()))
    schedule = Schedule()
    states = [{"Schedule: self.epoch": str(epoch)} for epoch in (0, 1)]
    expected = {"changes": {"Schedule: self.epoch": 1}, "states": states, "overflowed": False}
    made = checker("f", reads={"f": expected})
    checked = made.wrap("f", tf.function(make_scheduled_step(tf, schedule)))
    enough = []
    for number, batch in enumerate(batches(tf, 60)):
        schedule.epoch = number // 40
        checked(*batch)
        enough.append(made.checks["f"].is_enough(5))
    assert not any(enough[:5]) and all(enough[40:]) and enough[39] == foreseen
    assert schedule.epoch == 1 and not made.checks["f"].refutations


# Errors that both raise


def test_an_error_of_the_same_kind_is_no_difference(tf: Any, check: Any) -> None:
    weight = tf.Variable(0.0)

    def step(x: Any) -> Any:
        weight.assign_add(1.0)
        tf.debugging.assert_less(tf.reduce_max(x), 100.0)
        return tf.reduce_sum(x)

    calls = batches(tf, 16)
    calls[5] = (calls[5][0] * 1e6,)
    seen = check(step, calls)
    assert not seen.refutations and seen.compared >= 10
    assert float(weight) == 16.0


def test_an_error_that_was_never_compared_leaves_a_path_unseen(tf: Any, check: Any) -> None:
    def step(x: Any) -> Any:
        tf.debugging.assert_less(tf.reduce_max(x), 100.0)
        return tf.reduce_sum(x)

    calls = batches(tf, 20)
    calls[18] = (calls[18][0] * 1e6,)  # by then calls are compared rarely
    seen = check(step, calls)
    assert seen.row().unseen_path_calls == 1


@pytest.mark.parametrize("behind", [True, False])
def test_what_a_graph_does_in_spite_of_an_error_refutes(tf: Any, check: Any, behind: bool) -> None:
    """Eager code stops at the check of its numbers, and a caller that goes on has its weights still."""
    weight = tf.Variable(1.0)

    def step(x: Any) -> Any:
        loss = tf.reduce_sum(x) * weight
        checked = tf.debugging.check_numerics(loss, "diverged")
        weight.assign_sub(0.001 * (checked if behind else loss))
        return loss

    calls = batches(tf, 20)
    calls[3] = (calls[3][0] * float("nan"),)
    seen = check(step, calls)
    assert bool(seen.refutations) is not behind
    assert not behind or seen.row().raised == 1


def test_the_scripts_own_error_reaches_the_script(tf: Any, checker: Any) -> None:
    def step(x: Any) -> Any:
        raise LookupError("mine")

    checked = checker("f").wrap("f", tf.function(step))
    for batch in batches(tf, 5):
        with pytest.raises(LookupError, match="mine"):
            checked(*batch)


def test_the_end_of_a_run_goes_through_a_comparison(tf: Any, checker: Any) -> None:
    made = checker("outer", "inner")

    def cut() -> None:
        raise Cut

    inner = made.wrap("inner", tf.function(lambda x: tf.reduce_sum(x)))
    outer = made.wrap("outer", tf.function(lambda x: inner(x) * 2.0))
    data = batches(tf, 60)
    for batch in data[:30]:
        outer(*batch)
    paths = dict(made.checks["outer"].paths)
    made.child.boundary = cut
    with pytest.raises(Cut):
        outer(*data[31])
    assert dict(made.checks["outer"].paths) == paths, "a call that was cut short is no path of its own"


# What casts doubt


@pytest.mark.parametrize(
    ("make", "words"),
    [
        ("a table that is filled", "lookup table"),
        ("a queue", "queue"),
        ("Python inside", "calls back into Python"),
        ("an op with a random state", "internal state of an op"),
        ("a table filled in a graph function inside", "lookup table"),
    ],
)
def test_what_cannot_be_put_back_is_not_compared(tf: Any, check: Any, make: str, words: str) -> None:
    table = tf.lookup.experimental.MutableHashTable(tf.int64, tf.float32, 0.0)
    line = tf.queue.FIFOQueue(100, [tf.float32])

    @tf.function
    def fill(x: Any) -> Any:
        table.insert(tf.constant([1], tf.int64), tf.reduce_sum(x)[None])

    functions: dict[str, Callable[[Any], Any]] = {
        "a table that is filled": lambda x: table.insert(tf.constant([1], tf.int64), tf.reduce_sum(x)[None]),
        "a queue": lambda x: line.enqueue(tf.reduce_sum(x)),
        "Python inside": lambda x: tf.py_function(lambda y: y * 2.0, [x], tf.float32),
        "an op with a random state": lambda x: tf.raw_ops.UniformCandidateSampler(
            true_classes=tf.ones((1, 1), tf.int64), num_true=1, num_sampled=3, unique=True, range_max=10
        )[0],
        "a table filled in a graph function inside": fill,
    }

    def step(x: Any) -> Any:
        functions[make](x)
        return tf.reduce_sum(x)

    seen = check(step, batches(tf, 8))
    assert words in seen.doubts["state"] and not seen.refutations and not seen.compared


def test_functions_that_the_script_runs_eagerly_prove_nothing(tf: Any, check: Any) -> None:
    step, _ = make_step(tf)
    tf.config.run_functions_eagerly(True)
    try:
        seen = check(step, batches(tf))
    finally:
        tf.config.run_functions_eagerly(False)
    assert "run_functions_eagerly" in seen.doubts["mode"] and not seen.compared


def test_a_failure_of_ours_is_a_doubt_and_not_the_scripts(tf: Any, check: Any, monkeypatch: Any, tracked: Any) -> None:
    def fail(*_: Any) -> Any:
        raise RuntimeError("no more memory for a snapshot")

    monkeypatch.setattr(tracked, "snapshot", fail)
    step, weight = make_step(tf)
    before = weight.numpy()
    seen = check(step, batches(tf))
    assert "no more memory" in seen.doubts["own"] and not seen.compared
    assert not np.array_equal(weight.numpy(), before), "the script has trained"


def test_what_a_thread_beside_may_have_changed_refutes_nothing(tf: Any, check: Any) -> None:
    ready: list[int] = []
    stop = threading.Event()

    def produce() -> None:
        while not stop.wait(0.0005):
            ready.append(1)

    def step(x: Any) -> Any:
        return tf.reduce_sum(x) * (1.0 if ready is not None else 0.0)

    thread = threading.Thread(target=produce, daemon=True)
    thread.start()
    try:
        seen = check(step, batches(tf))
    finally:
        stop.set()
        thread.join()
    assert not seen.refutations
    assert "another thread ran at the same time" in seen.doubts["beside"]


@contextlib.contextmanager
def working(work: Callable[[], Any], pause: float = 0.0005) -> Iterator[None]:
    """A thread that works all the time."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(pause):
            work()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_variables_that_a_thread_beside_writes_are_a_doubt(tf: Any, check: Any) -> None:
    """Workers that share an optimizer: the count of its updates moves while one of them computes its gradients."""
    updates, weight = tf.Variable(0, dtype=tf.int64), tf.Variable(tf.ones((3, 1)))

    def learn(x: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum((x @ weight) ** 2)
        return tape.gradient(loss, weight)

    with working(lambda: updates.assign_add(1)):
        seen = check(learn, batches(tf))
    assert not seen.refutations
    assert "another thread ran at the same time" in seen.doubts["beside"]


def test_a_graph_that_differs_each_time_is_refuted_beside_a_thread(tf: Any, check: Any) -> None:
    def scale(x: Any) -> Any:
        return x * (1.0 if tf.executing_eagerly() else 2.0)

    with working(lambda: None):
        seen = check(scale, batches(tf))
    assert "the result" in seen.refutations["differs"]


@contextlib.contextmanager
def drawing_ahead(pause: float) -> Iterator[Any]:
    """A thread that draws batches ahead with ``np.random``, into a queue of some places."""
    ready: queue.Queue[Any] = queue.Queue(maxsize=3)
    stop = threading.Event()

    def produce() -> None:
        while not stop.is_set():
            drawn = np.random.normal(size=(4, 3))
            while not stop.is_set():
                with contextlib.suppress(queue.Full):
                    ready.put(drawn, timeout=0.002)
                    break
            if pause:
                stop.wait(pause)

    thread = threading.Thread(target=produce, daemon=True)
    thread.start()
    try:
        yield ready
    finally:
        stop.set()
        thread.join()


def test_what_a_thread_draws_ahead_is_not_the_calls(tf: Any, checker: Any) -> None:
    weight = tf.Variable(tf.ones((3, 1)))

    def step(x: Any) -> Any:
        weight.assign_sub(0.01 * tf.reduce_mean(x) * tf.ones((3, 1)))
        return tf.reduce_sum(x @ weight)

    made = checker("f")
    checked = made.wrap("f", tf.function(step))
    with drawing_ahead(0.0) as ready:
        for _ in range(20):
            checked(tf.constant(ready.get(), tf.float32))
    seen = made.checks["f"]
    assert not seen.refutations and not seen.doubts
    assert seen.compared >= 12


def test_a_call_that_draws_itself_beside_such_a_thread_is_none_the_less_not_confirmed(tf: Any, checker: Any) -> None:
    calls = []

    def step(x: Any) -> Any:
        return tf.reduce_sum(x) * (1.0 if len(calls) % 5 else float(np.random.rand() > -1.0))

    made = checker("f")
    checked = made.wrap("f", tf.function(step))
    with drawing_ahead(0.0) as ready:
        for _ in range(20):
            calls.append(1)
            checked(tf.constant(ready.get(), tf.float32))
    seen = made.checks["f"]
    assert "np.random" in seen.doubts.get("beside", "") or seen.refutations


# Rounding


def test_rounding_that_the_function_amplifies_is_no_difference(tf: Any, check: Any) -> None:
    """A short chaotic walk: graph and eager round alike or not, and the walk makes it large."""

    def step(x: Any) -> Any:
        y = tf.sigmoid(x) / 3.0  # a graph may divide otherwise
        for _ in range(20):
            y = 3.9 * y * (1.0 - y)
        return y

    seen = check(step, batches(tf))
    assert not seen.refutations


def test_where_rounding_decides_everything_agreement_is_no_evidence(tf: Any, check: Any) -> None:
    def step(x: Any) -> Any:
        y = tf.sigmoid(x) / 3.0
        for _ in range(60):
            y = 3.9 * y * (1.0 - y)
        return y

    seen = check(step, batches(tf))
    assert not seen.refutations
    assert seen.compared == 0 or seen.max_error == 0.0
    assert 3 <= seen.retraced <= 8, "what can't be compared is not traced again at every call"


# Iterators


def test_a_candidate_that_takes_its_batch_from_a_pipeline(tf: Any, check: Any) -> None:
    iterator = iter(tf.data.Dataset.range(1000).shuffle(100, seed=1).map(lambda n: tf.cast(n, tf.float32)))
    taken = tf.Variable(0.0)

    def step() -> Any:
        x = next(iterator)
        taken.assign_add(x)
        return x

    seen = check(step, [()] * 20)
    assert not seen.refutations and not seen.doubts and seen.compared >= 10
    expected = list(tf.data.Dataset.range(1000).shuffle(100, seed=1).take(20).as_numpy_iterator())
    assert float(taken) == sum(expected), "each element was taken once"


def generated(tf: Any, draw: Callable[[], float]) -> Any:
    """A pipeline over a Python generator that draws random numbers, loading ahead."""

    def generate() -> Iterator[Any]:
        while True:
            yield np.full((4, 3), draw(), np.float32)

    spec = tf.TensorSpec((4, 3), tf.float32)
    return iter(tf.data.Dataset.from_generator(generate, output_signature=spec).prefetch(4))


@pytest.mark.parametrize("draw", [random.random, lambda: float(np.random.rand())], ids=["random", "numpy"])
def test_what_a_generator_of_data_draws_beside_a_step_is_not_the_steps(tf: Any, check: Any, draw: Any) -> None:
    step, _ = make_step(tf)
    data = generated(tf, draw)

    def slow(x: Any) -> Any:
        for _ in range(4):
            loss = step(x)
        return loss

    seen = check(slow, ((next(data),) for _ in range(24)))
    assert not seen.refutations and not seen.doubts and seen.compared >= 10


def test_a_step_that_draws_itself_is_refuted_beside_a_generator(tf: Any, check: Any) -> None:
    data = generated(tf, random.random)

    def step(x: Any) -> Any:
        return tf.reduce_sum(x) * random.random()

    assert check(step, ((next(data),) for _ in range(12))).refutations


# Retraces


def test_what_caused_a_retrace_is_said(tf: Any, check: Any) -> None:
    step = lambda x: tf.reduce_sum(x)  # noqa: E731 (a lambda is a function too)
    calls = [(tf.ones((n % 3 + 1, 2)),) for n in range(12)]
    seen = check(step, calls)
    assert seen.traces == 3
    assert any("shape" in cause and "then" in cause for cause in seen.causes)


def test_a_call_of_a_signature_that_was_never_compared_is_compared(tf: Any, check: Any) -> None:
    def step(x: Any) -> Any:
        return tf.reduce_sum(x * 2.0)

    sizes = [3 if number == 41 else 2 for number in range(60)]
    found = check(step, [(tf.random.normal([size]),) for size in sizes])
    assert len(found.signatures) == 2


def test_state_that_is_too_large_to_look_at_is_a_doubt(tf: Any, check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from hybridize.dynamic.child import walking

    monkeypatch.setattr(walking, "OBJECTS", 10)
    table = [[number] for number in range(100)]

    def step(x: Any) -> Any:
        return x * float(table[3][0])

    found = check(step, [(tf.random.normal([2]),) for _ in range(8)])
    assert "too many to inspect" in found.doubts["unseen"]
    assert not check(lambda x: x * 2.0, [(tf.ones([2]),) for _ in range(8)]).doubts


def test_a_queue_that_is_taken_from_is_a_doubt(tf: Any, check: Any) -> None:
    queue = tf.queue.FIFOQueue(1000, [tf.float32], [[]])
    queue.enqueue_many([tf.range(100.0)])

    def step(x: Any) -> Any:
        return x + queue.dequeue_many(2)

    found = check(step, [(tf.ones([2]),) for _ in range(10)])
    assert "takes from a queue" in found.doubts["state"]
    assert int(queue.size()) == 80, "nothing was taken twice"


# A private name of TensorFlow that a release has dropped


@pytest.mark.parametrize("name", ["_clone", "_reduce_retracing", "_jit_compile", "_autograph"])
def test_a_trace_that_can_not_be_looked_at_is_a_doubt(tf: Any, check: Any, lose: Any, name: str) -> None:
    weight = tf.Variable(2.0)
    lose(name)
    seen = check(lambda x: tf.reduce_sum(x) * weight, batches(tf))
    assert not seen.refutations
    assert name in seen.doubts["own"] and f"TensorFlow {tf.__version__} has no" in seen.doubts["own"]


@pytest.mark.parametrize("name", ["_flatten_layers", "_trainable"])
def test_layers_of_which_it_can_not_be_seen_what_is_trained_are_a_doubt(
    tf: Any, check: Any, lose: Any, name: str
) -> None:
    import keras

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    lose(name)
    seen = check(lambda x: tf.add_n([tf.reduce_sum(w) for w in model.trainable_variables]) * x, batches(tf))
    assert f"Keras {keras.__version__} has no" in seen.doubts["own"] and name in seen.doubts["own"]


@pytest.mark.parametrize("name", ["OwnedIterator", "serialize_iterator", "_iterator_resource"])
def test_an_iterator_that_can_not_be_saved_is_a_doubt(
    tf: Any, check: Any, lose: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    from hybridize.dynamic.child import iterators

    monkeypatch.setattr(iterators, "blind", "")
    lose(name)
    iterators.track()
    data = iter(tf.data.Dataset.range(1000).batch(2))
    seen = check(lambda: tf.reduce_sum(next(data)), [()] * 20)
    assert not seen.compared and name in seen.doubts["state"]


def test_where_pipelines_can_not_be_watched_a_changed_state_may_be_theirs(
    tf: Any, check: Any, lose: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hybridize.dynamic.child import pyfuncs

    monkeypatch.setattr(pyfuncs, "_blind", False)
    lose("FuncRegistry.__call__")
    pyfuncs.track()
    seen = check(lambda x: tf.reduce_sum(x) * random.random(), batches(tf))
    assert not seen.compared and "another thread ran at the same time" in seen.doubts["beside"]


# Function objects: each has traces of its own


def trial(tf: Any, made: Any, rate: Any, width: int) -> Any:
    """The step of one trial, as a factory makes it: over weights, a width and a rate of its own."""
    weight = tf.Variable(tf.ones((3, width)))

    def step(x: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ weight) ** 2) * rate()
        weight.assign_sub(0.1 * tape.gradient(loss, weight))
        return loss

    return made.wrap("f", tf.function(step))


def test_traces_of_two_function_objects_may_differ(tf: Any, checker: Any) -> None:
    made = checker("f")
    for number in range(4):
        step = trial(tf, made, lambda number=number: 1.0 + number, 1 + number)  # type: ignore[misc]
        for batch in batches(tf, 12):
            step(*batch)
    seen = made.checks["f"]
    assert not seen.refutations and not seen.doubts
    assert seen.compared >= 20 and seen.retraced >= 8, "the traces of each are repeated"
    assert not seen.causes, "a trace of another function object is no retrace"


def test_what_changes_for_one_function_object_refutes(tf: Any, checker: Any) -> None:
    made = checker("f")
    rates = [1.0, 1.0, 1.0]
    for number in range(3):
        step = trial(tf, made, lambda number=number: rates[number], 1)  # type: ignore[misc]
        for call, batch in enumerate(batches(tf, 12)):
            rates[2] = 0.5 if number == 2 and call > 4 else 1.0
            step(*batch)
    assert "the graph keeps a constant that changes" in made.checks["f"].refutations["unstable"]


def test_a_function_object_for_each_call_leaves_nothing_behind(tf: Any, checker: Any) -> None:
    from hybridize.dynamic.child.evidence import PRINTS

    made = checker("f")
    for batch in batches(tf, 60):
        trial(tf, made, lambda: 1.0, 1)(*batch)
    seen = made.checks["f"]
    assert len(seen.prints) <= PRINTS and seen.retraced == 0


def test_a_layer_in_a_container_of_keras_that_counts_by_itself_refutes(tf: Any, check: Any) -> None:
    """No name of the step's leads to the layer: the container alone does."""
    import io

    import keras

    class Tap(keras.layers.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.log = io.StringIO()

        def call(self, x: Any) -> Any:
            self.log.write("x")
            return x * 2.0

    model = keras.Sequential([Tap(), keras.layers.Dense(1)])
    known = check(lambda x: tf.reduce_sum(model(x)), batches(tf))
    assert any("the StringIO is in another state" in reason for reason in known.refutations.values())


def test_the_stream_of_a_thread_that_draws_beside_is_no_variable_of_the_call(tf: Any, check: Any) -> None:
    over = threading.Event()

    def draw() -> None:
        while not over.is_set():
            tf.random.normal(())

    thread = threading.Thread(target=draw, daemon=True)
    thread.start()
    try:
        known = check(lambda x: tf.reduce_sum(x * tf.random.uniform([3])), batches(tf))
    finally:
        over.set()
        thread.join()
    assert not known.refutations and known.compared >= 5
