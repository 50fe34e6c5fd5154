"""Steps among other statements become functions: the same program, still eager, as a person would have written it."""

from __future__ import annotations

import ast
import tempfile
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hybridize.records import Action, Edit, Reason
from hybridize.rewrite import edit_project
from hybridize.rewrite.inlining import arguments_of, callee_of
from hybridize.rewrite.lines import line_before, line_in
from tests.rewrite.outlining import moved, outlined, pairs, run, steps_of

PAIRS = pairs()


@cache
def outlined_pair(name):
    """The steps of a program of `PAIRS`, and what becomes of it: found once for all tests that ask."""
    with tempfile.TemporaryDirectory() as folder:
        steps = steps_of(Path(folder), PAIRS[name][0])
        return steps, *moved(Path(folder), steps)


@pytest.mark.slow
@pytest.mark.parametrize("name", PAIRS)
def test_a_step_becomes_a_function_where_a_person_would_put_it(name):
    _, after = PAIRS[name]
    _, edited, refused = outlined_pair(name)
    assert refused == {}
    assert edited is not None
    assert edited.after.decode() == after


@pytest.mark.parametrize("name", PAIRS)
def test_it_runs_the_same_operations_in_the_same_order_and_prints_the_same(name):
    before, after = PAIRS[name]
    original, edited = run(before), run(after)
    assert original.operations and not original.ended
    if "before_the_call" in name:
        # Statements that go before the call take their operations along, up to the next update at most.
        assert original.operations != edited.operations
        original, edited = (replace(each, operations=by_update(each.operations)) for each in (original, edited))
    if "in_the_tape_follows" in name:
        # After the last gradient it does not matter where the tape ends.
        kept = ([one for one in each.operations if one != "tape ends"] for each in (original, edited))
        original, edited = (replace(each, operations=ops) for each, ops in zip((original, edited), kept, strict=True))
    assert edited == original


def by_update(operations: list[str]) -> tuple[list[str], list[Counter[str]]]:
    """The updates of variables in their order, and how often each operation runs before each of them, and at the end.

    Where NumPy's part of a step runs before it, the order between two updates is another.
    """
    updates: list[str] = []
    between: list[Counter[str]] = [Counter()]
    for each in operations:
        if each.startswith("assign"):
            updates.append(each)
            between.append(Counter())
        elif not each.startswith("tape"):
            between[-1][each] += 1
    return updates, between


HEAD = """import time

import tensorflow as tf

w = tf.Variable(2.0)
optimizer = tf.keras.optimizers.SGD(0.01)
data = [1.0, 2.0]
"""
STEP = """
for x in data:
    with tf.GradientTape() as tape:
        loss = tf.square(w * x)
    optimizer.apply_gradients([(tape.gradient(loss, w), w)])
"""


def with_middle(line: str) -> str:
    """The step with a statement between its tape and its update."""
    return HEAD + STEP.replace("    optimizer", f"    {line}\n    optimizer")


