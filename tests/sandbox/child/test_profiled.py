"""A script that is sampled: its candidates' frames carry their ids, and training waits for the sampler once."""

from __future__ import annotations

import inspect

import pytest
from sandboxed import PATIENCE, follow

from hybridize.records import Ending
from hybridize.sandbox.child.profiled import named
from hybridize.sandbox.protocol import HOOK_FILE


def test_a_frame_carries_the_name_that_it_is_given() -> None:
    def look(*, depth: int = 0) -> tuple[str, str]:
        frame = inspect.currentframe()
        assert frame is not None
        return frame.f_code.co_qualname, frame.f_code.co_filename

    assert named("train:step", look)() == ("train:step", HOOK_FILE)


SCRIPT = """\
import inspect, sys
def step(x, y=2):
    frame = inspect.currentframe().f_back
    while frame.f_code.co_filename != "<hybridize>":
        frame = frame.f_back
    print(frame.f_code.co_name, x, y)
    return x
def other(x):
    return x
print(inspect.signature(step), step.__name__, step.__module__)
for number in range(int(sys.argv[1])):
    assert other(step(number)) == number
print("end")
"""


def begin(project, source=SCRIPT, units="4", **job):
    hooks = [{"file": "train.py", "line": 2, "id": "train:step"}, {"file": "train.py", "line": 8, "id": "train:other"}]
    whole = {"role": "profile", "hooks": hooks, "unit_id": "train:step", "opening_calls": 2, **job}
    return project.start(source, units, **whole)


@pytest.mark.slow
def test_training_waits_once_after_the_first_calls_and_then_goes_on(project):
    child = begin(project)
    assert follow(child, "called") is not None
    assert follow(child, "training") is not None
    with pytest.raises(TimeoutError):
        child.receive(0.3)
    child.send({"go": True})
    assert follow(child) is not None
    assert child.wait(PATIENCE).ending is Ending.FINISHED
    assert child.lines == (
        "(x, y=2) step __main__",
        *(f"train:step {number} 2" for number in range(4)),
        "end",
    )


@pytest.mark.slow
def test_a_script_with_too_few_calls_comes_to_its_end(project):
    child = begin(project, units="1")
    assert follow(child, "called") is not None
    assert follow(child) is not None
    assert child.wait(PATIENCE).ending is Ending.FINISHED


@pytest.mark.slow
def test_an_exception_of_a_candidate_is_the_scripts(project):
    child = begin(project, "import sys\ndef step():\n    raise KeyError('k')\nstep()\n")
    assert follow(child) is not None
    outcome = child.wait(PATIENCE)
    assert (outcome.ending, outcome.error_type) == (Ending.RAISED, "KeyError")
    assert (outcome.error_place or "").endswith("train.py:3")


@pytest.mark.slow
def test_calls_of_a_forked_copy_do_not_begin_training(project):
    source = (
        "import os, sys\ndef step(): pass\nchild = os.fork()\nif child == 0:\n    step(); step(); step()\n"
        "    os._exit(0)\nos.waitpid(child, 0)\nprint('end')\n"
    )
    child = begin(project, source)
    assert follow(child) is not None
    assert child.wait(PATIENCE).lines == ("end",)


@pytest.mark.slow
def test_a_child_whose_parent_hangs_up_goes_on(project):
    child = begin(project)
    follow(child, "training")
    child.send({"stop": True})
    assert follow(child) is not None
