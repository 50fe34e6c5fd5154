"""The project's files: each that may be its own is read, by a name of its own, and why one is not is said."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridize.static.reading import sources
from hybridize.static.reading.sources import (
    Source,
    Unreadable,
    explain_failure,
    find_python_files,
    name_modules,
    read_source,
    select_files,
)


def write(root: Path, files: Mapping[str, str | bytes]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)


def read(root: Path, content: str | bytes, name: str = "a.py") -> Source | Unreadable:
    write(root, {name: content})
    return read_source(root, root / name, "a")


# Reading


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("x = 1\n", "x = 1\n"),
        (b"x = 1\r\ny = 2\r\n", "x = 1\ny = 2\n"),
        (b"x = 1\ry = 2\r", "x = 1\ny = 2\n"),
        (b"\xef\xbb\xbfx = 1\n", "x = 1\n"),
        ("# coding: latin-1\nx = 'é'\n".encode("latin-1"), "# coding: latin-1\nx = 'é'\n"),
        ("", ""),
    ],
)
def test_a_file_is_read_as_python_reads_it(tmp_path: Path, content: str | bytes, text: str) -> None:
    found = read(tmp_path, content)
    assert isinstance(found, Source)
    assert (found.file, found.module, found.text, found.is_package) == ("a.py", "a", text, False)
    assert found.lines == len(text.splitlines())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("def f(:\n", "syntax error (line 1"),
        ("x = 1\nprint 'a'\n", "Python 2 (line 2"),
        ("try:\n    pass\nexcept ValueError, e:\n    pass\n", "Python 2 (line 3"),
        ("%matplotlib inline\n", "notebook magic"),
        ("x = 1\n!ls\n", "notebook magic"),
        ("x = 1\0\n", "null bytes"),
        (b"\n\nx = '\xff'\n", "declared encoding, utf-8 (byte 8)"),
        ("# coding: nothing\nx = 1\n", "declared encoding"),
        ("x = " + "(" * 500 + ")" * 500 + "\n", ""),
    ],
)
def test_why_a_file_can_not_be_read_is_said(tmp_path: Path, content: str | bytes, words: str) -> None:
    found = read(tmp_path, content)
    assert isinstance(found, Unreadable) and words in found.reason


def test_a_file_that_is_edited_is_read_as_that(tmp_path: Path) -> None:
    write(tmp_path, {"lib/a.py": "x = 1\n"})
    found = read_source(tmp_path, tmp_path / "lib" / "a.py", "a", {"lib/a.py": b"x = 2\n", "a.py": b"x = 3\n"})
    assert isinstance(found, Source) and found.text == "x = 2\n"


def test_what_is_no_file_or_too_large_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "b.py").mkdir()
    found = read_source(tmp_path, tmp_path / "b.py")
    assert isinstance(found, Unreadable) and "regular file" in found.reason
    assert isinstance(read_source(tmp_path, tmp_path / "gone.py"), Unreadable)
    monkeypatch.setattr(sources, "MAX_BYTES", 1_000_000)
    assert isinstance(found := read(tmp_path, b"#" * 1_000_001), Unreadable) and "1 MB" in found.reason
    assert isinstance(read(tmp_path, b"#" * 1_000_000), Source)


def test_whose_fault_a_failure_is_is_said_and_nothing_of_python_s_insides() -> None:
    for error in (RecursionError("maximum recursion"), MemoryError()):
        assert "nested" in explain_failure(error)
    said = explain_failure(KeyError("inner"))
    assert "fault of hybridize" in said and "inner" not in said


# Names

#: Places of files, of which several may get one name.
PLACES = [
    "train.py", "a.py", "a/__init__.py", "a/b.py", "a/b/__init__.py", "src/train.py", "src/a/__init__.py", "src/a/c.py",
    "src/__init__.py", "lib/train.py", "__init__.py", "src/lib/d.py",
]  # fmt: skip


@pytest.mark.slow
@given(st.sets(st.sampled_from(PLACES), min_size=1), st.dictionaries(st.sampled_from(PLACES), st.sampled_from("xyz")))
def test_no_two_files_have_one_name_and_what_is_known_stays(tmp_path_factory, places: set[str], known: dict) -> None:
    root = tmp_path_factory.getbasetemp() / "no such folder"
    names_known = {root / place: f"known.{name}{number}" for number, (place, name) in enumerate(known.items())}
    files = [root / place for place in sorted(places)]
    names = name_modules(root, files, names_known)
    assert list(names) == files
    assert len(set(names.values())) == len(files)
    assert all(names[path] == names_known[path] for path in files if path in names_known)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["train.py", "a/b.py", "a/__init__.py"], ["train", "a.b", "a"]),
        (["__init__.py"], ["__init__"]),
        # A source folder is no package,
        (["src/a/b.py"], ["a.b"]),
        # unless a file of it would get the name of another.
        (["src/train.py", "train.py"], ["src.train", "train"]),
        (["a.py", "a/__init__.py"], ["a#2", "a"]),
    ],
)
def test_a_module_is_named_after_its_place(tmp_path: Path, files: list[str], expected: list[str]) -> None:
    write(tmp_path, dict.fromkeys(files, ""))
    assert [*name_modules(tmp_path, [tmp_path / file for file in files], {}).values()] == expected


def test_a_source_folder_that_is_imported_from_is_a_package(tmp_path: Path) -> None:
    files = [tmp_path / "src" / "a.py", tmp_path / "src" / "b.py"]
    assert [*name_modules(tmp_path, files, {files[0]: "src.a"}).values()] == ["src.a", "src.b"]


# Which files


def found(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in find_python_files(root, [])]


def test_all_python_files_are_found_in_the_same_order_each_time(tmp_path: Path) -> None:
    write(tmp_path, {"b.py": "", "a.py": "", "z/c.py": "", "y/d.py": "", "a.txt": "", "a.pyc": "", "y/x/e.py": ""})
    assert found(tmp_path) == ["a.py", "b.py", "y/d.py", "y/x/e.py", "z/c.py"]


@pytest.mark.parametrize(
    "folder", [".git", "__pycache__", "a/site-packages", "node_modules", "thing.egg-info", "a/.venv"]
)
def test_what_is_never_the_project_s_own_is_not_read(tmp_path: Path, folder: str) -> None:
    write(tmp_path, {f"{folder}/a.py": "", f"{folder}/b/c.py": "", "train.py": ""})
    assert found(tmp_path) == ["train.py"]


def test_a_folder_that_can_not_be_listed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"shut/a.py": "", "train.py": ""})
    scan = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    files, problems = select_files(tmp_path, [])
    assert [path.name for path in files] == ["train.py"]
    assert [(each.file, "Permission denied" in each.reason) for each in problems] == [("shut", True)]


def test_chosen_paths_are_read_once_and_what_is_not_there_or_outside_is_told(tmp_path: Path) -> None:
    root = tmp_path / "project"
    write(root, {"a/b.py": "", "a/c.py": "", "d.py": ""})
    write(tmp_path, {"outside.py": ""})
    files, problems = select_files(root, [Path("a"), root / "a" / "b.py", Path("gone.py"), tmp_path / "outside.py"])
    assert [path.relative_to(root).as_posix() for path in files] == ["a/b.py", "a/c.py"]
    assert {each.reason for each in problems} == {"does not exist", "is outside of the project root"}
