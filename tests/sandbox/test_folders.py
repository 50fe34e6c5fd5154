from __future__ import annotations

from pathlib import Path

import pytest

from hybridize.sandbox.folders import copied, inside, neighbours


@pytest.mark.parametrize("path", ["/project", "/project/train.py", "/project/a/b"])
def test_a_folder_holds_itself_and_what_is_below_it(path: str) -> None:
    assert inside(path, "/project") and inside(path, "/project/") == (path != "/project") and inside(path, "/")


@pytest.mark.parametrize("path", ["/project2", "/projec", "/", "project/train.py"])
def test_a_folder_does_not_hold_what_only_begins_alike(path: str) -> None:
    assert not inside(path, "/project")


def test_the_first_tree_that_holds_a_path_leads_it_to_the_copy() -> None:
    mapping = [("/place/project", "/copy/p"), ("/place", "/copy/w")]
    assert copied(mapping, "/place/project/a.py") == "/copy/p/a.py"
    assert copied(mapping, "/place/data") == "/copy/w/data"
    assert copied(mapping, "/elsewhere/data") == "/elsewhere/data"


def test_modules_and_packages_beside_a_script_are_its_neighbours(tmp_path: Path) -> None:
    for name in ("train.py", "notes.txt", "package/__init__.py", "data/values.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert neighbours(str(tmp_path)) == {"train", "package"}
    assert neighbours(str(tmp_path / "missing")) == set()
