"""No write of a script reaches the user's files: with the kernel's help, and with Python's hook alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from sandboxed import PATIENCE, state

from hybridize.records import Target
from hybridize.sandbox.parent import scratch

pytestmark = pytest.mark.slow

HARNESS = """
import json, os, sys, traceback
from hybridize.sandbox.child import landlock
from hybridize.sandbox.child.guard import Guard
job = json.loads(sys.argv[1])
if not job["kernel"]:
    landlock.restrict = lambda paths: False
blocked = []
guard = Guard(job["scratch"], job["originals"], blocked.append, job["quota"])
os.chdir(job["cwd"])
guard.install()
try:
    exec(compile(job["script"], "script", "exec"), {"ROOT": job["originals"][0]})
except BaseException as error:
    traceback.print_exc()
    guard.note_denied(str(error))
print(json.dumps(blocked))
"""


@dataclass
class Ran:
    """What became of a script: what it printed, its error's last line, and the refused writes."""

    lines: list[str]
    error: str
    blocked: list[str]


class Guarded:
    """A project with a large (linked) file, a large folder and small (copied) files, and scripts run on it."""

    def __init__(self, base: Path, kernel: bool) -> None:
        self.base, self.kernel = base, kernel
        self.root = base / "work" / "project"
        (self.root / "crowd").mkdir(parents=True)
        for number in range(5):
            (self.root / "crowd" / f"{number}.txt").write_text(f"{number}\n")
        (self.root / "large.log").write_text("0123456789" * 10)
        (self.root / "small.txt").write_text("small\n")
        (base / "work" / "sibling").mkdir()
        (base / "work" / "sibling" / "notes.txt").write_text("notes\n")
        self.before = state(base / "work")

    def run(self, script: str, quota: int = 1 << 30, environment: Sequence[tuple[str, str]] = ()) -> Ran:
        target = Target(str(self.root), str(self.root), str(self.root / "train.py"))
        laid = scratch.lay(target, (), self.base / "scratch" / "1")
        self.copy = laid.cwd
        job = {
            "kernel": self.kernel,
            "scratch": str(laid.folder),
            "originals": [str(self.root)],
            "cwd": str(laid.cwd),
            "quota": quota,
            "script": textwrap.dedent(script),
        }
        done = subprocess.run(
            [sys.executable, "-c", HARNESS, json.dumps(job)],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            env={**os.environ, "TMPDIR": str(laid.temporary), **dict(environment)},
        )
        assert done.stdout, done.stderr
        *lines, blocked = done.stdout.splitlines()
        return Ran(lines, (done.stderr.strip().splitlines() or [""])[-1], json.loads(blocked))

    def assert_untouched(self) -> None:
        assert state(self.base / "work") == self.before


@pytest.fixture(params=["kernel", "python"])
def guarded(request, tmp_path, monkeypatch):
    monkeypatch.setattr(scratch, "COPY_LIMIT_BYTES", 50)
    monkeypatch.setattr(scratch, "CROWDED_ENTRIES", 4)
    made = Guarded(tmp_path, request.param == "kernel")
    yield made
    made.assert_untouched()


@pytest.fixture
def kernel_guarded(tmp_path, monkeypatch):
    monkeypatch.setattr(scratch, "COPY_LIMIT_BYTES", 50)
    monkeypatch.setattr(scratch, "CROWDED_ENTRIES", 4)
    made = Guarded(tmp_path, True)
    yield made
    made.assert_untouched()


# What a script may do: the change happens in the copy.


#: Ways to start a program, each of which is to change the mode of the copy of a linked file.
STARTS = [
    "subprocess.run(['chmod', '600', 'large.log'], check=True)",
    "subprocess.run(['/bin/chmod', '600', os.path.abspath('large.log')], check=True)",
    "subprocess.run('chmod 600 large.log', shell=True, check=True)",
    "subprocess.run('cd . && FILE=1 chmod -v 600 *.log > /dev/null; true', shell=True, check=True)",
    "subprocess.run(['sh', '-c', 'chmod 600 $NAME'], env={**os.environ, 'NAME': 'large.log'}, check=True)",
    "subprocess.run(['env', 'A=1', 'chmod', '600', '../large.log'], cwd='sub', check=True)",
    "os.system('chmod 600 \"large.log\"')",
    "os.posix_spawn('/bin/chmod', ['chmod', '600', 'large.log'], os.environ); os.wait()",
    "os.spawnlp(os.P_WAIT, 'chmod', 'chmod', '600', 'large.log')",
    "os.fork() or os.execvp('chmod', ['chmod', '600', 'large.log']); os.wait()",
]