# Each is left as it is. The words are part of the reason that is given, the number its line.
LEFT = {
    # What is printed would be another time.
    "time in the middle": (with_middle("begun = time.time()"), "`time.time()` inside it must run in Python", 12),
    # The variable would have been updated by then.
    "a variable is printed before its update": (with_middle("print(w)\n    v = w"), "", 0),
    "an alias of a variable is printed": (
        HEAD
        + STEP.replace("        loss =", "        v = w\n        loss =").replace(
            "    optimizer", "    print(v)\n    optimizer"
        ),
        "`print(v)` inside it must run in Python",
        13,
    ),
    # One argument would be one draw.
    "numbers that are drawn twice": (
        with_middle("loss += np.random.normal() * np.random.normal()").replace("import time", "import numpy as np"),
        "`np.random.normal()` inside it must run in Python",
        12,
    ),
    # A round draws as often as it has repetitions.
    "numbers that are drawn in a loop": (
        with_middle("for i in range(3):\n        loss = loss + np.random.normal()").replace(
            "import time", "import numpy as np"
        ),
        "`np.random.normal()` inside it must run in Python",
        13,
    ),
    # Only some rounds draw.
    "numbers that are drawn for some": (
        with_middle("loss += np.random.normal() if x > 1.0 else 0.0").replace("import time", "import numpy as np"),
        "`np.random.normal()` inside it must run in Python",
        12,
    ),
    # Of two calls, the one that takes a value of the step's is what keeps it from being a graph.
    "an array's work before a value that is taken": (
        with_middle("y = tf.square(np.abs(x))\n    z = np.array(loss)").replace("import time", "import numpy as np"),
        "`np.array(loss)` inside it must run in Python",
        13,
    ),
    # An operation would run later than it did.
    "an operation in what is printed": (with_middle("print(loss * 2.0)"), "must run in Python", 12),
    # What is printed is bound anew behind it.
    "what is printed changes": (with_middle("print(float(loss))\n    loss = loss * 2.0"), "must run in Python", 12),
    # What is appended to is read behind it.
    "a list that is read later": (
        with_middle("losses.append(float(loss))\n    count = len(losses)").replace("data =", "losses = []\ndata ="),
        "must run in Python",
        13,
    ),
    # Two of these would have to change their order.
    "a value that decides what is computed": (
        with_middle("if float(loss) > 3.0:\n        loss = loss * 0.5"),
        "`float(loss)`",
        12,
    ),
    "break": (with_middle("if loss is None:\n        break"), "`break` inside it", 13),
    "continue": (with_middle("if loss is None:\n        continue"), "`continue` inside it", 13),
    "return": (
        "import tensorflow as tf\n\n\ndef train(w, optimizer, data):\n"
        + "".join("    " + line + "\n" for line in STEP.strip().splitlines()).replace(
            "        optimizer", "        if loss is None:\n            return 1\n        optimizer"
        ),
        "`return` inside it",
        9,
    ),
    "yield": (
        "import tensorflow as tf\n\n\ndef train(w, optimizer, data):\n"
        + "".join("    " + line + "\n" for line in STEP.strip().splitlines()).replace(
            "        optimizer", "        yield loss\n        optimizer"
        ),
        "contains a `yield`",
        8,
    ),
    # The function would not see what the step binds.
    "a global that another function reads": (
        HEAD
        + "\n\ndef scaled():\n    return tf.square(factor)\n\n"
        + STEP.replace("loss = tf", "factor = x\n        loss = scaled() * tf"),
        "factor, which another function reads",
        10,
    ),
    "nonlocal": (
        "import tensorflow as tf\n\n\ndef outer(w, optimizer, data):\n    loss = None\n\n"
        "    def train():\n        nonlocal loss\n"
        + "".join("        " + line + "\n" for line in STEP.strip().splitlines())
        + "\n    train()\n    return loss\n",
        "rebinds loss",
        10,
    ),
    "global": (
        HEAD.replace("data =", "loss = None\ndata =")
        + "\n\ndef train():\n    global loss\n"
        + "".join("    " + line + "\n" for line in STEP.strip().splitlines())
        + "\n\ntrain()\nprint(loss)\n",
        "rebinds loss",
        14,
    ),
    # Bound in some rounds only: a function would have nothing to give back.
    "a name that is bound sometimes": (
        HEAD + STEP.replace("    optimizer", "    if x > 1.5:\n        extra = loss\n    optimizer") + "print(extra)\n",
        "extra may be unbound",
        10,
    ),
    # The next round would fail before its tape is opened, and not within.
    "a name that a round deletes": (
        HEAD.replace("data =", "a = 0.5\ndata =")
        + STEP.replace("        loss =", "        a = a\n        loss =")
        + "    if float(loss) > 9.0:\n        del a\n",
        "a may be unbound",
        11,
    ),
    # What is printed before the error would not be printed any more.
    "a name that is never bound": (with_middle("print(float(loss))\n    y = loss * a"), "a may be unbound", 10),
    # Behind the error the handler sees what was bound until then.
    "an enclosing exception handler": (
        HEAD
        + "\ntry:\n"
        + "".join("    " + line + "\n" for line in STEP.strip().splitlines())
        + "except ValueError:\n    print(loss)\n",
        "binds loss, which an enclosing exception handler reads",
        11,
    ),
    "a tape that is used later": (HEAD + STEP + "    print(tape)\n", "tape is read later", 10),
    "a function that is used later": (
        HEAD
        + STEP.replace("    optimizer", "    def show():\n        return 1\n\n    optimizer")
        + "    print(show())\n",
        "the function show",
        10,
    ),
    "all names are read": (
        "import tensorflow as tf\n\n\ndef train(w, optimizer, data):\n"
        + "".join("    " + line + "\n" for line in STEP.strip().splitlines())
        + "        print(sorted(locals()))\n",
        "`locals()` reads all names",
        9,
    ),
    # It would be traced for each number.
    "the number of the round": (
        HEAD + STEP.replace("for x in data", "for number, x in enumerate(data)").replace("w * x", "w * x * number"),
        "number is a Python number",
        11,
    ),
    "what is deleted was bound outside": (with_middle("del x"), "it deletes x", 10),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, (_, words, _) in LEFT.items() if words])
