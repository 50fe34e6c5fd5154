"""The check of an outline: only where its calls can be put back, and give the file that it was, is it the same."""

from __future__ import annotations

import ast
import sys
from dataclasses import replace

import pytest

from hybridize.records import Region
from hybridize.rewrite.inlining import arguments_of, is_same_when_inlined, parameters_of

BEFORE = """
def fit(w, data):
    for x in data:
        y = x * 2
        loss = w * y
        print(loss)
        w = w - loss
    return w
"""
AFTER = """
def step(x, w):
    y = x * 2
    loss = w * y
    w = w - loss
    return loss, w


def fit(w, data):
    for x in data:
        loss, w = step(x, w)
        print(loss)
    return w
"""
STEP = Region("a.py", 4, 7, "step", ("x", "w"), ("loss", "w"), ((6, 6),), 2)
CALL = "loss, w = step(x, w)"


def is_same(before: str, after: str, *regions: Region) -> bool:
    compile(after, "a.py", "exec")
    return is_same_when_inlined(ast.parse(before), ast.parse(after), regions)


def test_a_function_whose_body_stood_where_it_is_called_is_the_same():
    assert is_same(BEFORE, AFTER, STEP)


def test_the_trees_that_are_compared_stay_as_they_were():
    before, after = ast.parse(BEFORE), ast.parse(AFTER)
    is_same_when_inlined(before, after, [STEP])
    assert (ast.unparse(before), ast.unparse(after)) == tuple(ast.unparse(ast.parse(t)) for t in (BEFORE, AFTER))


