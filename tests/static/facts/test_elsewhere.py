"""What the other modules of a project do with an attribute's name: whatever may change or intercept it is known."""

from __future__ import annotations

import pytest
from laying import calls_of

from hybridize.static.facts.elsewhere import Elsewhere, Mentions


def elsewhere(other: str, own: str = "class Agent:\n    beta = 1\n", **more: str) -> Elsewhere:
    """What is known of all but ``train.py``, of which the other module is ``other.py``."""
    files = {"train.py": own, "other.py": other, **{f"{name}.py": text for name, text in more.items()}}
    program = calls_of(files).program
    return Elsewhere(Mentions(program), program.modules["train"])


@pytest.mark.parametrize(
    "text",
    [
        "def f(agent):\n    agent.beta = 2",
        "def f(agent):\n    agent.beta += 1",
        "def f(agent):\n    del agent.beta",
        "def f(agent, x):\n    agent.beta, x = 1, 2",
        "def f(agent, data):\n    for agent.beta in data: pass",
        "def f(agent, x):\n    with x as agent.beta: pass",
        "def f(agent):\n    agent.inner.beta = 2",
        "def f(agent):\n    setattr(agent, 'beta', 2)",
        "class B:\n    beta = 2",
        "class B:\n    beta: float = 2",
        "class B:\n    def beta(self): return 2",
        "class B:\n    @property\n    def beta(self): return 2",
        "import train\ntrain.Agent.beta = 2",
        "from train import Agent\nAgent.beta = 2",
        # Any name
        "def f(agent, name):\n    setattr(agent, name, 2)",
        "def f(agent):\n    agent.__dict__['beta'] = 2",
        "def f(agent):\n    agent.__dict__.update(beta=2)",
        "def f(agent, name):\n    object.__setattr__(agent, name, 2)",
    ],
)
def test_a_module_that_may_assign_an_attribute_binds_it(text: str) -> None:
    assert elsewhere(text).binds("beta")


@pytest.mark.parametrize(
    "text",
    [
        "def f(agent):\n    return agent.beta",
        "def f(agent):\n    agent.gamma = 2",
        "beta = 2",
        "def beta(): return 2",
        "def f(beta):\n    beta += 1",
        "def f(agent):\n    setattr(agent, 'gamma', 2)",
        "def f(agent):\n    return agent.__class__",
    ],
)
def test_one_that_reads_it_or_has_a_variable_of_that_name_does_not(text: str) -> None:
    assert not elsewhere(text).binds("beta")


def test_what_the_module_itself_assigns_is_not_elsewhere() -> None:
    own = "class Agent:\n    def f(self, name):\n        self.beta = 1\n        setattr(self, name, 1)\n"
    assert not elsewhere("x = 1", own).binds("beta")
    assert elsewhere("x = 1", own, third="def f(agent):\n    agent.beta = 2\n").binds("beta")


GETATTR = "    def __getattr__(self, name): return 1\n"
INTERCEPTING = f"class Base:\n{GETATTR}class Apart:\n{GETATTR}"
OWN = "from other import Base\nclass Middle(Base): pass\nclass Agent(Middle): pass\nclass Alone: pass\n"


def test_a_base_of_another_module_intercepts_for_the_classes_below_it() -> None:
    found = elsewhere(INTERCEPTING, OWN)
    assert found.intercepts("Agent", ["__getattr__"])
    assert found.intercepts("Middle", {"__setattr__", "__getattr__"})
    assert not found.intercepts("Alone", ["__getattr__"])
    assert not found.intercepts("Agent", ["__setattr__"])


def test_where_the_class_is_not_known_any_class_may_intercept() -> None:
    assert elsewhere(INTERCEPTING, OWN).intercepts(None, ["__getattr__"])
    assert not elsewhere("class Base: pass", OWN).intercepts(None, ["__getattr__"])


def test_a_base_of_the_module_itself_is_not_elsewhere() -> None:
    assert not elsewhere("x = 1", INTERCEPTING).intercepts(None, ["__getattr__"])


MENTIONS = """
from third import inner as renamed

def helped(agent):
    agent.advance()
    renamed()

class Worker:
    def work(self, agent):
        return agent.lower
"""


def test_what_a_module_mentions_may_be_called_by_the_functions_that_it_defines() -> None:
    found = elsewhere(MENTIONS, third="def inner(): pass\ndef apart(agent):\n    agent.raised()\n")
    for name in ("helped", "Worker", "work"):
        assert found.mentioned_beside(name) >= {"advance", "lower", "inner"}
        assert "raised" not in found.mentioned_beside(name)
    assert found.mentioned_beside("apart") >= {"raised"}
    assert found.mentioned_beside("nobody") == frozenset()


def test_what_the_module_itself_defines_is_not_mentioned_beside_it() -> None:
    assert elsewhere("x = 1", "def f(agent):\n    agent.advance()\n").mentioned_beside("f") == frozenset()
