"""Where the time goes by lines of the user's files, and what kind of work it is."""

from __future__ import annotations

import pytest

from hybridize.measure import hosts
from hybridize.measure.samples import LEAST_MOMENTS, Frame, Thread
from hybridize.records import Cost
from hybridize.sandbox.protocol import HOOK_FILE, WAITING

SITE = "/p/.venv/lib/python3.11/site-packages"
USER = Frame("main", "/p/train.py", 12)
TRACED = Frame("Gate.call", str(hosts._OURS) + "sandbox/child/profiled.py", 52)


def stacks(number: int, *below: Frame) -> tuple[tuple[Frame, ...], ...]:
    return ((Frame("<module>", "/p/train.py", 80), TRACED, USER, *below),) * number


def costs(*found: tuple[tuple[Frame, ...], ...]):
    return hosts.find([Thread("main", sum(found, ()))], "/p")


@pytest.mark.parametrize(
    "frames, kind, called",
    [
        ([], Cost.PYTHON, ""),
        ([("error_handler", "keras/src/utils/traceback_utils.py"), ("Trainer.predict", "keras/src/trainer.py")],
         Cost.PREDICT, "keras: predict"),
        ([("Model.fit", "keras/src/trainer.py"), ("__next__", "tensorflow/python/data/ops/iterator_ops.py")],
         Cost.FIT, "keras: fit"),
        ([("__next__", "tensorflow/python/data/ops/iterator_ops.py")], Cost.DATA, "tensorflow: __next__"),
        ([("open", "PIL/Image.py")], Cost.DATA, "PIL: open"),
        ([("mean", "numpy/core/fromnumeric.py"), ("__array__", "tensorflow/python/framework/ops.py")],
         Cost.CONVERSION, "tensorflow: __array__"),
        ([("mean", "numpy/core/fromnumeric.py")], Cost.NUMPY, "numpy: mean"),
        ([("step", "gymnasium/wrappers/time_limit.py"), ("step", "numpy/x.py")], Cost.ENVIRONMENT, "gymnasium: step"),
        ([("Function.__call__", "tensorflow/python/eager/polymorphic_function/polymorphic_function.py")],
         Cost.GRAPH, "tensorflow: __call__"),
        ([("matmul_wrapper", "tensorflow/python/util/dispatch.py"), ("matmul", "tensorflow/python/ops/math_ops.py")],
         Cost.TENSORFLOW, "tensorflow: matmul"),
        ([("_mul_dispatch_factory", "tensorflow/python/ops/math_ops.py"),
          ("multiply", "tensorflow/python/ops/math_ops.py")], Cost.TENSORFLOW, "tensorflow: multiply"),
        ([("error_handler", "keras/src/utils/traceback_utils.py")], Cost.TENSORFLOW, ""),
        ([("post", "requests/api.py")], Cost.LIBRARY, "requests: post"),
    ],
)  # fmt: skip
def test_a_line_has_the_kind_of_work_that_it_calls(frames, kind, called):
    (cost,) = costs(stacks(100, *(Frame(name, f"{SITE}/{file}", 1) for name, file in frames)))
    assert (cost.place, cost.function, cost.kind, cost.called, cost.share) == ("train.py:12", "main", kind, called, 1.0)


def test_what_is_installed_below_the_project_or_ours_is_none_of_the_users_files():
    assert not hosts.is_users(f"{SITE}/keras/src/trainer.py", "/p")
    assert not hosts.is_users(HOOK_FILE, "/p") and not hosts.is_users("/elsewhere/train.py", "/p")
    assert hosts.is_users("/p/pkg/model.py", "/p") and hosts.is_users("/p/pkg/model.py", "/p/")


def test_shares_are_of_all_moments_but_those_that_waited_for_the_sampler():
    waiting = ((Frame(WAITING, HOOK_FILE, 1),),) * 500
    elsewhere = ((Frame("f", f"{SITE}/x.py", 1),),) * 50
    found = costs(stacks(40), stacks(10, Frame("post", f"{SITE}/requests/api.py", 1)), elsewhere, waiting)
    assert [(cost.kind, cost.share) for cost in found] == [(Cost.PYTHON, 0.4), (Cost.LIBRARY, 0.1)]


def test_few_samples_give_no_lines_and_small_shares_are_left_out():
    assert costs(stacks(LEAST_MOMENTS - 1)) == ()
    assert hosts.find([], "/p") == ()
    other = Frame("post", f"{SITE}/requests/api.py", 1)
    assert len(costs(stacks(999), stacks(1, other))) == 1


def test_the_thread_that_trains_counts():
    idle = Thread("idle", ((Frame("wait", f"{SITE}/x.py", 1),),) * 100)
    assert hosts.find([idle, Thread("main", stacks(100))], "/p")[0].share == 1.0