def test_what_would_not_be_the_same_is_left_with_its_reason(name, tmp_path):
    source, words, line = LEFT[name]
    compile(source, name, "exec")
    (step,) = steps_of(tmp_path, source)
    assert step.region is None
    assert step.proposal is Action.NONE
    assert step.blocker is not None
    assert words in step.blocker.message
    assert (step.blocker.code, step.blocker.line) == ("HYB511", line)


def edits(tmp_path: Path, source: str | bytes, action: Action = Action.EXTRACT) -> list[Edit]:
    return [Edit(f.id, f.file, f.line, f.qualname, action, region=f.region) for f in steps_of(tmp_path, source)]


@pytest.mark.slow
def test_a_function_can_be_decorated_in_the_same_edit(tmp_path):
    source = HEAD + STEP
    (edited,), refused = edit_project(tmp_path, edits(tmp_path, source, Action.HYBRIDIZE))
    assert refused == {}
    assert b"\n\n\n@tf.function\ndef train_step(x):\n    with" in edited.after
    (candidate,) = edited.def_lines
    assert edited.after.splitlines()[edited.def_lines[candidate] - 1] == b"def train_step(x):"
    assert edited.outlined == {}


@pytest.mark.slow
def test_other_edits_of_the_file_find_their_lines(tmp_path):
    source = HEAD + STEP + "\n\ndef show(x):\n    return tf.square(x)\n"
    lifted = edits(tmp_path, source)
    line = source.splitlines().index("def show(x):") + 1
    (edited,), refused = edit_project(tmp_path, [*lifted, Edit("train:show", "train.py", line, "show")])
    assert refused == {}
    assert b"@tf.function\ndef show" in edited.after and b"\ndef train_step" in edited.after
    assert edited.after.splitlines()[edited.def_lines["train:show"] - 1] == b"def show(x):"
    assert edited.after.splitlines()[edited.outlined[lifted[0].candidate] - 1] == b"def train_step(x):"
    assert line_in([edited], "train:other", "train.py", line) == edited.def_lines["train:show"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "last"),
    [
        ("y = tf.tanh(z)", "return tf.tanh(z)"),
        ("y=tf.tanh(z)  # in the end", "return tf.tanh(z)  # in the end"),
        ("y = tf.tanh(\n        z\n    )", ")"),
        ("y = (tf.tanh(z))", "return y"),
        ("y = tf.tanh(z); u = tf.square(y)", "return y, u"),
        ("y = tf.tanh(z); y = tf.square(y)", "return y"),
        ("y = u = tf.tanh(z)", "return y, u"),
        ("y, u = tf.tanh(z), tf.square(z)", "return y, u"),
        ("y = tf.tanh(z)\n    y += 1.0", "return y"),
        ("y = tf.tanh(z)\n    y = sum(y * k for k in (1.0, 2.0))", "return y"),
    ],
)
def test_what_is_bound_last_is_returned_where_that_is_the_only_result(line, last, tmp_path):
    text = f"{HEAD}for x in data:\n    z = tf.square(tf.tanh(w * x) + tf.square(w))\n    {line}\n"
    edited, refused = outlined(tmp_path, f"{text}    print(float(y){', float(u)' if 'u' in line else ''})\n")
    assert refused == {}
    after = edited.after.decode()
    function = after[after.index("def ") : after.index("\n\n\nfor x")]
    assert function.splitlines()[-1].strip() == last
    assert run(after).printed == run(text + f"    print(float(y){', float(u)' if 'u' in line else ''})\n").printed


