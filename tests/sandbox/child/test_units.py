"""A timed arm works while it is its turn, and waits at the boundary of a unit while it isn't."""

from __future__ import annotations

import os
import sys
import time
from types import SimpleNamespace

import pytest
from sandboxed import PATIENCE, eventually, follow

from hybridize.records import Ending
from hybridize.sandbox.child import child as child_module
from hybridize.sandbox.child.units import Turns, device_peak_bytes

pytestmark = pytest.mark.slow

SCRIPT = """\
import sys
def step():
    print("step")
for _ in range(int(sys.argv[1])):
    step()
print("end")
"""
UNIT = {"file": "train.py", "line": 2, "id": "train:step"}


def begin(project, source=SCRIPT, units="10"):
    return project.start(source, units, role="timed", unit=UNIT)


def test_the_import_that_a_forked_arm_is_spared_counts_as_its_own(monkeypatch):
    """The user's script imports TensorFlow itself, so the start-up must not seem shorter than it is."""
    monkeypatch.setattr(child_module, "started", 100.0)
    monkeypatch.setattr(child_module, "spared", 4.0)
    assert Turns(SimpleNamespace(), SimpleNamespace()).since == 96.0


def test_an_arm_waits_before_its_first_unit(project):
    child = begin(project)
    event = follow(child, "boundary")
    assert (event["units"], event["startup"]) == (0, True)
    assert child.lines == ()


def test_an_arm_does_the_units_that_it_is_granted(project):
    child = begin(project)
    follow(child, "boundary")
    for units in (1, 3):
        child.send({"units": units})
        event = follow(child, "boundary")
        assert (event["units"], event["startup"]) == (units, False)
    assert event["total_units"] == 4
    assert eventually(lambda: child.lines == ("step",) * 4)


def test_an_arm_that_comes_to_its_end_says_how_many_units_its_last_turn_had(project):
    child = begin(project)
    follow(child, "boundary")
    child.send({"units": 100})
    assert follow(child, "end")["units"] == 10
    outcome = child.wait(PATIENCE)
    assert (outcome.ending, outcome.units) == (Ending.FINISHED, 10)
    assert outcome.lines == ("step",) * 10 + ("end",)


def test_an_arm_that_is_told_to_stop_unwinds_at_the_boundary(project):
    child = begin(project)
    follow(child, "boundary")
    outcome = child.stop(PATIENCE)
    assert (outcome.ending, outcome.lines) == (Ending.CUT, ())


def test_an_arm_that_swallows_the_request_to_unwind_is_ended(project):
    source = "import time\ndef step(): pass\nwhile True:\n    try: step()\n    except: pass\n"
    child = begin(project, source)
    follow(child, "boundary")
    child.send({"stop": True})
    follow(child)
    assert child.wait(PATIENCE).ending is Ending.CUT


def test_units_done_by_a_forked_copy_are_not_the_runs(project):
    source = (
        "import os\ndef step(): pass\nchild = os.fork()\nif child == 0:\n    step()\n    os._exit(0)\n"
        "os.waitpid(child, 0)\nstep()\n"
    )
    child = begin(project, source)
    assert follow(child, "boundary")["units"] == 0
    child.send({"units": 5})
    assert follow(child, "end")["units"] == 1


def test_training_in_a_thread_takes_turns_as_well(project):
    source = (
        "import threading\ndef step(): pass\ndef train():\n    for _ in range(3): step()\n"
        "thread = threading.Thread(target=train)\nthread.start()\nthread.join()\n"
    )
    child = begin(project, source)
    follow(child, "boundary")
    child.send({"units": 2})
    assert follow(child, "boundary")["units"] == 2
    child.send({"units": 2})
    assert follow(child, "end")["units"] == 1


CLOCK = """\
import datetime, time
def step(): print("step")
begun, at, ticks = time.time(), datetime.datetime.now(), time.monotonic_ns()
step()
print("hidden", (datetime.datetime.now() - at).total_seconds() - (time.time() - begun) > 0.9)
while time.time() - begun < 3600:
    step()
print("at once", time.monotonic_ns() - ticks > 3600 * 10**9)
"""


def test_the_clock_of_a_script_stands_still_while_it_waits_and_jumps_when_it_is_told_to(project):
    """A script that trains for so many seconds would lose those in which the other arms have their turns.

    The dates go by the real clock, so the script itself can tell how much of a second of waiting was hidden from it.
    """
    child = begin(project, CLOCK, "")
    first = follow(child, "boundary")
    time.sleep(1.0)
    child.send({"units": 3})
    event = follow(child, "boundary")
    assert event["clock_reads"] > first["clock_reads"]
    child.send({"units": 9, "ahead": 7200.0})
    assert follow(child, "end")["units"] == 1
    child.wait(PATIENCE)
    assert "hidden True" in child.lines and child.lines[-1] == "at once True"


def test_calls_inside_of_a_function_that_covers_the_unit_are_none(project):
    source = (
        "def step(): pass\ndef epoch():\n    for _ in range(5): step()\n"
        "for _ in range(3):\n    step()\n    epoch()\n"
    )
    epoch = {"file": "train.py", "line": 2, "id": "train:epoch"}
    unit = {**UNIT, "line": 1}
    child = project.start(source, role="timed", unit=unit, hooks=[epoch], covers=["train:epoch"])
    follow(child, "boundary")
    child.send({"units": 100})
    assert follow(child, "end")["units"] == 3


def test_an_arm_whose_parent_is_gone_stops(project):
    child = begin(project)
    follow(child, "boundary")
    os.close(child._control)
    child._control = -1
    follow(child)
    assert child.wait(PATIENCE).ending is Ending.CUT


def test_the_memory_of_all_accelerators_is_added_up(monkeypatch):
    asked = []

    def get_memory_info(device):
        asked.append(device)
        return {"current": 1, "peak": 1000 + len(asked)}

    names = {"GPU": ["/device:GPU:0", "/device:GPU:1"], "TPU": []}
    config = SimpleNamespace(
        list_logical_devices=lambda kind: [SimpleNamespace(name=name) for name in names[kind]],
        experimental=SimpleNamespace(get_memory_info=get_memory_info),
    )
    monkeypatch.setitem(sys.modules, "tensorflow", SimpleNamespace(config=config))
    assert device_peak_bytes() == 1001 + 1002
    assert asked == ["GPU:0", "GPU:1"]
    names["GPU"] = []
    assert device_peak_bytes() == 0
    monkeypatch.delattr(config, "experimental")
    names["GPU"] = ["/device:GPU:0"]
    assert device_peak_bytes() == 0
    monkeypatch.delitem(sys.modules, "tensorflow")
    assert device_peak_bytes() == 0