# What stands in AFTER, and what stands there instead: each would be another program, or none that runs.
WRONG = {
    # The function
    "the parameters are in another order": ("def step(x, w)", "def step(w, x)"),
    "a parameter is missing": ("def step(x, w)", "def step(x)"),
    "a parameter more": ("def step(x, w)", "def step(x, w, z)"),
    "a parameter before those": ("def step(x, w)", "def step(z, /, x, w)"),
    "parameters by position only": ("def step(x, w)", "def step(x, w, /)"),
    "a default": ("def step(x, w)", "def step(x, w=1)"),
    "a parameter by keyword only": ("def step(x, w)", "def step(x, *, w)"),
    "many parameters": ("def step(x, w)", "def step(x, w, *z)"),
    "many keywords": ("def step(x, w)", "def step(x, w, **z)"),
    "a parameter's annotation, which is evaluated": ("def step(x, w)", "def step(x: z, w)"),
    "the result's annotation": ("def step(x, w)", "def step(x, w) -> z"),
    "a decorator": ("def step(x, w)", "@z\ndef step(x, w)"),
    "a coroutine": ("def step(x, w)", "async def step(x, w)"),
    # Its body
    "a statement is missing": ("    loss = w * y\n", ""),
    "a statement more": ("    loss = w * y\n", "    loss = w * y\n    w += 1\n"),
    "another statement": ("loss = w * y", "loss = w + y"),
    "another order": ("    y = x * 2\n    loss = w * y\n", "    loss = w * y\n    y = x * 2\n"),
    "what is moved away is there as well": ("    loss = w * y\n", "    loss = w * y\n    print(loss)\n"),
    "other results": ("return loss, w", "return w, loss"),
    "a result is missing": ("return loss, w", "return loss"),
    "no results": ("    return loss, w\n", ""),
    "results are computed": ("return loss, w", "return loss, +w"),
    # The call
    "the arguments are in another order": (CALL, "loss, w = step(w, x)"),
    "an argument is missing": (CALL, "loss, w = step(x)"),
    "arguments by keyword": (CALL, "loss, w = step(x, w=w)"),
    "a keyword more": (CALL, "loss, w = step(x, w, z=1)"),
    "arguments that are spread": (CALL, "loss, w = step(x, *w)"),
    "the results go elsewhere": (CALL, "w, loss = step(x, w)"),
    "the results go to an object": (CALL, "loss, x.w = step(x, w)"),
    "the results have a second name": (CALL, "z = loss, w = step(x, w)"),
    "the results are added": (CALL, "loss += step(x, w)"),
    "the results are dropped": (CALL, "step(x, w)"),
    "no call": (CALL, "pass"),
    "two calls": (CALL, f"{CALL}\n        {CALL}"),
    "a call elsewhere": ("return w\n", "return step(w, w)\n"),
    "it is handed on": ("print(loss)", "print(loss, step)"),
    "another function": (CALL, "loss, w = other(x, w)"),
    "a method": (CALL, "loss, w = w.step(x, w)"),
    "what is moved stands before the call": (f"{CALL}\n        print(loss)", f"print(loss)\n        {CALL}"),
    "what is moved is gone": ("        print(loss)\n", ""),
    # The rest of the file
    "something else is changed": ("in data", "in data[1:]"),
    "something else is gone": ("    return w\n", ""),
    "something is added": ("def fit", "z = 1\n\n\ndef fit"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", WRONG)
def test_what_is_another_program_is_not_the_same(name):
    old, new = WRONG[name]
    assert AFTER.count(old) == 1
    assert not is_same(BEFORE, AFTER.replace(old, new), STEP)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="such functions came with Python 3.12")
def test_a_function_of_types_is_another_one():
    assert not is_same(BEFORE, AFTER.replace("def step(", "def step[T]("), STEP)


def test_what_is_said_to_be_moved_must_be_statements_of_the_region():
    for moved in (((5, 6),), ((9, 9),), ((1, 1),)):
        assert not is_same(BEFORE, AFTER, replace(STEP, moved=moved))
    assert not is_same(BEFORE, AFTER, replace(STEP, first=40, last=41))


NUMPY = """
def fit(w, data):
    for x in data:
        y = x * 2
        n = np.abs(x)
        loss = w * n
"""
AHEAD = """
def step(x, w, n):
    y = x * 2
    loss = w * n


def fit(w, data):
    for x in data:
        n = np.abs(x)
        step(x, w, n)
"""


def test_what_goes_ahead_of_the_call_stands_there_and_nowhere_else():
    region = Region("a.py", 4, 6, "step", ("x", "w", "n"), (), (), 2, ahead=((5, 5),))
    assert is_same(NUMPY, AHEAD, region)
    behind = AHEAD.replace("        n = np.abs(x)\n", "") + "        n = np.abs(x)\n"
    assert not is_same(NUMPY, behind, region)
    assert not is_same(NUMPY, AHEAD.replace("        n = np.abs(x)\n", ""), region)
    assert not is_same(NUMPY, AHEAD, replace(region, ahead=((9, 9),)))


# Wherever the file has the name already, one of both would stand for the other.
TAKEN = {
    "a parameter of the function that calls it": (BEFORE, "def fit(w, data", "def fit(w, data, step"),
    "an import": (BEFORE, "def fit", "from elsewhere import step\ndef fit"),
    "a module": (BEFORE, "def fit", "import step.inner\ndef fit"),
    "an import under that name": (BEFORE, "def fit", "import elsewhere as step\ndef fit"),
    "a class": (BEFORE, "def fit", "class step: pass\ndef fit"),
    "a function": (BEFORE, "def fit", "def step(): pass\ndef fit"),
    "a coroutine": (BEFORE, "def fit", "async def step(): pass\ndef fit"),
    "a variable": (BEFORE, "def fit", "step = 1\ndef fit"),
    "an error": (BEFORE, "def fit", "try: pass\nexcept ValueError as step: pass\ndef fit"),
    "a name of types": (BEFORE, "def fit", "x: step\ndef fit"),
    "a global": (BEFORE, "    return w\n", "    return w\ndef other():\n    global step\n"),
    "a pattern": (BEFORE, "    return w\n", "    return w\nmatch 1:\n    case step: pass\n"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", TAKEN)
def test_a_function_with_a_name_that_the_file_has_is_not_the_same(name):
    before, old, new = TAKEN[name]
    above = old if new.endswith(f"\n{old}") else ""
    added = new.count("\n") if above else 0
    region = replace(STEP, first=STEP.first + added, last=STEP.last + added, moved=((6 + added, 6 + added),))

    def with_name(name: str) -> tuple[str, str]:
        """Both files, where what may be in the way has a name; what is put in stands above the function, too."""
        said = new.replace("step", name)
        after = said.removesuffix(above) + AFTER if above else AFTER.replace(old, said)
        return before.replace(old, said), after

    assert is_same(*with_name("other"), region)
    assert not is_same(*with_name("step"), region)


def test_a_keyword_or_a_text_of_that_name_is_no_name():
    before, after = (text.replace("print(loss)", "print(loss, step='step')") for text in (BEFORE, AFTER))
    assert is_same(before, after, STEP)


# The function has to be there when the call is made.

LOOP = "w = 2\nfor x in [1, 2]:\n    y = x * w\n    print(y)\n"
LOOP_STEP = Region("a.py", 3, 4, "step", ("x",), (), (), 2)
FUNCTION = "def step(x):\n    y = x * w\n    print(y)\n"
CALLING = "for x in [1, 2]:\n    step(x)\n"


def test_the_function_stands_right_above_what_calls_it():
    assert is_same(LOOP, f"w = 2\n{FUNCTION}{CALLING}", LOOP_STEP)
    for other in (
        f"w = 2\n{CALLING}{FUNCTION}",
        f"w = 2\n{CALLING}else:\n    {FUNCTION.replace(chr(10), chr(10) + '    ')}\n",
        f"{FUNCTION}w = 2\n{CALLING}",
    ):
        assert not is_same(LOOP, other, LOOP_STEP)


def test_functions_of_several_regions_may_stand_above_one_another():
    before = "for x in [1, 2]:\n    y = x\n    print(y)\n    print(x)\n"
    one = Region("a.py", 2, 2, "one", ("x",), ("y",), (), 1)
    other = Region("a.py", 4, 4, "other", ("x",), (), (), 1)
    after = "def one(x):\n    y = x\n    return y\ndef other(x):\n    print(x)\n"
    after += "for x in [1, 2]:\n    y = one(x)\n    print(y)\n    other(x)\n"
    assert is_same(before, after, one, other)
    assert not is_same(before, after, one)
    assert not is_same(before, after.replace("one", "other"), replace(one, name="other"), other)


METHOD = """
class Agent:
    def learn(self, x):
        for _ in range(3):
            y = x * self.beta
            self.w = y
"""
AS_METHOD = """
class Agent:
    def learn_once(self, x, beta):
        y = x * beta
        self.w = y

    def learn(self, x):
        for _ in range(3):
            self.learn_once(x, self.beta)
"""
METHODS = Region(
    "a.py", 5, 6, "learn_once", ("x",), (), (), 3, owner="Agent", receiver="self", given=(("beta", "self.beta"),)
)


def test_what_a_method_is_given_is_put_back_where_it_is_read():
    assert parameters_of(METHODS) == ["self", "x", "beta"]
    assert arguments_of(METHODS) == ["x", "self.beta"]
    assert is_same(METHOD, AS_METHOD, METHODS)


WRONG_METHODS = {
    "another attribute": ("(x, self.beta)", "(x, self.gamma)"),
    "a value is not read": ("y = x * beta", "y = x * 2"),
    "of another object": ("self.learn_once", "other.learn_once"),
    "of no object": ("self.learn_once", "learn_once"),
}
#: Here it stood so before, too, and what is given would not be what is read.
NOT_GIVEN = {
    "the value is bound anew": ("y = x * beta", "beta = x * beta"),
    "the object is bound anew": ("y = x * beta", "self = x * beta"),
    "the attribute is assigned": ("self.w = y", "self.beta = y"),
    "a function in it has a parameter of that name": ("y = x * beta", "y = x * (lambda beta: beta)(beta)"),
}


@pytest.mark.parametrize("name", WRONG_METHODS | NOT_GIVEN)
def test_a_method_that_does_otherwise_is_not_the_same(name):
    old, new = (WRONG_METHODS | NOT_GIVEN)[name]
    after = AS_METHOD.replace(old, new)
    assert after != AS_METHOD
    assert not is_same(METHOD, after, METHODS)
    if name in NOT_GIVEN:
        before = METHOD.replace(old.replace("* beta", "* self.beta"), new.replace("* beta", "* self.beta"))
        assert before != METHOD
        assert not is_same(before.replace("(beta)", "(self.beta)"), after, METHODS)


def test_a_method_stands_in_the_class_of_the_one_that_calls_it():
    function, _, rest = AS_METHOD.partition("class Agent:\n")[2].partition("    def learn(")
    outside = "\n".join(line[4:] for line in function.splitlines())
    assert not is_same(METHOD, f"{outside}\nclass Agent:\n    def learn({rest}", METHODS)


def test_a_file_that_is_nested_too_deeply_is_not_called_the_same():
    before, after = (text + "z = 1" + " + 1" * 1000 + "\n" for text in (BEFORE, AFTER))
    assert not is_same(before, after, STEP)