@pytest.mark.slow
@pytest.mark.parametrize("name", PAIRS)
def test_each_line_is_found_where_it_went_and_back(name):
    before, after = PAIRS[name]
    steps, edited, _ = outlined_pair(name)
    assert edited is not None
    given = [pair for each in steps if each.region for pair in each.region.replaced]
    calls = [
        (f"{callee_of(each.region)}({', '.join(arguments_of(each.region))})", each.region.expression)
        for each in steps
        if each.region and each.region.expression
    ]

    def shown(line: str) -> str:
        for call, expression in calls:
            line = line.replace(call, expression)
        for name, source in given:
            # A name needs no parentheses where an operator does.
            line = line.replace(f"({source})" if " " in source else source, name)
        return line.strip()

    old, new = before.splitlines(), after.splitlines()
    assert len(edited.line_map) == len(old)
    for number, line in enumerate(old, 1):
        if line.strip():
            there = edited.line_map[number - 1]
            name, returned, value = shown(new[there - 1]).partition("return ")
            if returned and not shown(line).startswith("return"):
                # What is bound last is returned.
                assert shown(line) in {f"{each} = {value}" for step in steps for each in step.region.results}
            else:
                assert name + returned + value == shown(line)
            assert line_before(edited.line_map, there) == number


@pytest.mark.slow
def test_line_ends_encoding_and_byte_order_mark_stay(tmp_path):
    source = (
        ("# coding: latin-1\n" + HEAD + STEP + "    print('h\u00e9', float(loss))")
        .replace("\n", "\r\n")
        .encode("latin-1")
    )
    edited, refused = outlined(tmp_path, source)
    assert refused == {} and edited is not None
    assert b"\n" not in edited.after.replace(b"\r\n", b"")
    assert "h\u00e9".encode("latin-1") in edited.after
    assert not edited.after.endswith(b"\n")
    marked, _ = outlined(tmp_path, b"\xef\xbb\xbf" + (HEAD + STEP).encode())
    assert marked is not None and marked.after.startswith(b"\xef\xbb\xbfimport time")


def test_a_last_line_without_an_end_stays_one(tmp_path):
    edited, _ = outlined(tmp_path, (HEAD + STEP).rstrip("\n"))
    assert edited is not None
    assert edited.after.endswith(b"\n    train_step(x)")


