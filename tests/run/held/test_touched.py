"""Which decorated functions a change touches, from a scan of the project and what git has of it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hybridize.run.held.repository import Unknown, changed_since, commit_of
from hybridize.run.held.touched import changed, reached, runs_otherwise
from hybridize.static import scan

PROGRAM = """\
import tensorflow as tf

RATE = 0.1


def helper(x):
    return tf.square(x)


@tf.function
def step(x):
    return helper(x) * RATE


class Model(tf.Module):
    size = 4

    @tf.function
    def apart(self, x):
        return x * self.size


def train(data):
    for batch in data:
        step(batch)


def evaluate(model, data):
    model.apart(data)


train(tf.ones([3, 2]))
evaluate(Model(), tf.ones([2]))
"""

Touch = Callable[[str, str], list[str]]


@pytest.fixture
def touch(tmp_path: Path) -> Touch:
    """Change a text of the program to another one, and give the decorated functions that this touches."""

    def run(old: str, new: str) -> list[str]:
        assert old in PROGRAM
        (tmp_path / "train.py").write_text(PROGRAM.replace(old, new))
        found = scan(tmp_path, tmp_path / "train.py")
        before: dict[str, bytes | None] = {"train.py": PROGRAM.encode()}
        touched = changed(found.functions, before, lambda file: (tmp_path / file).read_bytes())
        return sorted(function.qualname for function in reached(found.functions, touched))

    return run


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("RATE = 0.1", "RATE = 0.1  # a comment"),
        ("def helper", "\n\n# below\n\ndef helper"),
        ("    return x * self.size", '    """Say more."""\n        return x * self.size'),
        ("import tensorflow as tf\n", "import tensorflow as tf\nimport os\n"),
    ],
)
def test_lines_that_move_comments_and_imports_that_nobody_reads_touch_nothing(touch: Touch, old: str, new: str) -> None:
    assert touch(old, new) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("@tf.function\ndef step", "@tf.function(jit_compile=True)\ndef step", ["step"]),
        ("helper(x) * RATE", "helper(x) + RATE", ["step"]),
        ("tf.square(x)", "tf.sqrt(x)", ["step"]),
        ("RATE = 0.1", "RATE = 0.2", ["step"]),
        ("        step(batch)", "        step(batch[:2])", ["step"]),
        ("    size = 4", "    size = 5", ["Model.apart"]),
        ("(tf.Module)", "(tf.keras.Model)", ["Model.apart"]),
        ("    model.apart(data)", "    model.apart(data + 1)", ["Model.apart"]),
    ],
)
def test_a_change_touches_the_functions_that_have_it_their_callers_and_what_those_call(
    touch: Touch, old: str, new: str, expected: list[str]
) -> None:
    assert touch(old, new) == expected


def test_what_runs_on_import_may_call_anything() -> None:
    after = PROGRAM.replace("tf.ones([3, 2])", "tf.ones([5, 2])").encode()
    moved = PROGRAM.replace("def train", "# here\n\ndef train").encode()
    before: dict[str, bytes | None] = {"train.py": PROGRAM.encode()}
    assert runs_otherwise(before, lambda _file: after, ["train.py"])
    assert not runs_otherwise(before, lambda _file: after, ["other.py"])
    assert not runs_otherwise(before, lambda _file: moved, ["train.py"])


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=n", "-c", "user.email=e@x"]
    subprocess.run(["git", *who, "-C", str(folder), *arguments], check=True, capture_output=True)


@pytest.mark.slow
def test_git_tells_what_changed_since_a_commit_with_what_it_was(tmp_path: Path) -> None:
    project = tmp_path / "deep"
    project.mkdir()
    contents = {"a.py": "1\n", "b.py": "2\n", "gone.py": "3\n", "note.txt": "4\n", ".gitignore": "out.py\n"}
    for name, text in contents.items():
        (project / name).write_text(text)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    (project / "a.py").write_text("10\n")
    git(tmp_path, "commit", "-qam", "two")
    (project / "b.py").write_text("20\n")
    (project / "new.py").write_text("5\n")
    (project / "out.py").write_text("6\n")
    (project / "note.txt").write_text("40\n")
    (project / "gone.py").unlink()
    assert changed_since(project, "HEAD~1") == {"a.py": b"1\n", "b.py": b"2\n", "gone.py": b"3\n", "new.py": None}
    assert changed_since(project, "HEAD") == {"b.py": b"2\n", "gone.py": b"3\n", "new.py": None}
    assert len(commit_of(project)) == 40


@pytest.mark.slow
def test_what_came_into_the_target_branch_since_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("1\n")
    (tmp_path / "b.py").write_text("1\n")
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    git(tmp_path, "checkout", "-qb", "work")
    (tmp_path / "a.py").write_text("2\n")
    git(tmp_path, "commit", "-qam", "mine")
    git(tmp_path, "checkout", "-q", "main")
    (tmp_path / "b.py").write_text("2\n")
    git(tmp_path, "commit", "-qam", "theirs")
    git(tmp_path, "checkout", "-q", "work")
    assert changed_since(tmp_path, "main") == {"a.py": b"1\n"}


def test_what_git_can_not_tell_is_a_sentence(tmp_path: Path) -> None:
    outside = changed_since(tmp_path, "HEAD")
    assert isinstance(outside, Unknown) and "is not in a git repository" in outside.sentence
    assert commit_of(tmp_path) == ""
    git(tmp_path, "init", "-q")
    unknown = changed_since(tmp_path, "nowhere")
    assert isinstance(unknown, Unknown) and "git knows no commit nowhere" in unknown.sentence
    option = changed_since(tmp_path, "--help")
    assert isinstance(option, Unknown)
