"""The record of a function: facts, the first blocker, silenced lines."""

from __future__ import annotations

import pytest
from findings import certain_codes, codes_of

from hybridize.records import Action, AssumptionKind


def test_safety_comes_before_benefit(script):
    function = script("def f(x):\n    print(x)\n    return x\nf(tf.ones([2]))\n").function("f")
    assert function.blocker is not None
    assert function.blocker.code == "HYB101"


def test_what_the_function_is_comes_before_what_it_does(script):
    text = "class C:\n    def __init__(self):\n        print(1)\n"
    blocker = script(text).function("C.__init__").blocker
    assert blocker is not None
    assert blocker.code == "HYB302"


def test_ones_own_line_comes_before_a_callees(script):
    text = "def g(x):\n    print(x)\ndef f(x):\n    g(x)\n    print(x)\nf(tf.ones([2]))\n"
    blocker = script(text).function("f").blocker
    assert blocker is not None
    assert blocker.line == 7


@pytest.mark.parametrize(
    "comment",
    [
        "# hybridize: ignore[HYB101] a reason",
        "# hybridize: ignore[hyb101]",
        "# hybridize: ignore[HYB105, HYB101]",
        "#hybridize:ignore[HYB101]",
        "# hybridize: ignore",
    ],
)
def test_a_comment_silences_its_line(comment, script):
    function = script(f"def f(x):\n    print(x)  {comment}\n    return x * 2\nf(tf.ones([2]))\n").function("f")
    assert "HYB101" not in codes_of(function)
    assert function.proposal is Action.HYBRIDIZE


def test_a_comment_silences_no_other_code(script):
    text = "def f(x):\n    print(x)  # hybridize: ignore[HYB104]\n    return x * 2\nf(tf.ones([2]))\n"
    assert "HYB101" in codes_of(script(text).function("f"))


def test_a_comment_silences_no_other_line(script):
    text = "def f(x):\n    print(x)  # hybridize: ignore[HYB101]\n    print(x)\n    return x * 2\nf(tf.ones([2]))\n"
    assert "HYB101" in codes_of(script(text).function("f"))


def test_a_silenced_line_is_silent_for_callers_too(script):
    text = """
        def g(x):
            print(x)  # hybridize: ignore[HYB101] debugging aid

        def f(x):
            g(x)
            return x * 2

        f(tf.ones([2]))
    """
    assert script(text).function("f").proposal is Action.HYBRIDIZE


def test_a_caller_can_silence_what_a_callee_does(script):
    text = """
        def g(x):
            print(x)

        def f(x):
            g(x)  # hybridize: ignore[HYB101] prints once, on purpose
            return x * 2

        f(tf.ones([2]))
    """
    assert script(text).function("f").proposal is Action.HYBRIDIZE


def test_calls_are_the_ids_of_the_functions_that_may_be_called(project):
    project.write("other.py", "class C:\n    def m(self):\n        return 1\n")
    project.write("train.py", "from other import C\ndef g():\n    return C().m()\ndef f():\n    return g()\n")
    found = {each.id: each.calls for each in project.scan().functions}
    assert found["train:f"] == ("train:g",)
    assert found["train:g"] == ("other:C.m",)


def test_a_function_that_a_decorator_swallows_has_no_known_effects(script):
    text = "def swallow(g):\n    return len\n@swallow\ndef f(x):\n    print(x)\n"
    assert script(text).function("f").has_python_side_effects is None


def test_a_doubt_about_a_finding_is_an_assumption_that_names_it(script):
    text = """
        class Agent:
            def __init__(self):
                self.action = 0

            def act(self):
                self.action = 1

            def learn(self, x):
                return x * self.action

        agent = Agent()
        agent.act()
        agent.learn(tf.ones([2]))
    """
    function = script(text).function("Agent.learn")
    (assumption,) = [each for each in function.assumptions if each.code == "HYB113"]
    assert assumption.subject == "self.action"
    assert "Agent.act" in assumption.statement


def test_a_step_in_a_loop_is_called_by_its_lines(script):
    project = script("""
        w = tf.Variable(1.0)
        optimizer = tf.keras.optimizers.SGD()
        for _ in range(3):
            with tf.GradientTape() as tape:
                loss = w * w
            optimizer.apply_gradients([(tape.gradient(loss, w), w)])
        """)
    (step,) = [each for each in project.scan().functions if each.proposal is Action.EXTRACT]
    effect = next(each for each in step.assumptions if each.kind is AssumptionKind.NO_EFFECT)
    lines = f"the code on lines {step.line} to {step.end_line}"
    assert effect.statement == f"a call of {lines} changes no Python state that outlives it"
    assert not [each for each in step.assumptions if "module>" in each.statement]


def test_one_that_is_a_single_line_is_called_by_that(script):
    project = script("""
        class Agent:
            def __init__(self):
                self.net = tf.keras.layers.Dense(2)

            def act(self, state):
                value = self.net(tf.convert_to_tensor(state[None, :], dtype=tf.float32))
                return np.argmax(value[0])

        agent = Agent()
        for _ in range(3):
            agent.act(np.ones(4))
        """)
    (step,) = [each for each in project.scan().functions if each.proposal is Action.EXTRACT]
    assert step.line == step.end_line
    statements = [each.statement for each in step.assumptions]
    assert f"tracing the code on line {step.line} raises no error" in statements
    assert not [each for each in statements if "lines" in each]


@pytest.mark.parametrize("maker", ["default_rng(0)", "RandomState(0)", "Generator(np.random.PCG64(0))"])
def test_a_generator_is_a_hazard_where_it_is_drawn_from_not_where_it_is_made(script, maker):
    project = script(f"""
        def make(x):
            rng = np.random.{maker}
            return tf.reduce_sum(x)

        def draw(x):
            rng = np.random.{maker}
            noise = rng.normal()
            return tf.reduce_sum(x) * noise

        make(tf.ones([2]))
        draw(tf.ones([2]))
        """)
    assert [each.line for each in project.function("make").findings if each.code == "HYB108"] == []
    assert [each.line for each in project.function("draw").findings if each.code == "HYB108"] == [10]


def test_a_session_that_only_some_of_the_callees_open_is_a_question_for_the_run(script):
    text = """
        class Model:
            def __call__(self, x):
                return tf.square(x)

        def old(x):
            return tf.compat.v1.train.MonitoredTrainingSession(x)

        def step(model, x):
            return model(x) + 1.0

        def only(x):
            return old(x)

        for x in tf.data.Dataset.range(3):
            step(Model(), x)
            step(old, x)
            only(x)
    """
    found = script(text)
    assert found.function("step").proposal is Action.HYBRIDIZE
    assert "HYB507" in codes_of(found.function("step")) - certain_codes(found.function("step"))
    blocker = found.function("only").blocker
    assert blocker is not None and blocker.code == "HYB507"
