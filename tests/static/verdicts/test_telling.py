"""What a record tells of the doubts that a function reaches: a few near ones of each rule, and how many more."""

from __future__ import annotations

import pytest

from hybridize.records import Action

# Each helper calls the next and something unknown; each writes into a container of its own that others read.
DEEP = 40


def deep(script):
    lines = ["import somewhere"]
    for number in range(DEEP):
        lines += [f"store_{number} = {{}}", f"def put_{number}(value):", f"    store_{number}['x'] = value"]
        following = f"help_{number + 1}(x)" if number < DEEP - 1 else "tf.square(x)"
        body = [f"    somewhere.act_{number}()", f"    y = store_{number}.get('x')", f"    return {following}"]
        lines += [f"def help_{number}(x):", *body]
    lines += ["def step(x):", "    return help_0(x)", "for _ in range(9):", "    step(tf.ones([2]))"]
    lines += [f"    put_{number}(1)" for number in range(DEEP)]
    return script("\n".join(lines) + "\n")


def inherited(function):
    return [finding for finding in function.findings if len(finding.chain) > 1]


@pytest.mark.slow
def test_a_function_tells_few_of_the_doubts_that_it_reaches_and_counts_the_rest(script):
    functions = {each.qualname: each for each in deep(script).scan().functions}
    middle = functions["help_20"]
    assert middle.proposal is Action.HYBRIDIZE
    assert len(inherited(middle)) <= 8
    assert all(len(finding.chain) <= 2 for finding in middle.findings if not finding.certain)


def test_own_lines_of_one_rule_are_told_up_to_two_and_the_rest_is_counted(script):
    lines = ["import somewhere", "def step(x):", *(f"    somewhere.act_{n}()" for n in range(9)), "    return x * 2"]
    function = script("\n".join([*lines, "step(tf.ones([2]))"]) + "\n").function("step")
    told = [finding for finding in function.findings if finding.code == "HYB112"]
    assert len(told) == 2 and dict(function.more) == {"HYB112": 7}
    assert [finding.line for finding in told] == sorted(finding.line for finding in told)


def test_of_each_kind_of_assumption_one_doubt_is_told_however_far_it_is(script):
    chain = "".join(f"def far_{n}(x):\n    return far_{n + 1}(x)\n" for n in range(9))
    # What tracing may raise on stands ten calls down, behind lines that may have effects.
    bottom = "def far_9(x):\n    for row in somewhere.rows(x):\n        x = x + row\n    return x\n"
    text = f"import somewhere\n{chain}{bottom}"
    near = "".join(f"def near_{n}(x):\n    somewhere.act_{n}()\n" for n in range(9))
    calls = "".join(f"    near_{n}(x)\n" for n in range(9))
    last = f"{text}{near}def step(x):\n{calls}    return far_0(x) * 2\nstep(tf.ones([2]))\n"
    function = script(last).function("step")
    kinds = {each.kind for each in script(last).function("far_9").assumptions if each.code is not None}
    assert len(kinds) > 1
    assert kinds <= {each.kind for each in function.assumptions if each.code is not None}


def test_what_is_certain_is_told_however_much_it_is(script):
    lines = ["def step(x):", *(f"    print({n})" for n in range(9)), "    return x * 2", "step(tf.ones([2]))"]
    function = script("\n".join(lines) + "\n").function("step")
    assert len([finding for finding in function.findings if finding.code == "HYB101"]) == 9
    assert function.blocker is not None and function.blocker.line == 4


def test_a_line_of_doubt_that_is_reached_twice_is_told_once(script):
    text = """
    import somewhere

    def leaf(x):
        somewhere.act()
        return x * 2

    def left(x):
        return leaf(x)

    def step(x):
        return left(x) + leaf(x)

    step(tf.ones([2]))
    """
    function = script(text).function("step")
    assert [finding.line for finding in function.findings if finding.code == "HYB112"] == [14]
