"""Python state that changes from step to step becomes a parameter of the function that is made of a region."""

from __future__ import annotations

import textwrap

import pytest

from tests.static.conftest import Project

AGENT = """
import tensorflow as tf


class Agent:
    def __init__(self, beta=0.4):
        self.w = tf.Variable(2.0)
        self.optimizer = tf.keras.optimizers.SGD(0.01)
        self.beta = beta
        self.losses = []

    def learn(self, x):
        with tf.GradientTape() as tape:
            loss = tf.square(self.w * x) * self.beta
        self.optimizer.apply_gradients([(tape.gradient(loss, self.w), self.w)])
        self.losses.append(float(loss))

    def anneal(self):
        self.beta = min(1.0, self.beta + 0.05)


agent = Agent()
for x in (1.0, 2.0):
    agent.learn(x)
    agent.anneal()
"""
ANNEAL = "        self.beta = min(1.0, self.beta + 0.05)\n"


def given(project: Project, source: str, **others: str) -> tuple[tuple[str, str], ...]:
    """What the function of the one step of a script is given besides names of its own."""
    project.write("train.py", source)
    for name, text in others.items():
        project.write(f"{name}.py", text)
    found = project.scan()
    assert found.warnings == ()
    (region,) = [each.region for each in found.functions if each.region is not None]
    return region.given


def test_an_attribute_that_another_method_changes_is_given(project):
    assert given(project, AGENT) == (("beta", "self.beta"),)


@pytest.mark.slow
def test_nothing_is_said_of_what_is_given_as_of_state_that_a_trace_reads(project):
    project.write("train.py", AGENT + "\nagent.rate = 0.1\n")
    (function,) = [each for each in project.scan().functions if each.region is not None]
    assert not any(each.code == "HYB113" for each in function.assumptions)
    project.write("train.py", AGENT.replace("min(1.0, self.beta + 0.05)", "make(self.beta)"))
    (function,) = [each for each in project.scan().functions if each.region is not None]
    assert any(each.code == "HYB113" for each in function.assumptions)


# Other ways to write a number that changes.
NUMBERS = {
    "a decay to a bound": "        self.low = 0.1\n        self.beta = max(self.low, self.beta * 0.99)\n",
    "an augmented assignment": "        self.beta *= 0.99\n",
    "a name for a number": "        fraction = len(self.losses) / 100\n        self.beta = 0.4 + fraction * 0.6\n",
    "a function of math": "        self.beta = 0.1 + math.exp(-0.1 * len(self.losses))\n",
    "one of two": "        self.beta = 0.0 if len(self.losses) < 5 else -1.0\n",
    "several at once": "        self.beta, self.other = 0.5, 'text'\n",
    "a conversion": "        self.beta = float(compute(self.losses))\n",
    "a flag": "        self.beta = len(self.losses) > 3\n",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NUMBERS)
def test_what_is_assigned_may_be_computed_of_numbers(name, project):
    source = "import math\n" + AGENT.replace(ANNEAL, NUMBERS[name])
    assert given(project, source) == (("beta", "self.beta"),)


LOSS = "loss = tf.square(self.w * x) * self.beta"

