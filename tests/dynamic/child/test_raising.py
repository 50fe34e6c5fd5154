from __future__ import annotations

from hybridize.dynamic.child.effects import Project
from hybridize.dynamic.child.raising import different_errors, hash_failure

NOWHERE = Project(["/nowhere"], [])


def raised(message: str) -> Exception:
    try:
        raise ValueError(message)
    except ValueError as error:
        return error


def test_errors_of_one_type_are_no_difference():
    assert different_errors(None, None, NOWHERE) is None
    assert different_errors(ValueError("one"), ValueError("two"), NOWHERE) is None


def test_an_error_of_another_type_is_one_for_callers_catch_by_type():
    said = different_errors(ValueError("one"), KeyError("one"), NOWHERE)
    assert said == "an eager call raises ValueError, but the graph raises KeyError"
    assert str(different_errors(ValueError("one"), None, NOWHERE)).endswith("but the graph raises no error")


def test_an_error_of_the_graph_alone_is_told_by_its_last_line():
    said = different_errors(None, raised("Exception encountered:\n\nshapes differ"), NOWHERE)
    assert said == "as a graph it raises ValueError: shapes differ"


def test_an_error_in_user_code_is_told_by_its_own_line():
    text = 'in user code:\n\n    File "/elsewhere/m.py", line 3, in f\n        return g(x)\n\n    TypeError: no such\n'
    assert different_errors(None, raised(text), NOWHERE) == "as a graph it raises ValueError: TypeError: no such"


def test_an_object_whose_hash_fails_is_told_with_the_remedy():
    class Odd:
        def __hash__(self) -> int:
            raise AttributeError("no key yet")

    assert "`Odd` raises AttributeError: no key yet; use @dataclass(eq=False)" in hash_failure(Odd())
    assert hash_failure(object()) == ""
    assert hash_failure([]) != ""
