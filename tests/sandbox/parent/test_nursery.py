"""A child forked from the nursery is like one that was started plainly, or it is started plainly."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from sandboxed import PATIENCE, eventually, follow, is_running, state

from hybridize.records import Ending
from hybridize.sandbox.parent import nursery as nursery_module
from hybridize.sandbox.parent import processes
from hybridize.sandbox.parent.nursery import Nursery, admits

pytestmark = pytest.mark.slow

# What decides whether a script may be forked.


def test_a_plain_script_on_the_cpu_is_admitted():
    assert admits([], ["CPU"])


@pytest.mark.parametrize(
    ("changed", "devices", "rivals"),
    [
        (["TF_ENABLE_ONEDNN_OPTS"], ["CPU"], []),
        (["TF_USE_LEGACY_KERAS"], ["CPU"], []),
        (["KERAS_BACKEND"], ["CPU"], []),
        (["OMP_NUM_THREADS"], ["CPU"], []),
        (["XLA_FLAGS"], ["CPU"], []),
        ([], ["CPU", "GPU"], []),
        ([], ["unknown"], []),
        ([], ["CPU"], ["torch"]),
    ],
)
def test_a_script_is_not_admitted_that_the_import_would_have_heeded(changed, devices, rivals):
    assert not admits(changed, devices, rivals)


@pytest.mark.parametrize("name", ["TF_CPP_MIN_LOG_LEVEL", "PYTHONHASHSEED", "WANDB_MODE", "MPLBACKEND"])
def test_variables_that_no_import_heeds_do_no_harm(name):
    assert admits([name], ["CPU"])


def test_hiding_the_gpu_does_no_harm_where_there_is_none(monkeypatch):
    monkeypatch.setattr(nursery_module, "_GPU_DEVICES", ())
    assert admits(["CUDA_VISIBLE_DEVICES"], ["CPU"])
    monkeypatch.setattr(nursery_module, "_GPU_DEVICES", ("/dev/null",))
    assert not admits(["CUDA_VISIBLE_DEVICES"], ["CPU"])


# What happens where there is no nursery to be had. A stand-in for TensorFlow makes these quick.


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """Nurseries that import, instead of TensorFlow, a module with the text given."""

    def make(source: str = "", environment: Mapping[str, str] = MappingProxyType({})) -> Nursery:
        package = tmp_path / "stand-in" / "tensorflow"
        (package / "python" / "eager").mkdir(parents=True, exist_ok=True)
        for folder in (package / "python", package / "python" / "eager"):
            (folder / "__init__.py").write_text("")
        (package / "__init__.py").write_text(source)
        (package / "python" / "eager" / "context.py").write_text(
            # The roles look for TensorFlow, and must not find this.
            "import sys\nclass _Context:\n    _initialized = False\ndef context():\n"
            "    for name in [name for name in sys.modules if name.startswith('tensorflow')]: del sys.modules[name]\n"
            "    return _Context\n"
        )
        path = f"{package.parent}:{os.environ.get('PYTHONPATH', '')}"
        made = Nursery({**os.environ, "PYTHONPATH": path, **environment})
        nurseries.append(made)
        return made

    nurseries: list[Nursery] = []
    yield make
    for each in nurseries:
        each.close()


SAY_HOW = "import sys\nprint(any('serve' in word for word in sys.orig_argv))\n"


def test_children_are_forked_and_ended_like_others(project, stand_in):
    outcome = project.run(SAY_HOW, nursery=stand_in())
    assert outcome.lines == ("True",)
    assert (outcome.ending, outcome.code) == (Ending.FINISHED, 0)


SAY_HASH = SAY_HOW + "print(hash('abc'))\n"


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_hash_has_the_seed_of_the_run_also_where_there_is_a_nursery(project, stand_in, monkeypatch, seed):
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    project.seed = seed
    made = stand_in(environment={"PYTHONHASHSEED": "0"})
    (forked, there), (_, plain) = (project.run(SAY_HASH, nursery=each).lines for each in (made, None))
    assert there == plain
    assert forked == str(seed == 0), "the nursery is used where its seed is the run's"


@pytest.mark.parametrize("place", ["job", "process"])
@pytest.mark.parametrize("name", ["TF_XLA_FLAGS", "XLA_FLAGS", "KERAS_BACKEND", "PYTHONHASHSEED", "OMP_NUM_THREADS"])
def test_a_child_with_another_value_of_what_is_read_once_is_not_forked(project, stand_in, monkeypatch, name, place):
    made = stand_in()
    assert made.usable
    if place == "process":
        monkeypatch.setenv(name, "7")
    source = SAY_HOW + f"import os\nprint(os.environ[{name!r}])\n"
    given = {"environment": {name: "7"}} if place == "job" else {}
    assert project.run(source, nursery=made, **given).lines == ("False", "7")


def test_a_child_without_what_the_nursery_has_read_is_not_forked(project, stand_in):
    assert project.run(SAY_HOW, nursery=stand_in(environment={"TF_XLA_FLAGS": "--x"})).lines == ("False",)


@pytest.mark.parametrize(
    "source", ["raise ImportError", "import os; os._exit(1)", "import os, signal; os.kill(os.getpid(), 9)"]
)
def test_a_nursery_that_cannot_get_ready_is_done_without(project, stand_in, source):
    made = stand_in(source)
    assert not made.usable
    assert project.run(SAY_HOW, nursery=made).lines == ("False",)


def test_a_nursery_that_does_not_answer_is_done_without(project, stand_in, monkeypatch):
    monkeypatch.setattr(nursery_module, "START_SECONDS", 0.5)
    made = stand_in("import time; time.sleep(1000)")
    assert project.run(SAY_HOW, nursery=made).lines == ("False",)


def test_a_nursery_that_has_died_is_done_without(project, stand_in):
    made = stand_in()
    assert made.usable
    os.kill(made._process.pid, signal.SIGKILL)
    assert project.run(SAY_HOW, nursery=made).lines == ("False",)
    assert not made.usable


def test_a_nursery_that_stands_still_is_done_without_and_forks_no_second_child(project, stand_in, monkeypatch):
    monkeypatch.setattr(nursery_module, "FORK_SECONDS", 0.5)
    made = stand_in()
    assert made.usable
    os.kill(made._process.pid, signal.SIGSTOP)
    assert project.run(SAY_HOW, nursery=made).lines == ("False",)
    assert not is_running(made._process.pid)


def test_a_nursery_with_threads_forks_nobody(stand_in):
    made = stand_in("import threading, time\nthreading.Thread(target=time.sleep, args=(1000,), daemon=True).start()\n")
    assert not made.usable


def test_a_script_beside_a_module_of_the_same_name_as_an_imported_one_is_started_plainly(project, stand_in):
    made = stand_in("import colorsys\n")
    project.write("colorsys.py", "print('mine')\n")
    assert project.run("import colorsys\n" + SAY_HOW, nursery=made).lines == ("mine", "False")


def test_a_variable_of_the_import_that_names_the_project_is_heeded(project, stand_in):
    home = str(project.root / "keras")
    outcome = project.run(SAY_HOW, nursery=stand_in(), environment={"KERAS_HOME": home})
    assert outcome.lines == ("False",)


def test_forked_children_are_alike_in_what_they_see(project, stand_in):
    # What modules have remembered of the nursery's own process must not show.
    made = stand_in("import tempfile, multiprocessing, random\ntempfile.gettempdir()\n")
    source = """
        import multiprocessing.process, os, random, sys, tempfile
        print(__name__, sys.argv, sys.path[0], os.getcwd(), tempfile.gettempdir() == os.environ["TMPDIR"])
        print(multiprocessing.process.ORIGINAL_DIR == os.getcwd(), sys.stdin.read() == "", os.environ["GIVEN"])
        print(os.getsid(0) == os.getpid(), sys.stdout.encoding)
        """
    plain = project.run(source, environment={"GIVEN": "1"}).lines
    assert project.run(source, environment={"GIVEN": "1"}, nursery=made).lines == plain
    draws = {project.run("import random\nprint(random.random())", nursery=made).lines for _ in range(2)}
    assert len(draws) == 2


def test_what_is_printed_comes_at_once(project, stand_in):
    # A child that is killed would otherwise take its last lines along.
    child = project.start("import time\nprint('on')\ntime.sleep(1000)\n", nursery=stand_in())
    assert eventually(lambda: child.lines == ("on",), PATIENCE)


@pytest.mark.parametrize(
    ("source", "ending", "code"),
    [
        ("import sys; sys.exit(3)", Ending.EXITED, 3),
        ("import os; os._exit(4)", Ending.EXITED, 4),
        ("1 / 0", Ending.RAISED, 1),
        ("import ctypes; ctypes.string_at(0)", Ending.KILLED, -11),
        ("import os; os.abort()", Ending.KILLED, -6),
    ],
)
def test_a_forked_childs_ending_is_told_as_it_was(project, stand_in, source, ending, code):
    outcome = project.run(source, nursery=stand_in())
    assert (outcome.ending, outcome.code) == (ending, code)


def test_a_forked_child_is_unwound_in_time(project, stand_in):
    child = project.start("import time\ntime.sleep(1000)", nursery=stand_in(), seconds=0.5, grace_seconds=0.0)
    follow(child)
    assert child.wait(PATIENCE).ending is Ending.CUT


def test_a_forked_child_writes_to_its_copy_alone(project, stand_in):
    project.write("data.txt", "data")
    project.write("train.py", f"open('data.txt', 'w')\nopen({str(project.root)!r} + '/new', 'w')\n")
    before = state(project.root)
    outcome = project.run(nursery=stand_in())
    assert outcome.blocked_writes == (f"{project.root}/new",)
    assert state(project.root) == before


def test_daemons_of_forked_children_do_not_outlive_them(project, stand_in):
    # They carry the nursery's environment, not their run's.
    source = """
        import os, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                open("pid", "w").write(f"{os.getpid()}")
                os.write(1, f"{os.getpid()}\\n".encode())
                time.sleep(1000)
            os._exit(0)
        os.wait()
        time.sleep(0.5)
        """
    outcome = project.run(source, nursery=stand_in())
    assert not is_running(int(outcome.lines[0]))


def test_the_children_live_on_when_the_nursery_is_closed(project, stand_in):
    made = stand_in()
    child = project.start("import time\nprint('on')\ntime.sleep(2)\nprint('still')\n", nursery=made)
    assert eventually(lambda: child.lines == ("on",), PATIENCE)
    made.close()
    assert child.wait(PATIENCE).lines == ("on", "still")


def test_children_can_be_forked_side_by_side(project, stand_in):
    made = stand_in()
    source = "import sys, time\ntime.sleep(0.3)\nprint(sys.argv[1])\n"
    children = [project.start(source, str(number), nursery=made) for number in range(4)]
    assert [child.wait(PATIENCE).lines for child in children] == [(str(number),) for number in range(4)]


def test_an_interrupted_request_does_not_confuse_the_next(project, stand_in):
    made = stand_in()
    assert made.usable
    project.run("x = 1", nursery=made)
    # The reply to a request whose caller was interrupted before it could read it.
    made._number -= 1
    assert project.run("print('mine')\n" + SAY_HOW, nursery=made).lines == ("mine", "True")


def test_a_closed_nursery_is_gone(stand_in):
    made = stand_in()
    assert made.usable
    made.close()
    made.close()
    assert not is_running(made._process.pid)
    assert made._process.pid not in processes._started


# With TensorFlow itself.

TRAIN = """
import numpy as np
import tensorflow as tf
layers = tf.keras.layers
model = tf.keras.Sequential([layers.Dense(3, activation="tanh"), layers.Dropout(0.5), layers.Dense(1)])
optimizer = tf.keras.optimizers.Adam(0.01)
x = tf.random.normal([32, 4]) + np.random.rand(32, 4).astype("float32")
@tf.function
def step():
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x, training=True) ** 2)
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
    return loss
