"""The line between parent and child holds against what a script does to its descriptors."""

from __future__ import annotations

import json
import os

import pytest

from hybridize.sandbox.child.line import Line

pytestmark = pytest.mark.slow


@pytest.fixture
def pipes():
    events, control = os.pipe(), os.pipe()
    line = Line(events[1], control[0])
    yield line, events[0], control[1]
    for fd in (events[0], control[1], line.events, line.control):
        try:
            os.close(fd)
        except OSError:
            continue


def test_events_and_messages_are_objects_on_a_line(pipes):
    line, events, control = pipes
    line.send("boundary", units=3, odd="\udcff\n", strange=object)
    assert json.loads(os.read(events, 1000)) == {
        "event": "boundary",
        "units": 3,
        "odd": "\udcff\n",
        "strange": "<class 'object'>",
    }
    os.write(control, b'{"units": 1}\n{"units": 2}\n{"un')
    assert [line.receive(), line.receive()] == [{"units": 1}, {"units": 2}]
    os.write(control, b'its": 3}\n')
    assert line.receive() == {"units": 3}


def test_a_parent_that_is_gone_says_stop_and_hears_nothing(pipes):
    line, events, control = pipes
    os.dup2(os.open(os.devnull, os.O_RDWR), control)
    assert line.receive() == {"stop": True}
    os.dup2(os.open(os.devnull, os.O_RDWR), events)
    line.send("summary")


def test_the_descriptors_are_out_of_the_way_and_not_inherited(pipes):
    line, _, _ = pipes
    assert min(line.events, line.control) >= 200
    assert not os.get_inheritable(line.events)
    assert not os.get_inheritable(line.control)


def test_a_file_that_has_got_the_number_of_a_closed_pipe_is_left_alone(pipes, tmp_path):
    line, _, _ = pipes
    for fd, name in ((line.events, "written"), (line.control, "read")):
        os.close(fd)
        (tmp_path / name).write_text("mine")
        assert os.dup2(os.open(tmp_path / name, os.O_RDWR), fd) == fd
    line.send("summary")
    assert line.receive() == {"stop": True}
    assert (tmp_path / "written").read_text() == "mine"
    assert os.lseek(line.control, 0, os.SEEK_CUR) == 0


def test_a_forked_copy_tells_of_blocked_writes_alone(pipes):
    line, events, _ = pipes
    child = os.fork()
    if child == 0:
        line.send("ended")
        line.send("blocked", path="/x")
        os._exit(0)
    os.waitpid(child, 0)
    assert json.loads(os.read(events, 1000)) == {"event": "blocked", "path": "/x"}
