"""The diff of an edited file, as the programs that apply it take it."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hybridize.records import Edit, EditedFile
from hybridize.rewrite import diff, edit_file


def edited_file(before: bytes, after: bytes, file: str = "m.py") -> EditedFile:
    return EditedFile(file, before, after, hashlib.sha256(before).hexdigest(), {}, ())


def assert_both_programs_apply(folder: Path, edited: EditedFile) -> None:
    """Apply the diff with ``git apply`` and with ``patch -p1``; each must give the edited bytes."""
    patch = folder / "change.patch"
    patch.write_bytes(diff(edited).encode("utf-8", "surrogateescape"))
    for command in (["git", "apply", str(patch)], ["patch", "-p1", "-s", "-i", str(patch)]):
        project = folder / command[0]
        target = project / edited.file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(edited.before)
        # Outside of any repository, git apply takes the folder that it runs in as the root.
        environment = {"GIT_CEILING_DIRECTORIES": str(folder.parent), "PATH": "/usr/bin:/bin", "LC_ALL": "C"}
        if command[0] == "git":
            check = subprocess.run(
                [*command[:2], "--check", command[2]], cwd=project, env=environment, capture_output=True
            )
            assert check.returncode == 0, check.stderr
        done = subprocess.run(command, cwd=project, env=environment, capture_output=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        assert target.read_bytes() == edited.after
        assert [path for path in project.rglob("*") if path.is_file()] == [target]


def test_a_diff_is_what_a_person_expects_to_read():
    edited = edited_file(
        b"import a\n\ndef f(x):\n    return x\n", b"import a\n\n@g\ndef f(x):\n    return x\n"
    )
    assert diff(edited) == (
        "--- a/m.py\n+++ b/m.py\n@@ -1,4 +1,5 @@\n import a\n \n+@g\n def f(x):\n     return x\n"
    )


SOURCES = {
    "plain": b"import tensorflow as tf\n\n\ndef f(x):\n    return x\n",
    "no final newline": b"import tensorflow as tf\ndef f(x): return x",
    "no final newline far below": b"import tensorflow as tf\ndef f(x): return x\n" + b"x = 1\n" * 9 + b"y",
    "carriage returns": b"import tensorflow as tf\r\n\r\ndef f(x):\r\n    return x\r\n",
    "carriage returns without a final one": b"import tensorflow as tf\r\ndef f(x): return x",
    "mixed": b"import tensorflow as tf\n\ndef f(x):\r\n    return x\n",
    "lone carriage returns": b"import tensorflow as tf\r\rdef f(x):\r    return x\r",
    "form feeds": b"import tensorflow as tf\n\x0c\ndef f(x):\n    return x\n\x0c",
    "latin-1": b"# coding: latin-1\nimport tensorflow as tf\nE = '\xe9'\ndef f(x): return '\xe8'\n",
    "byte order mark": b"\xef\xbb\xbfdef f(x): return x\n",
    "import at the top": b"def f(x): return x\n",
    "separators that only str.splitlines knows": (
        "import tensorflow as tf\nE='\u2028\x1c\x85'\ndef f(x): pass".encode()
    ),
    "two hunks": b"import os\n" + b"x = 1\n" * 20 + b"def f(x):\n    return x\n",
    "many equal lines": (
        b"import tensorflow as tf\n" + b"x = 1\n\n" * 500 + b"def f(x): pass\n" + b"x = 1\n\n" * 500
    ),
    "lines that look like a diff": (
        b'import tensorflow as tf\nX = """\n--- a/m.py\n+++ b/m.py\n@@ -1 +1 @@\n"""\ndef f(x): 1\n'
    ),
}


@pytest.mark.parametrize("case", SOURCES)
@pytest.mark.slow
def test_git_and_patch_apply_the_edit(tmp_path, case):
    (tmp_path / "m.py").write_bytes(SOURCES[case])
    line = next(
        number
        for number, text in enumerate(
            SOURCES[case].replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"), 1
        )
        if text.removeprefix(b"\xef\xbb\xbf").startswith(b"def f")
    )
    edited, refused = edit_file(tmp_path, "m.py", [Edit("m:f", "m.py", line, "f")])
    assert refused == {} and edited is not None
    assert_both_programs_apply(tmp_path, edited)


PATHS = ["pkg/sub/train.py", "my project/train step.py", "naïve/学習.py", 'odd"\\\t.py', "a\nb.py"]


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS)
def test_git_and_patch_find_a_file_of_any_name(tmp_path, path):
    assert_both_programs_apply(tmp_path, edited_file(b"def f(): pass\n", b"@g\ndef f(): pass\n", path))


_lines = st.lists(
    st.sampled_from([b"x\n", b"\n", b"def f():\r\n", b"\t\xe9\n", b"--- a\n", b"\\ No newline\n", b"-\n"]),
    max_size=14,
)


@given(_lines, _lines, _lines, st.sampled_from([b"", b"end", b"\r"]))
@settings(
    max_examples=25,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@pytest.mark.slow
def test_git_and_patch_apply_any_inserted_lines(tmp_path_factory, above, put_in, below, end):
    before = b"".join(above + below) + end
    after = b"".join([*above, b"@tf.function\n", *put_in, *below]) + end
    if before:
        assert_both_programs_apply(tmp_path_factory.mktemp("patch"), edited_file(before, after))
