"""How reasons read: an effect has the same words wherever it was seen, and says what, where and what to do."""

from __future__ import annotations

import pytest

from hybridize.dynamic.wording import count, describe_creation, describe_effect, effect_code, original


@pytest.mark.parametrize(
    "kind", ["printed", "file", "system", "random", "iterator", "array", "global", "closure", "attribute", "new kind"]
)
def test_an_effect_names_what_it_is_on(kind: str) -> None:
    said = describe_effect(kind, "SUBJECT", "DETAIL")
    assert said.startswith("it ") or kind == "random"
    assert "{" not in said
    assert ("SUBJECT" in said) or kind == "printed"
    assert effect_code(kind) == f"effect-{kind}"


def test_a_thread_is_started_and_nothing_more_is_said() -> None:
    assert describe_effect("thread", "SUBJECT", "DETAIL") == "it starts a thread"


def test_names_with_braces_are_shown_as_they_are() -> None:
    assert "{x}" in describe_effect("global", "{x}", "{0}") and "{0}" in describe_effect("global", "{x}", "{0}")


@pytest.mark.parametrize(
    ("first", "more", "number", "names", "words"),
    [
        (2, 0, 1, ["w"], ["in call 2 ", "1 variable,", "such as w"]),
        (1234, 0, 2, [], ["in call 1,234 ", "(2 variables)"]),
        (2, 1, 1, [""], ["(1 variable)", "and in 1 later call;"]),
        (2, 3, 1, ["w", "v"], ["such as w)", "and in 3 later calls;"]),
        (0, 0, 1, ["w"], ["in each call "]),
    ],
)
def test_variables_that_are_made_later_are_told_with_their_call(
    first: int, more: int, number: int, names: list[str], words: list[str]
) -> None:
    said = describe_creation(first, more, number, names)
    assert all(each in said for each in words), said
    assert ("later call" in said) == bool(more)
    assert "optimizer.build" in said


def test_a_number_goes_with_its_noun() -> None:
    assert [count(number, "call") for number in (0, 1, 2, 1000)] == ["0 calls", "1 call", "2 calls", "1,000 calls"]


def test_paths_of_the_copy_are_told_as_the_user_s() -> None:
    root = {"/tmp/copy": "", "/tmp/other/": "lib/"}
    assert original("in /tmp/copy/a/b.py:3 and /tmp/other/c.py", root) == "in a/b.py:3 and lib/c.py"
    assert original("/tmp/copying/a.py", root) == "/tmp/copying/a.py"
    assert original(None, root) is None and original("text", {}) == "text"