# The source is AGENT with one text put in for another; the attribute stays one, for the reason in the comment.
LEFT = {
    # What never changes is no parameter.
    "it is assigned once": (ANNEAL, "        pass\n"),
    # A reader of the attribute may need what a number is not: its identity, its items, its methods.
    "no number": (ANNEAL, "        self.beta = []\n"),
    "a number is not seen": (ANNEAL, "        self.beta = compute(self.beta)\n"),
    "an argument": (ANNEAL + "\n", ANNEAL + "\n    def set(self, beta):\n        self.beta = beta\n\n"),
    "one of several values": (ANNEAL, "        self.beta, self.other = compute()\n"),
    "a loop's": (ANNEAL, "        for self.beta in compute():\n            pass\n"),
    "min is not Python's": ("class Agent:", "def min(*numbers):\n    return compute(numbers)\n\n\nclass Agent:"),
    # The function would not change it for the caller.
    "it is assigned there": (LOSS, LOSS + "\n            self.beta = 0.5"),
    "it is counted there": (LOSS, LOSS + "\n            self.beta += 0.5"),
    # Behind the call it would have another value than the function was given.
    "it is assigned by what is called there": (LOSS, LOSS + "\n            self.anneal()"),
    "what is called calls what assigns it": (
        LOSS + "\n",
        LOSS + "\n            self.tell()\n",
        "    def anneal(self):\n",
        "    def tell(self):\n        self.anneal()\n\n    def anneal(self):\n",
    ),
    "a layer's call assigns it": (
        "    def anneal(self):\n",
        "    def call(self):\n        self.beta = 0.7\n\n    def anneal(self):\n",
    ),
    "an operator's method assigns it": (
        "    def anneal(self):\n",
        "    def __add__(self, other):\n        self.beta = 0.7\n\n    def anneal(self):\n",
    ),
    "a property that is read there assigns it": (
        LOSS,
        LOSS + " + self.tell",
        "    def anneal(self):\n",
        "    @property\n    def tell(self):\n        self.beta = 0.7\n        return 1.0\n\n    def anneal(self):\n",
    ),
    # Whoever was handed the method may call it at any time.
    "what assigns it is handed on": ("agent = Agent()", "agent = Agent()\ncallbacks = [agent.anneal]"),
    "functions are called by computed names": (LOSS, LOSS + "\n            getattr(self, 'an' + 'neal')()"),
    # A function that is kept reads the attribute when it is called.
    "it is read in a function there": (LOSS, LOSS + "\n            f = lambda: self.beta"),
    # No name can be put there without changing more of the text.
    "it is written over two lines": (LOSS, "loss = tf.square(self.w * x) * (self\n                .beta)"),
    "it is read in a text": (LOSS, LOSS + "\n            name = f'{self.beta}'"),
    # Reading it runs code.
    "it is a property": (
        "    def anneal(self):\n",
        "    @property\n    def beta(self):\n        return 1\n\n    def anneal(self):\n",
    ),
    "the class decides what reading is": (
        "    def anneal(self):\n",
        "    def __getattr__(self, name):\n        return 1\n\n    def anneal(self):\n",
    ),
    # It may be assigned by a name that the source does not show.
    "a computed name is assigned": ("agent = Agent()", "agent = Agent()\nsetattr(agent, 'be' + 'ta', None)"),
    "it is assigned by its name": ("agent = Agent()", "agent = Agent()\nsetattr(agent, 'beta', None)"),
    "all attributes are at hand": ("agent = Agent()", "agent = Agent()\nagent.__dict__.update(beta=None)"),
    "all attributes are at hand by a function": ("agent = Agent()", "agent = Agent()\nvars(agent)['beta'] = None"),
    # The call reads it always: it would fail where the statements did not read it.
    "it may not be there, and not be read": (
        "        self.beta = beta\n",
        "",
        LOSS,
        "loss = tf.square(self.w * x) * (self.beta if x else 1.0)",
    ),
    # The name stands for something else.
    "the name is used": (LOSS, LOSS + "\n            beta = 2.0"),
    "the name is a function of Python's": ("beta", "max"),
    "the name is a word of Python's": ("self.beta", "self._in"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LEFT)
def test_an_attribute_is_left_where_a_parameter_might_not_be_the_same(name, project):
    source = AGENT
    texts = LEFT[name]
    for old, new in zip(texts[::2], texts[1::2], strict=True):
        assert old in source
        source = source.replace(old, new)
    compile(source, name, "exec")
    assert given(project, source) == ()


OTHERS = {
    # The number could be anything by then, and at any time.
    "assigns it": "def reset(agent):\n    agent.beta = None\n",
    "assigns what is not named": "def load(agent, name):\n    setattr(agent, name, None)\n",
    "has all attributes at hand": "def load(agent, values):\n    agent.__dict__.update(values)\n",
    # A class there may be a base, or be given to the function.
    "has a method of the name": "class Other:\n    def beta(self):\n        return 1\n",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
def test_an_attribute_is_left_where_another_module(name, project):
    assert given(project, AGENT, other=OTHERS[name]) == ()


@pytest.mark.slow
def test_an_attribute_is_left_where_a_base_in_another_module_decides_what_reading_is(project):
    source = AGENT.replace("import tensorflow as tf\n", "import tensorflow as tf\nfrom other import Base\n")
    base = "class Base:\n    def __getattr__(self, name):\n        return 1\n"
    assert given(project, source.replace("class Agent:", "class Agent(Base):"), other=base) == ()
    # A class that is none of its bases does not matter.
    assert given(project, source, other=base) == (("beta", "self.beta"),)


@pytest.mark.slow
def test_an_attribute_is_left_where_another_module_calls_back(project):
    source = AGENT.replace("import tensorflow as tf\n", "import tensorflow as tf\nfrom other import tell\n")
    source = source.replace(LOSS, LOSS + "\n            tell(self)")
    assert given(project, source, other="def tell(agent):\n    agent.anneal()\n") == ()
    assert given(project, source, other="def tell(agent):\n    agent.rest()\n") == (("beta", "self.beta"),)


def test_an_attribute_of_an_argument_is_given_where_it_is_read_in_any_case(project):
    source = """
    import tensorflow as tf

    w = tf.Variable(2.0)
    optimizer = tf.keras.optimizers.SGD(0.01)
    losses = []


    class State:
        weight = 1.0


    def update(state, x):
        with tf.GradientTape() as tape:
            loss = tf.square(w * x) * state.weight
        optimizer.apply_gradients([(tape.gradient(loss, w), w)])
        losses.append(float(loss))


    state = State()
    for x in (1.0, 2.0):
        update(state, x)
        state.weight *= 0.5
    """
    source = textwrap.dedent(source)
    assert given(project, source) == (("weight", "state.weight"),)
    assert given(project, source.replace("state.weight\n    opt", "(state.weight if x else 1.0)\n    opt")) == ()


BESIDE = """
import tensorflow as tf


class Agent:
    def __init__(self):
        self.w = tf.Variable(2.0)
        self.optimizer = tf.keras.optimizers.SGD(0.01)
        self.beta, self.heat = 0.4, 2.0
        self.losses = []

    def act(self, x):
        y = tf.tanh(self.w * x) / self.heat
        z = tf.square(y) + tf.tanh(y)
        self.losses.append(float(z))
        return z

    def learn(self, x):
        x = tf.square(x)
        target = tf.tanh(x) * self.beta
        with tf.GradientTape() as tape:
            loss = tf.square(self.w * x - target)
        self.optimizer.apply_gradients([(tape.gradient(loss, self.w), self.w)])
        self.losses.append(float(loss))
        self.beta *= 0.9
        self.heat *= 0.9


agent = Agent()
for x in (1.0, 2.0):
    agent.act(tf.constant(x))
    agent.learn(tf.constant(x))
"""


@pytest.mark.slow
def test_what_computes_beside_a_step_and_reads_state_goes_along_where_that_is_given(project):
    project.write("train.py", BESIDE)
    regions = {each.qualname: each.region for each in project.scan().functions if each.region is not None}
    assert regions["Agent.learn"].given == (("beta", "self.beta"),)
    assert regions["Agent.learn"].first == BESIDE.splitlines().index("        x = tf.square(x)") + 1
    assert regions["Agent.act"].given == (("heat", "self.heat"),)
    # Where it can't be, they stay in Python, and the step begins behind them.
    project.write("train.py", BESIDE + "agent.beta = agent.heat = compute()\n")
    regions = {each.qualname: each.region for each in project.scan().functions if each.region is not None}
    assert regions.keys() == {"Agent.learn"}
    assert regions["Agent.learn"].given == ()
    assert regions["Agent.learn"].first == BESIDE.splitlines().index("        with tf.GradientTape() as tape:") + 1


SCALE = """
import tensorflow as tf

w = tf.Variable(2.0)
optimizer = tf.keras.optimizers.SGD(0.01)
scale = 8.0


def update(x):
    global scale
    with tf.GradientTape() as tape:
        loss = tf.square(w * x) * scale
    optimizer.apply_gradients([(tape.gradient(loss, w), w)])
    scale *= 2
    return loss


for x in (1.0, 2.0):
    update(x)
"""
SCALED = "loss = tf.square(w * x) * scale"


def test_a_global_that_the_function_rebinds_is_given(project):
    assert given(project, SCALE) == (("scale", "scale"),)


# As above; what is left to be read is the global.
LEFT_GLOBALS = {
    # What never changes is no parameter.
    "it is not rebound": ("    scale *= 2\n", "    global other\n    other = 2\n"),
    # It is the same in all steps of the loop.
    "it is bound before the loop": (
        SCALE[SCALE.index("def update") :],
        """def main():
    global scale
    scale = 4.0
    for x in (1.0, 2.0):
        with tf.GradientTape() as tape:
            loss = tf.square(w * x) * scale
        optimizer.apply_gradients([(tape.gradient(loss, w), w)])


main()
""",
    ),
    # Code is no state.
    "it is a module": (
        "    scale *= 2\n",
        "    import math as scale\n",
    ),
    # A call in the step might rebind it.
    "another function rebinds it": ("for x in", "def reset():\n    global scale\n    scale = 1.0\n\n\nfor x in"),
    # A function that is kept reads the global when it is called.
    "a function there reads it": (SCALED, SCALED + "\n        f = lambda: scale"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LEFT_GLOBALS)
def test_a_global_is_left_where_a_parameter_might_not_be_the_same(name, project):
    old, new = LEFT_GLOBALS[name]
    assert old in SCALE
    assert given(project, SCALE.replace(old, new)) == ()


def test_a_global_that_changes_after_a_loop_or_in_it_is_given(project):
    loop = """    for x in data:
        with tf.GradientTape() as tape:
            loss = tf.square(w * x) * scale
        optimizer.apply_gradients([(tape.gradient(loss, w), w)])
"""
    head = SCALE[: SCALE.index("def update")]
    for change in ("    scale = scale * 0.5\n", "        scale = compute()\n"):
        function = f"def update(data):\n    global scale\n{loop}{change}\n\n"
        assert given(project, head + function + "update(1.0)\n") == (("scale", "scale"),)


def test_a_global_that_the_step_itself_rebinds_makes_no_function(project):
    project.write("train.py", SCALE.replace(SCALED, SCALED + "\n        scale = 3.0"))
    assert not any(each.region for each in project.scan().functions)


def test_a_global_that_may_not_be_bound_yet_makes_no_function(project):
    source = SCALE.replace("\nscale = 8.0\n", "\n")
    source = source.replace("    global scale\n", "    global scale\n    if w:\n        scale = 8.0\n")
    project.write("train.py", source)
    assert not any(each.region for each in project.scan().functions)