# No tape, and no function is made: the comments say why.
NO_PASS = {
    # It would be called once.
    "no loop": "y = tf.square(tf.tanh(w * 2.0) + tf.square(w))\nprint(float(y))\n",
    # A call costs more than so little.
    "too little": "for x in data:\n    y = tf.square(w * x)\n    print(float(y))\n",
    # The work is that of a function, which can be a graph by itself.
    "a function's call": (
        "def scaled(x):\n    return tf.square(tf.tanh(w * x) + tf.square(w) * x)\n\n\n"
        "for x in data:\n    y = scaled(x)\n    print(float(y))\n"
    ),
    # It would be traced in each round.
    "the number of the round": (
        "for n, x in enumerate(data):\n    y = tf.square(tf.tanh(w * x) * n + tf.square(w) * n)\n    print(float(y))\n"
    ),
    # A graph has no values for Python.
    "a value in the middle of an expression": (
        "for x in data:\n    y = float(tf.square(tf.tanh(w * x) + tf.square(w) * x))\n    print(y)\n"
    ),
    # A graph is given a tensor, and `tf.constant` takes none; what it makes is not always the same.
    "a constant that is not always made": (
        "for x in data:\n    y = tf.square(tf.tanh(w * (tf.constant(x) if x else w)) + tf.square(w))\n"
        "    print(float(y))\n"
    ),
    # A model is built, once.
    "layers that are made": (
        "y = tf.keras.Input((4,))\nfor units in (3, 2):\n    y = tf.keras.layers.Dense(units)(y)\n"
        "    print(units)\n    y = tf.keras.layers.Activation('relu')(y)\n"
    ),
    # NumPy would see a graph's tensor.
    "an array's work": (
        "import numpy as np\nfor x in data:\n"
        "    y = np.square(tf.tanh(w * x) + tf.square(w) * x)\n    print(float(y))\n"
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NO_PASS)
def test_work_without_a_tape_is_left_where_a_function_would_not_pay_or_not_be_the_same(name, tmp_path):
    source = HEAD + NO_PASS[name]
    compile(source, name, "exec")
    assert steps_of(tmp_path, source) == []


ON_THE_TAPE = """import tensorflow as tf


class Policy(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.data = []
        self.fc = tf.keras.layers.Dense(2)
        self.optimizer = tf.keras.optimizers.Adam()

    def call(self, x):
        return tf.nn.softmax(self.fc(x))

    def train_net(self, tape):
        total = 0
        for reward, log_prob in self.data:
            total = reward + 0.9 * total
            loss = -log_prob * total
            with tape.stop_recording():
                gradients = tape.gradient(loss, self.trainable_variables)
                self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        self.data = []


policy = Policy()
for epoch in range(3):
    with tf.GradientTape(persistent=True) as tape:
        for step in range(3):
            prob = policy(tf.ones((1, 4)))
            action = int(tf.argmax(prob[0]))
            policy.data.append((1.0, tf.math.log(prob[0][action])))
        policy.train_net(tape)
"""


@pytest.mark.slow
def test_gradients_of_what_a_tape_outside_has_recorded_are_left(tmp_path):
    # A function's graph has tensors of its own, and the tape knows none of these.
    assert [step.id for step in steps_of(tmp_path, ON_THE_TAPE)] == ["train:<module>@27-32"]


# What the function is given is not the same as what the statements read, or the edit would not be only that.
GIVEN = """import tensorflow as tf


class Agent:
    def __init__(self):
        self.w = tf.Variable(2.0)
        self.optimizer = tf.keras.optimizers.SGD(0.01)
        self.beta, self.rate, self.losses = 0.5, 0.1, []

    def learn(self, x):
        with tf.GradientTape() as tape:
            loss = tf.square(self.w * x) * self.beta
        self.optimizer.apply_gradients([(tape.gradient(loss, self.w), self.w)])
        self.losses.append(float(loss))
        self.beta *= 0.5


agent = Agent()
for x in (1.0, 2.0):
    agent.learn(x)
"""
MISGIVEN = {
    "the name stands for something else": (" * self.beta", " * self.beta * (lambda beta: self.beta)(2.0)", None),
    "the name is bound": (" * self.beta", " * self.beta\n            beta = self.beta", None),
    "the attribute is assigned": (" * self.beta", " * self.beta\n            self.beta = 0.25", None),
    "the receiver is bound": (" * self.beta", " * self.beta\n            self = self", None),
    "no attribute": ("", "", (("beta", "self.beta or 0.0"),)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", MISGIVEN)
def test_what_is_given_is_checked_by_putting_it_back(name, tmp_path):
    old, new, given = MISGIVEN[name]
    (edit,) = edits(tmp_path, GIVEN)
    assert edit.region is not None and edit.region.given == (("beta", "self.beta"),)
    assert edit_project(tmp_path, [edit])[1] == {}
    (tmp_path / "train.py").write_text(GIVEN.replace(old, new) if old else GIVEN)
    added = new.count("\n")
    region = replace(edit.region, last=edit.region.last + added, given=given or edit.region.given)
    files, skips = edit_project(tmp_path, [replace(edit, region=region)])
    assert files == () and "would change more than it should" in skips[edit.candidate].message


# A region is data: one that does not fit the file, as it would be after a fault of the analysis, makes no edit.
UNFIT = {
    "a parameter is missing": {"parameters": ()},
    "the lines end in the middle of a statement": {"last": 10},
    "the lines begin in the middle of a statement": {"first": 11},
    "the name is taken": {"name": "w"},
    "what is moved is no statement": {"moved": ((11, 12),)},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", UNFIT)
def test_an_edit_that_does_not_verify_is_not_made(name, tmp_path):
    (edit,) = edits(
        tmp_path, HEAD + STEP.replace("x in", "x in").replace("square(w * x)", "square(\n            w * x)")
    )
    assert edit.region is not None
    wrong = replace(edit, region=replace(edit.region, **UNFIT[name]))
    files, refused = edit_project(tmp_path, [wrong])
    if name == "a parameter is missing":
        # It is a well-formed refactoring, and would not run: that is the analysis' part, and the proof's.
        assert files and not refused
    else:
        assert files == ()
        assert list(refused) == [edit.candidate]


@pytest.mark.slow
def test_statements_that_share_a_line_are_left(tmp_path):
    source = HEAD + STEP.replace("    optimizer.apply", "    y = x; optimizer.apply")
    edited, refused = outlined(tmp_path, source)
    assert edited is None or ast.parse(edited.after)
    assert all(isinstance(each, Reason) for each in refused.values())


# Generated loops: whatever they bind, read, print and delete, the outlined program does the same.

NAMES = ("a", "b", "c", "d")
ATOMS = st.sampled_from([*NAMES, "x", "w", "1.5"])
EXPRESSIONS = st.one_of(
    ATOMS,
    st.builds("{} * {}".format, ATOMS, ATOMS),
    st.builds("tf.square({})".format, ATOMS),
    st.builds("(a := {})".format, ATOMS),
    st.builds("sum([{} for b in (1.0, 2.0)])".format, ATOMS),
    st.builds("(lambda c: {})(2.0)".format, ATOMS),
)
TARGETS = st.sampled_from(NAMES)
SIMPLE = st.one_of(
    st.builds("{} = {}".format, TARGETS, EXPRESSIONS),
    st.builds("{} = tf.square({})".format, TARGETS, ATOMS),
    st.builds("{} += {}".format, TARGETS, ATOMS),
    st.builds("{}, {} = {}, {}".format, TARGETS, TARGETS, ATOMS, ATOMS),
    st.builds("print('{0}', float({0}))".format, TARGETS),
    st.builds("log.append(float({}))".format, TARGETS),
    st.builds("{} = float({})".format, TARGETS, ATOMS),
    st.builds("{} = tf.square({}) * np.float64(x)".format, TARGETS, ATOMS),
    st.builds("{} = np.float64({}) + np.random.normal()".format, TARGETS, ATOMS),
    st.builds("{} = {} * np.random.normal(scale=0.5)".format, TARGETS, ATOMS),
    st.builds("del {}".format, TARGETS),
)
BLOCKS = st.one_of(
    SIMPLE.map(lambda line: [line]),
    st.builds(lambda a, b, c: [f"if float({a}) > 1.2:", f"    {b}", "else:", f"    {c}"], ATOMS, SIMPLE, SIMPLE),
    st.builds(lambda a, b: [f"if round > {a}:", f"    {b}"], st.integers(0, 2), SIMPLE),
    st.builds(lambda a, b: [f"for {a} in (0.5, 1.5):", f"    {b}"], TARGETS, SIMPLE),
    st.builds(lambda a, b: ["try:", f"    {a}", "except NameError:", f"    {b}"], SIMPLE, SIMPLE),
)
MANY = st.lists(BLOCKS, max_size=3).map(lambda blocks: [line for block in blocks for line in block])


@st.composite
def programs(draw: st.DrawFn) -> str:
    """A loop around a training step, in a module, a function or a method, with whatever else around and in it."""
    bound = draw(st.sets(TARGETS))
    tape = [*draw(MANY), f"loss = tf.square(w * {draw(ATOMS)})", *draw(MANY)]
    body = [
        *draw(MANY),
        "with tf.GradientTape() as tape:",
        *(f"    {line}" for line in tape),
        *draw(MANY),
        "optimizer.apply_gradients([(tape.gradient(loss, w), w)])",
        *draw(MANY),
    ]
    if draw(st.booleans()):
        # Without a tape: a validation.
        body = [*draw(MANY), *tape, *draw(MANY), f"loss = tf.tanh(loss * {draw(ATOMS)} - tf.square(w))", *draw(MANY)]
    loop = [
        *(f"{name} = 0.5" for name in sorted(bound)),
        "for round, x in enumerate([1.0, 2.0, 3.0]):",
        *(f"    {line}" for line in body),
        *draw(MANY),
        "print(log, float(loss))",
    ]
    setup = ["w = tf.Variable(2.0)", "optimizer = tf.keras.optimizers.SGD(0.01)", "log = []", "round = 0"]
    place = draw(st.sampled_from(["module", "function", "method"]))
    head = ["import numpy as np", "import tensorflow as tf", ""]
    if place == "module":
        lines = [*setup, "x = 1.0", *loop]
    elif place == "function":
        lines = ["def train():", *(f"    {line}" for line in [*setup, "x = 1.0", *loop]), "", "train()"]
    else:
        inner = [line.replace("optimizer.apply", "self.optimizer.apply") for line in loop]
        lines = ["class Trainer:", "    def train(self):"]
        setup[1] = "self.optimizer = tf.keras.optimizers.SGD(0.01)"
        lines += [*(f"        {line}" for line in [*setup, "x = 1.0", *inner]), "", "Trainer().train()"]
    return "\n".join([*head, *lines]) + "\n"


FAILS_IN_WHAT_IS_MOVED_AHEAD = """import numpy as np
import tensorflow as tf

def train():
    w = tf.Variable(2.0)
    optimizer = tf.keras.optimizers.SGD(0.01)
    for x in (1.0, 2.0):
        with tf.GradientTape() as tape:
            loss = tf.square(w * x)
        scale = np.float64(unknown) + np.random.normal()
        optimizer.apply_gradients([(tape.gradient(loss, w) * scale, w)])

train()
"""

SCALES_A_NUMBER_BY_WHAT_IS_MOVED_AHEAD = """import numpy as np
import tensorflow as tf

w = tf.Variable(2.0)
optimizer = tf.keras.optimizers.SGD(0.01)
a = 0.5
for x in (1.0, 2.0):
    with tf.GradientTape() as tape:
        loss = tf.square(w * a)
    a = a * np.random.normal(scale=0.5)
    optimizer.apply_gradients([(tape.gradient(loss, w), w)])
print(float(loss))
"""

#: A print after the error must not come before it, nor one before it be lost.
READS_WHAT_IT_DELETED = """import tensorflow as tf

w = tf.Variable(2.0)
optimizer = tf.keras.optimizers.SGD(0.01)
b = 0.5
for x in (1.0, 2.0):
    with tf.GradientTape() as tape:
        b = tf.square(x)
        del b
        print('b', float({}))
        loss = tf.square(w * {})
    optimizer.apply_gradients([(tape.gradient(loss, w), w)])
print(float(loss))
"""


@pytest.mark.slow
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(programs())
@example(FAILS_IN_WHAT_IS_MOVED_AHEAD)
@example(SCALES_A_NUMBER_BY_WHAT_IS_MOVED_AHEAD)
@example(READS_WHAT_IT_DELETED.format("b", "x"))
@example(READS_WHAT_IT_DELETED.format("x", "b"))
def test_a_generated_program_computes_what_it_did(tmp_path, source):
    steps = steps_of(tmp_path, source)
    edited, refused = moved(tmp_path, steps)
    assert refused == {}
    if edited is None:
        return
    original, other = run(source), run(edited.after)
    regions = [each.region for each in steps if each.region]
    if any(each.ahead or any("(" in passed for _, passed in each.given) for each in regions):
        updates, between = by_update(original.operations)
        others, others_between = by_update(other.operations)
        assert others == updates
        if original.ended:
            # Of a step that fails, less ran where what fails was moved ahead.
            del between[-1], others_between[-1]
        for each, instead in zip(between, others_between, strict=True):
            assert each <= instead
            # Python's arithmetic on a number is TensorFlow's on a tensor, which is what the step receives of NumPy's.
            assert all(surplus.startswith(("add ", "mul ")) for surplus in instead - each)
    else:
        assert other.operations == original.operations
    assert other.printed == original.printed
    assert kind(other.ended) == kind(original.ended)


def kind(ended: str) -> str:
    """How a program ended: a name that is not bound is one, whatever scope it is wanting in."""
    return "NameError" if "NameError" in ended or "UnboundLocalError" in ended else ended