def test_a_program_that_changes_modes_times_or_owners_changes_those_of_the_copy(guarded):
    ran = guarded.run(
        f"""
        import os, subprocess
        os.mkdir("sub")
        for start in {STARTS!r}:
            exec(start)
            print(oct(os.stat("large.log").st_mode & 0o777))
            os.unlink("large.log")
            os.symlink(ROOT + "/large.log", "large.log")
        for command in ("touch large.log crowd/1.txt", "chmod -R 700 crowd", "chown -R 0:0 crowd large.log"):
            subprocess.run(command, shell=True)
        """
    )
    assert ran.lines == ["0o600"] * len(STARTS), ran.error
    assert ran.blocked == []


def test_a_program_that_changes_a_mode_elsewhere_is_not_started(guarded):
    ran = guarded.run(
        """
        import subprocess
        for command in (["chmod", "600", ROOT + "/../sibling/notes.txt"], "touch " + ROOT + "/large.log"):
            try:
                subprocess.run(command, shell=isinstance(command, str))
            except PermissionError:
                print("refused")
        """
    )
    assert ran.lines == ["refused", "refused"]
    assert ran.blocked == [str(guarded.base / "work" / "sibling" / "notes.txt"), str(guarded.root / "large.log")]


def test_an_open_file_keeps_mode_times_and_owner_where_it_is_the_users(guarded):
    ran = guarded.run(
        """
        import os, tempfile
        for file in (open("small.txt"), tempfile.TemporaryFile(), tempfile.NamedTemporaryFile()):
            os.fchmod(file.fileno(), 0o600)
        fd = os.open("large.log", os.O_RDONLY)
        for change in (
            lambda: os.fchmod(fd, 0o600), lambda: os.chmod(fd, 0o600), lambda: os.utime(fd),
            lambda: os.fchown(fd, 0, 0), lambda: os.setxattr(fd, "user.a", b""),
        ):
            try:
                change()
            except PermissionError:
                print("refused")
        """
    )
    assert ran == Ran(["refused"] * 5, "", [str(guarded.root / "large.log")])


def test_appending_to_a_large_file_changes_the_copy(guarded):
    ran = guarded.run(
        """
        with open("large.log", "a") as log:
            log.write("more")
        print(open("large.log").read()[-5:])
        """
    )
    assert ran == Ran(["9more"], "", [])


def test_overwriting_a_large_file_copies_none_of_it(guarded):
    # Had it been copied first, the quota would not allow it.
    ran = guarded.run("open('large.log', 'w').write('new'); print(open('large.log').read())", quota=10)
    assert ran == Ran(["new"], "", [])


def test_a_file_too_large_to_be_copied_is_not_changed(guarded):
    ran = guarded.run("open('large.log', 'a')", quota=10)
    assert ran.error.startswith("PermissionError")
    assert ran.blocked == [str(guarded.root / "large.log")]


@pytest.mark.parametrize(
    "change",
    [
        "open('large.log', 'r+b').write(b'X')",
        "os.write(os.open('large.log', os.O_WRONLY), b'X')",
        "os.truncate('large.log', 3)",
        "os.remove('large.log')",
        "os.rename('large.log', 'old.log')",
        "os.replace('small.txt', 'large.log')",
        "os.chmod('large.log', 0o600)",
        "os.utime('large.log', (1, 1))",
        "os.link('large.log', 'hard.log'); open('hard.log', 'w').write('X')",
        "os.symlink('large.log', 'soft.log'); open('soft.log', 'a').write('X')",
        "pathlib.Path('large.log').write_text('X')",
        "pathlib.Path('large.log').touch()",
        "pathlib.Path('large.log').unlink()",
        "shutil.copy('small.txt', 'large.log')",
        "shutil.move('large.log', 'moved.log')",
        "shutil.rmtree('crowd')",
        "shutil.rmtree('crowd'); os.makedirs('crowd/again')",
        "[os.remove('crowd/' + name) for name in os.listdir('crowd')]; os.rmdir('crowd')",
        "open('crowd/3.txt', 'w').write('X')",
        "open('crowd/new.txt', 'w').write('X')",
        "open(b'crowd/new.txt', 'wb').write(b'X')",
        "os.makedirs('crowd/deep/er')",
        "os.rename('crowd', 'crowd-2'); open('crowd-2/0.txt', 'a').write('X')",
        "os.chdir('crowd'); open('0.txt', 'a').write('X')",
        "os.chdir('crowd'); os.remove('../small.txt')",
        "open('../sibling/notes.txt', 'a').write('X')",
        "shutil.rmtree('../sibling')",
        "open(os.path.join('crowd', '..', 'large.log'), 'a').write('X')",
        "open('./crowd/../new.txt', 'w').write('X')",
        "os.chmod('crowd', 0o700); os.remove('0.txt', dir_fd=os.open('crowd', os.O_RDONLY))",
        "tempfile.NamedTemporaryFile(dir='.', delete=False).write(b'X')",
        "open(os.path.abspath('large.log'), 'a').write('X')",
        "open('/dev/null', 'w').write('X')",
        "open(tempfile.mkdtemp() + '/x', 'w').write('X')",
        "sqlite3.connect('base.db').execute('create table t (x)')",
        "io.FileIO(pathlib.Path('large.log'), 'a').write(b'X')",
    ],
)
def test_changes_below_the_working_folder_happen_in_the_copy(guarded, change):
    ran = guarded.run(f"import io, os, pathlib, shutil, sqlite3, tempfile\n{change}")
    assert ran == Ran([], "", [])


