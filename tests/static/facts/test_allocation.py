"""Whether a function is given one object that owns variables, or another one later."""

from __future__ import annotations

import textwrap

import pytest
from findings import codes_of
from random_programs import solved

from hybridize.records import Action, AssumptionKind
from hybridize.static.facts.allocation import Allocations

MODEL = """
def build():
    return tf.keras.Sequential([tf.keras.layers.Dense(1)])

class Net(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = tf.keras.layers.Dense(1)

    def call(self, x):
        return self.dense(x)

class Holder:
    def __init__(self, model):
        self.model = model

def step(model, x):
    return tf.reduce_sum(model(x))

x = tf.ones([2, 2])
"""

RENEWED = {
    "made in a loop": """
        for fold in range(3):
            model = build()
            step(model, x)
        """,
    "made in a function that a loop calls": """
        def fold():
            model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
            for _ in range(3):
                step(model, x)
        for _ in range(3):
            fold()
        """,
    "made two calls below a loop": """
        def fold():
            net = Net()
            step(net, x)
        def repeat():
            fold()
        while True:
            repeat()
        """,
    "made in a loop of main": """
        def main():
            for lr in (0.1, 0.2):
                step(build(), x)
        main()
        """,
    "made in one loop, used in the next": """
        models = []
        for _ in range(3):
            models.append(build())
        for model in models:
            step(model, x)
        """,
    "made in a comprehension": """
        for model in [build() for _ in range(3)]:
            step(model, x)
        """,
    "given to a holder in a loop": """
        def step(holder, x):
            return tf.reduce_sum(holder.model(x))
        for _ in range(3):
            holder = Holder(build())
            step(holder, x)
        """,
    "an attribute of what is made in a loop": """
        for _ in range(3):
            holder = Holder(build())
            step(holder.model, x)
        """,
    "in a tuple": """
        def step(parts, x):
            model, scale = parts
            return tf.reduce_sum(model(x)) * scale
        for _ in range(3):
            model = build()
            step((model, 2.0), x)
        """,
    "by keyword": """
        for _ in range(3):
            step(x=x, model=build())
        """,
    "kept in a dictionary": """
        state = {}
        for _ in range(3):
            state["model"] = build()
            step(state["model"], x)
        """,
    "a global that a loop binds anew": """
        def reset():
            global net
            net = Net()
        def run():
            step(net, x)
        for _ in range(3):
            reset()
            run()
        """,
    "two after each other": """
        first, second = build(), build()
        step(first, x)
        step(second, x)
        """,
    "two under one condition": """
        if __name__ == "__main__":
            step(build(), x)
            step(Net(), x)
        """,
    "a function called twice": """
        def fold(rate):
            model = build()
            step(model, x * rate)
        fold(0.1)
        fold(0.2)
        """,
    "a method that another method gives what it has made": """
        class Trainer:
            def step(self, model, x):
                return tf.reduce_sum(model(x))
            def fold(self):
                model = build()
                self.step(model, x)
            def run(self):
                for _ in range(3):
                    self.fold()
        Trainer().run()
        """,
    "from a class method": """
        class Factory:
            @classmethod
            def make(cls):
                return Net()
        for _ in range(3):
            step(Factory.make(), x)
        """,
    "after a condition of each round": """
        for fold in range(3):
            if fold > 0:
                print(fold)
            model = build()
            step(model, x)
        """,
    "in a loop under a switch": """
        folds = 3
        if folds:
            for _ in range(folds):
                step(build(), x)
        """,
}

