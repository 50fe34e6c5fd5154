"""A script runs as its user would run it, and how it ends is told as it was."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from sandboxed import eventually, marked, state

from hybridize.records import EditedFile, Ending

pytestmark = pytest.mark.slow


@pytest.fixture
def untouched(project):
    """The project is the same afterwards, whatever the script did."""
    before: dict = {}

    def remember() -> None:
        before.update(state(project.root))

    yield remember
    assert state(project.root) == before


# As its user would run it.


def test_a_script_sees_itself_as_main(project):
    outcome = project.run(
        """
        import os, sys
        print(__name__, __file__, os.getcwd(), sys.argv, sys.path[0], __package__, __spec__)
        print(sys.modules["__main__"].__dict__ is globals(), __builtins__.__name__)
        """,
        "--epochs",
        "3",
    )
    root = project.root
    assert outcome.ending is Ending.FINISHED
    assert outcome.code == 0
    assert outcome.lines == (
        f"__main__ {root}/train.py {root} ['{root}/train.py', '--epochs', '3'] {root} None None",
        "True builtins",
    )


def test_modules_packages_and_relative_imports_come_from_the_copy(project):
    project.write("package/__init__.py", "from .model import name\n")
    project.write("package/model.py", ["from ..package import deep", "from . import deep\nname = deep.name\n"][1])
    project.write("package/deep.py", "name = __file__\n")
    project.write("plain/inner.py", "import os\nname = os.path.abspath(__file__)\n")
    child = project.start("import package, plain.inner\nprint(package.name)\nprint(plain.inner.name)\n")
    child.wait(60)
    assert child._output.kept == [f"{child.scratch.root}/package/deep.py", f"{child.scratch.root}/plain/inner.py"]


def test_a_module_runs_as_with_python_m(project):
    project.write("package/__init__.py", "print('package')\n")
    project.write("package/helper.py", "x = 1\n")
    source = "from .helper import x\nimport sys\nprint(__name__, __package__, __spec__.name, x, len(sys.argv))\n"
    outcome = project.run(source, "a", script="package/train.py", module="package.train")
    assert outcome.lines == ("package", "__main__ package package.train 1 2")


def test_a_package_runs_by_its_main_module(project):
    project.write("package/__init__.py")
    outcome = project.run("print(__spec__.name)", script="package/__main__.py", module="package")
    assert outcome.lines == ("package.__main__",)


def test_a_module_that_is_not_there_is_the_scripts_failure(project):
    outcome = project.run("", module="no.such")
    assert (outcome.ending, outcome.error_type) == (Ending.RAISED, "ModuleNotFoundError")


def test_a_project_on_the_path_by_its_absolute_name_is_led_to_the_copy(project, monkeypatch):
    # As an editable install puts it there, or a script that inserts it by hand.
    project.write("library/helper.py", "print(__file__)\n")
    project.write("other/more.py", "print(__file__)\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(project.root / "library"), os.environ.get("PYTHONPATH", "")]))
    child = project.start(f"import sys\nsys.path.append({str(project.root / 'other')!r})\nimport helper, more\n")
    child.wait(60)
    assert child._output.kept == [f"{child.scratch.root}/library/helper.py", f"{child.scratch.root}/other/more.py"]


def test_a_neighbour_named_like_a_module_of_pythons_is_imported(project):
    # Not the one that happens to be loaded already because the tool uses it.
    project.write("queue.py", "print('mine')\n")
    project.write("json/__init__.py", "print('mine, too')\n")
    assert project.run("import queue, json\n").lines == ("mine", "mine, too")


def test_a_script_named_by_a_link_finds_the_neighbours_of_its_target(project):
    project.write("inner/real.py", "import neighbour\n")
    project.write("inner/neighbour.py", "print('found')\n")
    (project.root / "train.py").symlink_to("inner/real.py")
    assert project.run().lines == ("found",)


def test_unedited_text_is_what_the_source_says(project):
    outcome = project.run("import inspect\ndef f():\n    return 1  # one\nprint(inspect.getsource(f))\n")
    assert outcome.lines[:2] == ("def f():", "    return 1  # one")


def test_seeds_are_those_asked_for(project):
    project.seed = 7
    source = "import random, numpy\nprint(random.random(), numpy.random.rand())\n"
    assert project.run(source).lines == project.run(source).lines


def test_arguments_may_be_long_and_odd(project):
    arguments = ("x" * 200_000, "ü", "", "--", "a b")
    outcome = project.run("import sys\nprint([len(a) for a in sys.argv[1:]], sys.argv[2])", *arguments)
    assert outcome.lines == ("[200000, 1, 0, 2, 3] ü",)


def test_standard_input_is_empty(project):
    outcome = project.run("import sys\nprint(repr(sys.stdin.read()))\ninput()\n")
    assert outcome.lines == ("''",)
    assert outcome.error_type == "EOFError"


# Processes and threads of the script's own.


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_worker_processes_do_their_work(project, method):
    outcome = project.run(
        f"""
        import multiprocessing, os
        def work(number):
            return number * number
        if __name__ == "__main__":
            context = multiprocessing.get_context("{method}")
            with context.Pool(2) as pool:
                print(pool.map(work, range(4)))
        else:
            print("imported as", __name__) if os.environ.get("SAY") else None
        """
    )
    assert outcome.lines == ("[0, 1, 4, 9]",)
    assert outcome.ending is Ending.FINISHED


def test_spawned_workers_import_the_edited_script(project):
    project.write("train.py", "original\n")
    source = (
        b"import multiprocessing\ndef work(q): q.put(__file__)\n"
        b"if __name__ == '__main__':\n"
        b"    context = multiprocessing.get_context('spawn')\n    q = context.Queue()\n"
        b"    p = context.Process(target=work, args=(q,)); p.start(); print(q.get()); p.join()\n"
    )
    assert project.run(files=[EditedFile("train.py", b"", source, "", {}, ())]).lines == (f"{project.root}/train.py",)


def test_a_forked_copy_that_runs_off_the_end_is_not_the_run(project):
    outcome = project.run(
        """
        import os, sys
        child = os.fork()
        if child == 0:
            sys.exit(5)
        print(os.waitpid(child, 0)[1] >> 8)
        child = os.fork()
        if child == 0:
            raise KeyError("in the copy")
        print(os.waitpid(child, 0)[1] >> 8)
        child = os.fork()
        if child == 0:
            os._exit(6)
        print(os.waitpid(child, 0)[1] >> 8)
        if os.fork() == 0:
            os.execv("/bin/true", ["true"])
        print("end")
        """
    )
    assert outcome.lines == ("5", "1", "6", "end")
    assert (outcome.ending, outcome.code) == (Ending.FINISHED, 0)


def test_training_in_a_thread_is_waited_for(project):
    outcome = project.run(
        """
        import threading, time
        def train():
            time.sleep(0.5)
            print("trained")
        threading.Thread(target=train).start()
        """
    )
    assert outcome.lines == ("trained",)
    assert outcome.ending is Ending.FINISHED


def test_a_pool_of_threads_left_open_ends_with_the_script(project):
    outcome = project.run(
        """
        import concurrent.futures, time
        pool = concurrent.futures.ThreadPoolExecutor(4)
        futures = [pool.submit(time.sleep, 0.1) for _ in range(8)]
        """
    )
    assert outcome.ending is Ending.FINISHED
    assert outcome.seconds < 60


def test_what_is_registered_for_the_exit_is_done(project):
    outcome = project.run("import atexit\natexit.register(print, 'good bye')\n")
    assert outcome.lines == ("good bye",)


def test_a_subprocess_lands_in_the_copy(project, untouched):
    project.write("train.py", "import subprocess\nsubprocess.run('echo x > out.txt; cat out.txt; pwd', shell=True)\n")
    untouched()
    assert project.run().lines == ("x", str(project.root))


def test_daemons_do_not_outlive_the_run(project):
    mark = "sleep 7654.25"
    outcome = project.run(
        f"""
        import os, subprocess, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                subprocess.Popen("{mark}".split(), env={{}}, start_new_session=True)
                time.sleep(1000)
            os._exit(0)
        time.sleep(0.5)
        """
    )
    assert outcome.ending is Ending.FINISHED
    assert outcome.seconds < 60
    assert eventually(lambda: not marked("7654.25"))


# How it ended.


@pytest.mark.parametrize(
    ("source", "ending", "code"),
    [
        ("x = 1", Ending.FINISHED, 0),
        ("import sys; sys.exit()", Ending.EXITED, 0),
        ("import sys; sys.exit(3)", Ending.EXITED, 3),
        ("import sys; sys.exit('no data')", Ending.EXITED, 1),
        ("import sys; sys.exit(-1)", Ending.EXITED, 255),
        ("import sys; sys.exit(True)", Ending.EXITED, 1),
        ("import os; os._exit(4)", Ending.EXITED, 4),
        ("import os; os._exit(0)", Ending.EXITED, 0),
        ("import os; os.abort()", Ending.KILLED, -6),
        ("import ctypes; ctypes.string_at(0)", Ending.KILLED, -11),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", Ending.KILLED, -9),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", Ending.KILLED, -15),
        ("raise KeyboardInterrupt", Ending.INTERRUPTED, 130),
        ("1 / 0", Ending.RAISED, 1),
        ("class Own(BaseException): pass\nraise Own", Ending.RAISED, 1),
        ("import threading, os; threading.Thread(target=os._exit, args=(7,)).start()", Ending.EXITED, 7),
    ],
)
def test_an_ending_is_told_as_it_was(project, source, ending, code):
    outcome = project.run(source)
    assert (outcome.ending, outcome.code) == (ending, code)


def test_the_text_of_sys_exit_is_in_the_log(project):
    project.run("import sys; sys.exit('no data')")
    assert project.log() == "no data\n"


def test_an_exception_is_told_with_the_users_line(project):
    project.write("helper.py", "def fail():\n    import json\n    json.loads('{')\n")
    outcome = project.run("import helper\nhelper.fail()\n")
    assert outcome.error_type == "JSONDecodeError"
    assert outcome.error.startswith("Expecting property name")
    assert outcome.error_place == f"{project.root}/helper.py:3"
    assert "hybridize/sandbox" not in project.log().replace(str(project.root), "")
    assert project.log().startswith("Traceback (most recent call last):\n")


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("def f(:\n", "SyntaxError"),
        ("if True:\nx = 1\n", "IndentationError"),
        (b"x = '\xff'\n", "SyntaxError"),
        ("# coding: no-such\nx = 1\n", "SyntaxError"),
    ],
)
def test_a_script_that_is_no_python_is_told_with_its_line(project, source, kind):
    project.write("train.py", source)
    outcome = project.run()
    assert (outcome.ending, outcome.error_type) == (Ending.RAISED, kind)
    assert outcome.error_place.startswith(f"{project.root}/train.py:")


def test_a_missing_package_is_told(project):
    outcome = project.run("import no_such_package\n")
    assert (outcome.error_type, outcome.error) == ("ModuleNotFoundError", "No module named 'no_such_package'")


def test_an_exception_whose_text_cannot_be_made_is_told(project):
    outcome = project.run("class Own(Exception):\n    def __str__(self):\n        1 / 0\nraise Own\n")
    assert (outcome.error_type, outcome.error) == ("Own", "(its text raised ZeroDivisionError)")


def test_texts_that_are_no_text_can_be_written(project):
    outcome = project.run("raise ValueError('\\udcff', '\\ud800')")
    assert outcome.error.encode("utf-8")


def test_running_out_of_memory_is_told(project):
    outcome = project.run(
        """
        import resource
        resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
        data = []
        while True:
            data.append(bytearray(64 << 20))
        """
    )
    assert (outcome.ending, outcome.error_type) == (Ending.RAISED, "MemoryError")


def test_endless_recursion_is_told(project):
    assert project.run("def f(): f()\nf()").error_type == "RecursionError"


def test_a_process_that_replaces_itself_says_so(project):
    outcome = project.run("import os, sys\nos.execv(sys.executable, [sys.executable, '-c', 'print(1)'])\n")
    assert outcome.ending is Ending.EXITED
    assert "os.exec" in outcome.error


def test_the_scripts_own_hook_for_exceptions_is_called(project):
    outcome = project.run("import sys\nsys.excepthook = lambda *a: print('mine', a[0].__name__)\n1 / 0\n")
    assert outcome.lines == ("mine ZeroDivisionError",)


# Scripts that are hard on the process they run in.


@pytest.mark.parametrize(
    "closing",
    [
        "sys.stdout.close(); sys.stderr.close()",
        "os.close(1); os.close(2)",
        "sys.stdout = sys.stderr = None",
        "sys.stdout = open('out.txt', 'w')",
        "sys.stdout = object()",
        "os.closerange(3, 200)",
    ],
)
def test_a_script_may_close_its_streams(project, closing, untouched):
    project.write("train.py", f"import os, sys\n{closing}\nopen('done.txt', 'w').write('x')\n")
    untouched()
    outcome = project.run()
    assert (outcome.ending, outcome.code) == (Ending.FINISHED, 0)


def test_a_script_that_closes_every_descriptor_is_given_up(project):
    child = project.start(
        """
        import os, time
        os.closerange(0, 4096)
        files = [open(f"{number}.txt", "w") for number in range(50)]
        time.sleep(1000)
        """
    )
    while child.receive(60) is not None:
        pass
    folder = child.scratch.root
    texts = {path.read_text() for path in folder.glob("*.txt")}
    outcome = child.wait(1)
    assert outcome.ending is Ending.TIMEOUT
    assert "closed its connection" in outcome.error
    # None of ours was written into a file that had got the number of our descriptor.
    assert texts == {""}


def test_a_script_may_set_limits(project):
    outcome = project.run(
        """
        import resource
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        print("fine")
        """
    )
    assert outcome.lines == ("fine",)
    assert outcome.ending is Ending.FINISHED


def test_a_script_may_delete_itself_and_its_folder(project, untouched):
    project.write("train.py", "import os, shutil\nos.remove(__file__)\nshutil.rmtree(os.getcwd())\nprint('gone')\n")
    project.write("data.txt", "data")
    untouched()
    outcome = project.run()
    assert outcome.lines == ("gone",)
    assert outcome.ending is Ending.FINISHED


def test_what_a_script_writes_overwrites_and_deletes_is_its_copy(project, untouched, guarded):
    project.write("data.npy", b"\0" * (2 << 20))
    project.write("log.txt", "old\n" * (1 << 18) * 2)
    project.write("output/old.txt", "old\n")
    project.write(
        "train.py",
        """
        import os, shutil
        open("data.npy", "wb").write(b"new")
        open("log.txt", "a").write("new")
        shutil.rmtree("output")
        os.makedirs("output/checkpoints")
        open("output/checkpoints/1", "w").write("x")
        print(len(open("data.npy").read()), sorted(os.listdir("output")))
        """,
    )
    untouched()
    outcome = project.run()
    assert outcome.lines == ("3 ['checkpoints']",)
    assert outcome.blocked_writes == ()


def test_a_write_to_the_original_is_refused_and_told(project, untouched, guarded):
    project.write("train.py", f"open({str(project.root / 'out.txt')!r}, 'w')\n")
    untouched()
    outcome = project.run()
    assert (outcome.ending, outcome.error_type) == (Ending.RAISED, "PermissionError")
    assert outcome.blocked_writes == (f"{project.root}/out.txt",)


def test_an_argument_that_names_the_project_is_led_to_the_copy(project, untouched):
    project.write("train.py", "import sys\nopen(sys.argv[1], 'w').write('x'); print(sys.argv[1])\n")
    untouched()
    outcome = project.run(None, f"{project.root}/out.txt")
    assert (outcome.ending, outcome.lines) == (Ending.FINISHED, (f"{project.root}/out.txt",))


def test_the_interpreter_is_the_one_that_runs_the_tool(project):
    assert project.run("import sys\nprint(sys.executable, sys.prefix)").lines == (f"{sys.executable} {sys.prefix}",)


def test_the_temporary_folder_is_the_runs_own(project):
    child = project.start("import tempfile\nprint(tempfile.mkdtemp())")
    child.wait(60)
    assert Path(child._output.kept[0]).parent == child.scratch.temporary