def test_a_database_that_is_linked_is_copied_before_it_is_written_to(guarded):
    import sqlite3

    base = guarded.root / "large.db"
    with sqlite3.connect(base) as connection:
        connection.execute("create table rows (x)")
    connection.close()
    guarded.before = state(guarded.base / "work")
    ran = guarded.run(
        """
        import sqlite3
        with sqlite3.connect("large.db") as connection:
            connection.execute("insert into rows values (1)")
            print(*connection.execute("select count(*) from rows"))
        """
    )
    assert ran == Ran(["(1,)"], "", [])


def test_a_link_to_nowhere_is_filled_in_the_copy(guarded, tmp_path):
    (guarded.root / "latest.txt").symlink_to(tmp_path / "work" / "sibling" / "missing.txt")
    guarded.before = state(guarded.base / "work")
    assert guarded.run("open('latest.txt', 'w').write('X')") == Ran([], "", [])
    assert (guarded.copy / "latest.txt").read_text() == "X"


def test_threads_that_write_at_once_are_all_guarded(guarded):
    ran = guarded.run(
        """
        import threading
        def work(number):
            with open("large.log", "a") as log:
                log.write(str(number))
            with open(f"crowd/{number % 5}.txt", "a") as file:
                file.write("X")
        threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        print(len(open("large.log").read()))
        """
    )
    assert ran == Ran(["130"], "", [])


def test_forked_processes_that_write_at_once_are_all_guarded(guarded):
    ran = guarded.run(
        """
        import os
        children = []
        for number in range(5):
            child = os.fork()
            if not child:
                with open(f"crowd/{number}.txt", "a") as file:
                    file.write("X")
                os._exit(0)
            children.append(child)
        print({os.waitpid(child, 0)[1] for child in children})
        """
    )
    assert ran == Ran(["{0}"], "", [])


# What a script may not do: the write is refused, with the path.


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ("open(ROOT + '/large.log', 'a')", "large.log"),
        ("open(ROOT + '/new.txt', 'w')", "new.txt"),
        ("open(os.fsencode(ROOT) + b'/new.txt', 'wb')", "new.txt"),
        ("os.remove(ROOT + '/small.txt')", "small.txt"),
        ("os.mkdir(ROOT + '/out')", "out"),
        ("os.rename(ROOT + '/small.txt', 'small-2.txt')", "small.txt"),
        ("os.rename('small.txt', ROOT + '/new.txt')", "new.txt"),
        ("os.link(ROOT + '/small.txt', 'hard.txt')", "small.txt"),
        ("os.chmod(ROOT + '/small.txt', 0)", "small.txt"),
        ("os.utime(ROOT + '/small.txt')", "small.txt"),
        ("os.symlink('x', ROOT + '/soft')", "soft"),
        ("shutil.rmtree(ROOT)", ""),
        ("shutil.rmtree(ROOT + '/crowd')", "crowd"),
        ("shutil.move(ROOT + '/small.txt', 'x')", "small.txt"),
        ("os.chdir(ROOT); open('new.txt', 'w')", "new.txt"),
        ("os.remove('small.txt', dir_fd=os.open(ROOT, os.O_RDONLY))", "small.txt"),
        ("os.mkdir('out', dir_fd=os.open(ROOT, os.O_RDONLY))", "out"),
    ],
)
def test_absolute_paths_into_the_project_are_refused(guarded, change, refused):
    ran = guarded.run(f"import os, shutil\n{change}")
    assert ran.error.startswith("PermissionError: [Errno 13] hybridize runs this script on a scratch copy")
    assert ran.blocked == [str(guarded.root / refused)]