KEPT = {
    "made once": """
        model = build()
        for _ in range(3):
            step(model, x)
        """,
    "made in main": """
        def main():
            model = build()
            for _ in range(3):
                step(model, x)
        main()
        """,
    "made in a main that nobody is seen to call": """
        def main():
            model = build()
            for _ in range(3):
                step(model, x)
        """,
    "one of two, by configuration": """
        import sys
        if sys.argv[1:]:
            model = build()
        else:
            model = Net()
        for _ in range(3):
            step(model, x)
        """,
    "one of two calls, by configuration": """
        import sys
        if sys.argv[1:]:
            step(build(), x)
        else:
            step(Net(), x)
        """,
    "a builder that is called for another thing too": """
        teacher, student = build(), build()
        for _ in range(3):
            step(student, x)
        """,
    "made when it is asked for first": """
        model = None
        for _ in range(3):
            if model is None:
                model = build()
            step(model, x)
        """,
    "held by an object that is made once": """
        holder = Holder(build())
        for _ in range(3):
            step(holder.model, x)
        """,
    "its own of each instance": """
        class Trainer:
            def __init__(self):
                self.model = build()
            def step(self, model, x):
                return tf.reduce_sum(model(x))
            def run(self):
                for _ in range(3):
                    self.step(self.model, x)
        for _ in range(3):
            trainer = Trainer()
            trainer.run()
        """,
    "made by a method of an object that is made with it": """
        class Trainer:
            def step(self, model, x):
                return tf.reduce_sum(model(x))
            def run(self):
                model = build()
                for _ in range(3):
                    self.step(model, x)
        def fold():
            Trainer().run()
        for _ in range(3):
            fold()
        """,
    "a function object for each": """
        def fold():
            model = build()
            def step(model, x):
                return tf.reduce_sum(model(x))
            for _ in range(3):
                step(model, x)
        for _ in range(3):
            fold()
        """,
    "a function that the loop defines": """
        for _ in range(3):
            def step(model, x):
                return tf.reduce_sum(model(x))
            model = build()
            step(model, x)
        """,
    "a named tuple": """
        import collections
        Batch = collections.namedtuple("Batch", "x y")
        def step(batch, x):
            return tf.reduce_sum(batch.x)
        for _ in range(3):
            step(Batch(x, x), x)
        """,
    "a configuration": """
        class Config:
            def __init__(self, rate):
                self.rate = rate
        def step(config, x):
            return tf.reduce_sum(x) * config.rate
        for rate in (0.1, 0.2):
            step(Config(rate), x)
        """,
    "tensors and arrays": """
        def step(model, x):
            return tf.reduce_sum(model * x)
        for _ in range(3):
            step(tf.ones([2]), np.ones([2]))
        """,
    "a list of layers that are all used": """
        def step(layers, x):
            for layer in layers:
                x = layer(x)
            return tf.reduce_sum(x)
        layers = [tf.keras.layers.Dense(2) for _ in range(3)]
        for _ in range(3):
            step(layers, x)
        """,
    "a variable": """
        def step(v, x):
            return tf.reduce_sum(v * x)
        for _ in range(3):
            step(tf.Variable(1.0), x)
        """,
}


@pytest.mark.slow
@pytest.mark.parametrize("program", RENEWED.values(), ids=RENEWED)
def test_another_object_later_is_a_doubt(script, program):
    function = renewed(script, program)
    assert "HYB306" in codes_of(function)
    assert function.proposal is Action.HYBRIDIZE
    kinds = {each.subject for each in function.assumptions if each.kind is AssumptionKind.SAME_OBJECT}
    assert kinds == {function.parameters[0].name}


@pytest.mark.slow
@pytest.mark.parametrize("program", KEPT.values(), ids=KEPT)
def test_one_object_is_none(script, program):
    function = renewed(script, program)
    assert "HYB306" not in codes_of(function)
    assert not [each for each in function.assumptions if each.kind is AssumptionKind.SAME_OBJECT]


def renewed(script, program):
    project = script(MODEL + textwrap.dedent(program))
    functions = project.scan().functions
    return [each for each in functions if each.qualname.split(".")[-1].split("#")[0] == "step"][-1]


def test_the_statement_names_the_parameter_and_where_another_object_is_made(script):
    function = renewed(script, "for _ in range(3):\n    model = build()\n    step(model, x)\n")
    (assumption,) = [each for each in function.assumptions if each.kind is AssumptionKind.SAME_OBJECT]
    assert assumption.statement.startswith("`model` is always the same object")
    assert "train.py:24" in assumption.statement


class Counted(list):  # type: ignore[type-arg]
    """Successors that count how often they are gone through."""

    steps = 0

    def __iter__(self):
        Counted.steps += 1
        return super().__iter__()


@pytest.mark.parametrize("made", [4, 40])
def test_the_ways_of_a_classs_objects_are_gone_once_however_many_are_made(tmp_path, made, monkeypatch):
    """All of them pass through the same functions: each node on the way is left once, not once for each object."""
    passing = "".join(f"def f{n}(x):\n    return f{n + 1}(x)\n" for n in range(30))
    text = f"class Net:\n    pass\n{passing}def f30(x):\n    return x\n" + "f0(Net())\n" * made
    program = solved(tmp_path, text)
    nodes = [node for code in program.functions for node in (code.returns, *(each.node for each in code.parameters))]
    nodes += [node for code in program.functions for call in code.calls for node in (call.result, *call.arguments)]
    for node in dict.fromkeys(nodes):
        node.successors = Counted(node.successors or ())
    monkeypatch.setattr(Counted, "steps", 0)
    Allocations(program)
    assert 60 < Counted.steps <= len(dict.fromkeys(nodes))
