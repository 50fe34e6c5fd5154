from __future__ import annotations

import subprocess
import sys

import pytest
from sandboxed import PATIENCE, eventually, is_running

PARENT = """
import os, sys, time
from hybridize.sandbox.parent import processes
code = "import os, sys, time\\nfrom hybridize.sandbox.prctl import die_with\\n"
code += "die_with(int(sys.argv[1]))\\nprint(os.getpid(), flush=True)\\ntime.sleep(1000)\\n"
processes.spawn([sys.executable, "-c", code, str(os.getpid())], dict(os.environ), "/", (), 1, 2)
time.sleep(1000)
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [9, 15, 6])
def test_a_child_dies_when_its_parent_is_killed(number):
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    assert is_running(child)
    parent.send_signal(number)
    parent.wait(PATIENCE)
    assert eventually(lambda: not is_running(child))


@pytest.mark.slow
def test_a_child_whose_parent_has_ended_before_it_could_ask_leaves():
    code = "from hybridize.sandbox.prctl import die_with\ndie_with(1 << 22)\nprint('still here')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (done.returncode, done.stdout) == (1, "")
