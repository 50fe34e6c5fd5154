"""What the rules claim of TensorFlow, shown by TensorFlow: their examples run, eagerly and decorated.

A rule that says that tracing raises has failing examples that raise when the function is decorated, and do
not raise as they stand. The passing examples of all rules run either way, where the scan would decorate them.
"""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

from hybridize.records import Action, Function
from hybridize.static import scan
from hybridize.static.rules import Rule, all_rules

pytestmark = pytest.mark.slow

#: Rules whose failing examples raise when decorated.
RAISING = {
    "HYB201",
    "HYB202",
    "HYB203",
    "HYB204",
    "HYB205",
    "HYB209",
    "HYB211",
    "HYB212",
    "HYB213",
    "HYB214",
    "HYB216",
    "HYB301",
    "HYB305",
    "HYB402",
}
#: A dataset is returned, as another object: that raises nothing.
QUIET = {("HYB402", True, 1)}
#: Examples that need what the tests do not install, or that build nothing to run.
NOT_RUN = {"HYB110", "HYB507"}

DRIVER = """
import gc, json, os, runpy, sys, warnings
warnings.simplefilter("ignore")
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf
tf.get_logger().setLevel("ERROR")
tf.keras.layers  # Keras is imported when it is first asked for
gc.freeze()  # clearing a session collects, and would go through all of TensorFlow each time
outcomes = {}
for path in json.load(sys.stdin):
    sys.stdout, kept = open(os.devnull, "w"), sys.stdout
    os.chdir(os.path.dirname(path))
    try:
        runpy.run_path(path, run_name="__main__")
        outcomes[path] = "ok"
    except BaseException as error:
        outcomes[path] = type(error).__name__
    sys.stdout = kept
    tf.keras.backend.clear_session()
print(json.dumps(outcomes))
"""


def decorate(program: str, function: Function) -> str:
    lines = program.split("\n")
    line = lines[function.line - 1]
    indent = line[: len(line) - len(line.lstrip())]
    return "\n".join([*lines[: function.line - 1], f"{indent}@tf.function", *lines[function.line - 1 :]])


def subject(rule: Rule, directory: Path, invalid: bool) -> Function | None:
    """The function to decorate: the one that the rule refuses itself, or one that the scan proposes."""
    functions = scan(directory).functions
    for function in sorted(functions, key=lambda each: each.qualname.split(".")[-1] != "step"):
        if "@" in function.id.rpartition(":")[2]:
            continue
        own = any(each.code == rule.code and len(each.chain) <= 1 for each in function.findings)
        if (invalid and own) or (not invalid and function.proposal is Action.HYBRIDIZE):
            return function
    return None


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, bool, int], tuple[str, str]]:
    """For each example (code, whether it fails, number): how it ends as it stands, and decorated."""
    root = tmp_path_factory.mktemp("programs")
    wanted: dict[tuple[str, bool, int], tuple[Path, Path]] = {}
    for rule in all_rules():
        if rule.code in NOT_RUN:
            continue
        failing = [example.program for example in rule.INVALID]
        for invalid, programs in ((True, failing), (False, rule.VALID)):
            if invalid and rule.code not in RAISING:
                continue
            for number, text in enumerate(programs):
                program = inspect.cleandoc(text) + "\n"
                eager = root / f"{rule.code}-{invalid}-{number}" / "train.py"
                eager.parent.mkdir()
                eager.write_text(program)
                function = subject(rule, eager.parent, invalid)
                if function is None:
                    continue
                graph = root / f"{rule.code}-{invalid}-{number}-graph" / "train.py"
                graph.parent.mkdir()
                graph.write_text(decorate(program, function))
                wanted[rule.code, invalid, number] = (eager, graph)
    paths = [str(path) for pair in wanted.values() for path in pair]
    done = subprocess.run(
        [sys.executable, "-c", DRIVER], input=json.dumps(paths), capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr[-2000:]
    ends = json.loads(done.stdout.splitlines()[-1])
    return {key: (ends[str(eager)], ends[str(graph)]) for key, (eager, graph) in wanted.items()}


def test_failing_examples_run_as_they_stand_and_raise_when_decorated(outcomes):
    wrong = {
        key: ends
        for key, ends in outcomes.items()
        if key[1] and (ends[0] != "ok" or (ends[1] == "ok") is not (key in QUIET))
    }
    assert not wrong
    assert {key[0] for key in outcomes if key[1]} == RAISING


def test_passing_examples_run_either_way(outcomes):
    wrong = {key: ends for key, ends in outcomes.items() if not key[1] and ends != ("ok", "ok")}
    assert not wrong
