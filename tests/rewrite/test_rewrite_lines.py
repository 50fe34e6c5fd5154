"""Lines of an edited file: where they went, where they came from, and where a run hooks a candidate."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridize.records import EditedFile, Region
from hybridize.rewrite.lines import composed, hook_in, line_before, line_in

BEFORE = b"a = 1\nfor x in a:\n    b = x\n    c = b\nd = 1\n"
#: Two lines were put in above the loop, one was put in it.
AFTER = b"a = 1\n@z\ndef f(): pass\nfor x in a:\n    b = x\n    print(b)\n    c = b\nd = 1\n"
MAP = (1, 4, 5, 7, 8)


def edited(**fields: object) -> EditedFile:
    made = {"file": "a.py", "before": BEFORE, "after": AFTER, "sha256_before": "", "def_lines": {}, "line_map": MAP}
    return EditedFile(**{**made, **fields})  # type: ignore[arg-type]


def region(first: int, last: int, results: tuple[str, ...] = ()) -> Region:
    return Region("a.py", first, last, "f", (), results, (), 1)


# Forth


def test_a_line_of_a_file_that_is_not_edited_stays():
    assert line_in([], "a:f", "a.py", 3) == 3
    assert line_in([edited(file="b.py")], "a:f", "a.py", 3) == 3


def test_a_line_goes_where_the_edit_moved_it():
    assert [line_in([edited(file="b.py"), edited()], "a:f", "a.py", line) for line in range(1, 6)] == [*MAP]


def test_a_candidate_is_hooked_at_the_function_that_it_became():
    """It may stand anywhere: a step that was moved into a function has its line no more."""
    assert line_in([edited(def_lines={"a:f": 3})], "a:f", "a.py", 4) == 3
    assert line_in([edited(outlined={"a:f": 3})], "a:f", "a.py", 4) == 3
    assert line_in([edited(def_lines={"a:f": 3})], "a:g", "a.py", 4) == 7
    for kind in ("def_lines", "outlined"):
        place = hook_in([edited(**{kind: {"a:f": 3}})], "a:f", "a.py", 3, region(3, 4, ("c",)))
        assert place == {"id": "a:f", "file": "a.py", "line": 3}


def test_statements_that_are_no_function_are_hooked_around_all_of_them():
    place = hook_in([edited()], "a:f", "a.py", 3, region(3, 4, ("b", "c")))
    assert place == {"id": "a:f", "file": "a.py", "line": 5, "last": 7, "results": ["b", "c"], "expression": ""}
    place = hook_in([], "a:f", "a.py", 3, region(3, 4))
    assert (place["line"], place["last"]) == (3, 4)
    place = hook_in([edited(file="b.py", def_lines={"b:f": 1})], "a:f", "a.py", 3, region(3, 4))
    assert (place["line"], place["last"]) == (3, 4)


def test_one_statement_ends_where_it_does_in_the_edited_file():
    assert hook_in([edited()], "a:f", "a.py", 2, region(2, 4))["last"] == 7
    # Its last line became a part of a function that stands above it.
    after = b"def g(x):\n    c = x\n\n\na = 1\nfor x in a:\n    b = x\n    g(b)\nd = 1\n"
    place = hook_in([edited(after=after, line_map=(5, 6, 7, 2, 9))], "a:f", "a.py", 2, region(2, 4))
    assert (place["line"], place["last"]) == (6, 8)


# Back


def test_what_was_put_in_comes_from_the_line_above_it():
    assert [line_before(MAP, line) for line in range(1, 9)] == [1, 1, 1, 2, 3, 3, 4, 5]
    assert line_before((2, 3), 1) == 0
    assert line_before((), 5) == 0


def test_a_line_that_went_away_gives_its_place_to_the_one_that_stayed():
    assert line_before((1, 2, 2, 3), 2) == 3


def test_a_line_that_was_moved_behind_others_is_found_there():
    assert [line_before((1, 4, 2, 3), line) for line in (1, 2, 3, 4)] == [1, 3, 4, 2]


@st.composite
def edits(draw: st.DrawFn, count: int) -> tuple[list[int], tuple[int, ...]]:
    """An edit of so many lines: the lines of the result as numbers of the original's (0: a new one), and the map."""
    order = draw(st.permutations(range(1, count + 1)))
    gone = draw(st.sets(st.integers(1, count))) - {count}
    result: list[int] = []
    for line in order:
        result += [0] * draw(st.integers(0, 2))
        if line not in gone:
            result.append(line)
    following, found = 0, list[int]()
    for line in range(count, 0, -1):
        following = following if line in gone else result.index(line) + 1
        found.append(following)
    return result, tuple(reversed(found))


@pytest.mark.slow
@given(edits(6))
def test_each_line_that_stayed_is_found_back(edit: tuple[list[int], tuple[int, ...]]) -> None:
    result, line_map = edit
    above = 0
    for place, line in enumerate(result, 1):
        above = line or above
        assert line_before(line_map, place) == above


@pytest.mark.slow
@given(st.data())
def test_two_edits_are_as_one_that_does_both(data: st.DataObject) -> None:
    first, line_map = data.draw(edits(5))
    then, following = data.draw(edits(len(first)))
    whole = composed(line_map, following)
    for line, place in enumerate(whole, 1):
        middle = line_map[line - 1]
        if line in first and middle in then:
            assert first[then[place - 1] - 1] == line
        else:
            assert place == following[middle - 1]