def test_other_folders_of_the_user_are_refused(guarded):
    ran = guarded.run("open(ROOT + '/../sibling/notes.txt', 'a')")
    assert ran.blocked == [str(guarded.root.parent / "sibling" / "notes.txt")]


def test_a_script_can_go_on_after_a_refusal_which_is_told_once(guarded):
    ran = guarded.run(
        """
        for attempt in range(3):
            try:
                open(ROOT + "/new.txt", "w")
            except OSError as error:
                print(error.errno)
        """
    )
    assert ran == Ran(["13", "13", "13"], "", [str(guarded.root / "new.txt")])


def test_refusals_without_end_are_told_up_to_a_number(guarded):
    ran = guarded.run(
        """
        import os
        for number in range(500):
            try:
                os.mkdir(f"{ROOT}/{number}")
            except OSError:
                pass
        """
    )
    assert len(ran.blocked) == 100


def test_names_that_are_no_text_are_refused_as_well(guarded):
    ran = guarded.run("open(ROOT.encode() + b'/\\xff.txt', 'w')")
    assert ran.blocked == [f"{guarded.root}/\udcff.txt"]


def test_reading_is_free(guarded):
    ran = guarded.run("print(open(ROOT + '/small.txt').read().strip(), len(open('/etc/passwd').read()) > 0)")
    assert ran == Ran(["small True"], "", [])


def test_the_caches_of_data_sets_may_be_written_to(guarded, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    ran = guarded.run(
        """
        import os
        home = os.path.expanduser("~")
        os.makedirs(home + "/.keras/datasets")
        open(home + "/.keras/datasets/digits.npz", "w").close()
        try:
            open(home + "/diary.txt", "w")
        except PermissionError as error:
            print(error.filename)
        """,
        environment=[("HOME", str(home))],
    )
    assert ran.lines == [str(home / "diary.txt")]
    assert ran.blocked == [str(home / "diary.txt")]
    assert (home / ".keras/datasets/digits.npz").exists()


def test_a_script_that_removes_its_own_working_folder_is_still_guarded(guarded):
    ran = guarded.run(
        """
        import os, shutil
        os.makedirs("out")
        os.chdir("out")
        os.rmdir(os.getcwd())
        open("/dev/null", "w")
        try:
            open("x", "w")
        except OSError as error:
            print(type(error).__name__)
        open(ROOT + "/new.txt", "w")
        """
    )
    assert ran.lines == ["FileNotFoundError"]
    assert ran.blocked == [str(guarded.root / "new.txt")]


# What no hook of Python's sees: the kernel refuses it.

WRITE_FROM_C = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
fd = libc.open(({path}).encode(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
if fd < 0:
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), {path})
libc.write(fd, b"X", 1)
"""


@pytest.mark.parametrize("path", ["ROOT + '/small.txt'", "ROOT + '/new.txt'", "'large.log'", "'crowd/0.txt'"])
def test_writes_from_c_are_refused_by_the_kernel_and_told(kernel_guarded, path):
    ran = kernel_guarded.run(WRITE_FROM_C.format(path=path))
    assert ran.error.startswith("PermissionError: [Errno 13] Permission denied")
    name = path.strip("ROT +'/")
    assert ran.blocked == [str(kernel_guarded.root / name)]


def test_writes_from_c_into_the_copy_are_free(kernel_guarded):
    assert kernel_guarded.run(WRITE_FROM_C.format(path="'small.txt'")) == Ran([], "", [])
    assert kernel_guarded.copy.joinpath("small.txt").read_text() == "small\nX"


def test_programs_that_the_script_starts_are_refused_as_well(kernel_guarded):
    ran = kernel_guarded.run(
        """
        import subprocess
        for command in ("rm -rf .", "echo X >> small.txt", "mv small.txt $TMPDIR", "ln small.txt h"):
            print(subprocess.run(["sh", "-c", command], cwd=ROOT, stderr=subprocess.DEVNULL).returncode != 0)
        subprocess.run(["sh", "-c", "echo X > made.txt; mkdir -p a b; touch a/f; mv a/f b/f"], check=True)
        """
    )
    assert ran.lines == ["True"] * 4
    assert kernel_guarded.copy.joinpath("b/f").exists()


def test_threads_started_later_are_refused_by_the_kernel(kernel_guarded):
    script = WRITE_FROM_C.format(path="ROOT + '/new.txt'")
    ran = kernel_guarded.run(
        f"import threading\nscript = {script!r}\n"
        "thread = threading.Thread(target=exec, args=(script, {'ROOT': ROOT}))\nthread.start()\nthread.join()"
    )
    assert "Permission denied" in ran.error
    assert not (kernel_guarded.root / "new.txt").exists()