for _ in range(5):
    print(float(step()))
for batch in tf.data.Dataset.range(8).shuffle(8).map(lambda n: n * 2, num_parallel_calls=4).batch(4).prefetch(2):
    print(batch.numpy())
"""


@pytest.mark.slow
def test_training_in_a_forked_child_is_training_in_a_plain_one(project, seeded_nursery):
    project.seed = 0
    plain, forked = (project.run(SAY_HOW + TRAIN, nursery=each) for each in (None, seeded_nursery))
    assert plain.ending is forked.ending is Ending.FINISHED
    assert (plain.lines[0], forked.lines[0]) == ("False", "True")
    assert plain.lines[1:] == forked.lines[1:]
    assert plain.forkable
    assert forked.forkable
    assert plain.environment == forked.environment


@pytest.mark.slow
def test_unseeded_children_draw_numbers_of_their_own(project, nursery):
    source = """
        import random, numpy, tensorflow as tf
        print(random.random(), numpy.random.rand(), float(tf.random.normal([])), float(tf.keras.random.normal([])))
        """
    first, second = (project.run(source, nursery=nursery).lines[0].split() for _ in range(2))
    assert all(one != other for one, other in zip(first, second, strict=True))


@pytest.mark.slow
def test_importing_tensorflow_starts_no_threads_of_its_own(tmp_path):
    # Why a fork is safe then. The threads of OpenBLAS end themselves before a fork, and are left out here.
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "2"}
    with Nursery(environment) as made:
        assert made.usable
        assert len(list(Path(f"/proc/{made._process.pid}/task").iterdir())) == 1
        # So what it takes by itself is the time of one processor, and it had to wait for that at times.
        assert 0.0 < made.import_seconds <= made.import_wall_seconds + 0.1
        assert made.leaving_seconds > 0.0


@pytest.mark.slow
def test_a_script_that_sets_what_the_import_reads_is_not_forkable(project):
    assert not project.run("import os\nos.environ['TF_ENABLE_ONEDNN_OPTS'] = '0'\nimport tensorflow\n").forkable


@pytest.mark.slow
def test_looking_for_tensorflow_is_no_import_of_it(project):
    # Libraries look whether it is there; what the script sets afterwards is still heeded.
    outcome = project.run(
        "import importlib.util, os\nimportlib.util.find_spec('tensorflow')\n"
        "os.environ['TF_ENABLE_ONEDNN_OPTS'] = '0'\nimport tensorflow\n"
    )
    assert not outcome.forkable


@pytest.mark.slow
def test_a_local_keras_is_found_by_the_script(project, nursery):
    project.write("keras/__init__.py", "print('mine')\n")
    assert project.run("import keras\n", nursery=nursery).lines == ("mine",)


def test_relative_folders_of_the_search_path_are_seen_from_here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    found = nursery_module._with_places({"PYTHONPATH": ".:/data:", "A": "b"})
    assert found == {"PYTHONPATH": f"{tmp_path}:/data:{tmp_path}", "A": "b"}
    assert nursery_module._with_places({"A": "b"}) == {"A": "b"}
