"""What is kept of a scan, by codes and by confidence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hybridize.records import Confidence
from hybridize.static.selecting import Selection, read_selection, root_of, select

TITLES = {"HYB101": "prints", "HYB104": "stores", "HYB201": "asks"}


def test_codes_are_read_as_people_write_them():
    assert read_selection(["hyb101, HYB2", ""], [" HYB104"], "medium", TITLES) == Selection(
        ("HYB101", "HYB2"), ("HYB104",), Confidence.MEDIUM
    )


@pytest.mark.parametrize(("given", "confidence"), [(["HYB9"], "low"), (["HYB1011"], "low"), ([], "lowest")])
def test_what_is_not_known_is_refused_with_a_sentence(given: list[str], confidence: str) -> None:
    with pytest.raises(ValueError, match=r"^There is no code HYB|^The least confidence is "):
        read_selection(given, [], confidence, TITLES)


@pytest.fixture
def scanned(script):
    return script(
        """
        def silent(x):
            return tf.abs(x)

        def loud(x):
            print(x)
            x.held = x
            return tf.abs(x)

        for _ in range(9):
            silent(tf.ones([2]))
            loud(tf.ones([2]))
        """
    ).scan()


def codes(scan) -> dict[str, set[str]]:
    return {each.qualname: {finding.code for finding in each.findings} for each in scan.functions}


def test_without_a_selection_all_is_kept(scanned):
    assert select(scanned, Selection()) == scanned


def test_selected_are_functions_with_such_findings(scanned):
    assert codes(select(scanned, Selection(("HYB101",)))) == {"loud": {"HYB101"}}


def test_ignored_are_findings_and_no_functions(scanned):
    kept = codes(select(scanned, Selection(ignore=("HYB1",))))
    assert set(kept) == {"silent", "loud"} and not any(code.startswith("HYB1") for code in kept["loud"])


def test_a_blocker_goes_with_its_code(scanned):
    (loud,) = [each for each in select(scanned, Selection(ignore=("HYB1",))).functions if each.qualname == "loud"]
    assert loud.blocker is None


def test_candidates_of_less_confidence_are_left_out_and_what_is_none_stays(scanned):
    one = scanned.functions[0]
    levels = (*Confidence, None)
    scan = replace(scanned, functions=tuple(replace(one, qualname=str(each), confidence=each) for each in levels))
    for number, level in enumerate(Confidence, 1):
        kept = [each.confidence for each in select(scan, Selection(confidence=level)).functions]
        assert kept == [*levels[:number], None]


def test_the_root_of_a_package_lies_above_it(tmp_path):
    folder = tmp_path / "package" / "inner"
    folder.mkdir(parents=True)
    for each in (folder.parent, folder):
        (each / "__init__.py").touch()
    (folder / "a.py").touch()
    (tmp_path / "b.py").touch()
    assert root_of([folder / "a.py"]) == tmp_path
    assert root_of([folder, tmp_path / "b.py"]) == tmp_path
