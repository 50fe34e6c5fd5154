"""HYB302."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View, name_of
from ..ir.code import FunctionCode
from .rule import FIRST, Example, Group, Move, Polarity, Rule

_PYTHON = frozenset(
    {
        "__init__",
        "__new__",
        "__del__",
        "__len__",
        "__repr__",
        "__str__",
        "__hash__",
        "__bool__",
        "__iter__",
        "__next__",
        "__enter__",
        "__exit__",
        "__getattr__",
        "__getattribute__",
        "__setattr__",
        "__delattr__",
        "__contains__",
        "__init_subclass__",
        "__post_init__",
        "__getstate__",
        "__setstate__",
        "__reduce__",
        "__format__",
        "__index__",
        "__int__",
        "__float__",
        "__copy__",
        "__deepcopy__",
        "__set_name__",
        "__class_getitem__",
        "__dir__",
        "__sizeof__",
        "__eq__",
    }
)
_KERAS = frozenset(
    {
        "build",
        "add_weight",
        "get_config",
        "get_initial_state",
        "from_config",
        "compute_output_shape",
        "compute_output_spec",
        "compute_mask",
        "count_params",
        "get_build_config",
        "build_from_config",
        "save_own_variables",
        "load_own_variables",
        "compile",
        "fit",
        "fit_generator",
        "load_weights",
        "save",
        "save_weights",
        "summary",
        "reset_state",
        "reset_states",
        "get_weights",
        "set_weights",
    }
)
_STEPS = frozenset({"train_step", "test_step", "predict_step"})
_CALLBACKS = ("on_epoch_", "on_train_", "on_test_", "on_predict_", "on_batch_")


class KerasOwned(Rule):
    """
    ## What it does

    Finds functions that Python or Keras calls itself: constructors and other special methods, `build`,
    `get_config`, `get_initial_state`, `compute_output_shape`, callbacks, the steps that `fit` traces, and a model's
    own `fit` and `save`.

    ## Why it matters

    `__init__` must return None and creates variables. `build` runs once. Keras calls `get_config` when it saves a
    model. `fit` already traces `train_step`, unless `run_eagerly=True` is set. None of these functions gains from
    being a `tf.function`, and most of them break.

    ## What to do

    Nothing. The work is in `call`, or in your own step. If a step runs eagerly because of `run_eagerly=True`,
    remove that setting.
    """

    code = "HYB302"
    title = "is called by Python or Keras itself"
    group = Group.KERAS
    rank = FIRST
    polarity = Polarity.REFUSES
    move = Move.FUNDAMENTAL
    assumption = AssumptionKind.TRACEABLE
    INVALID = (
        Example(
            """
            import tensorflow as tf

            class Scale(tf.keras.layers.Layer):
                def build(self, shape):
                    self.w = self.add_weight(shape=shape[-1:])

                def call(self, x):
                    return x * self.w

            Scale()(tf.ones([2, 2]))
            """,
            line=4,
            certain=True,
            message="`Scale.build` overrides a Keras method that runs outside of the step",
        ),
        Example(
            """
            class Point:
                def __init__(self, x):
                    self.x = x
            """,
            line=2,
            certain=True,
            message="`Point.__init__` cannot be a `tf.function`: Python requires it to return None",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        class Flow(tf.keras.Model):
            def train_step(self, x):
                return tf.reduce_sum(x)

        flow = Flow()
        for _ in range(3):
            flow.train_step(tf.ones([2]))
        """,
        """
        import tensorflow as tf

        class Scale:
            def build(self, x):
                return tf.reduce_sum(x)

            def __call__(self, x):
                return x * 2

        Scale()(tf.ones([2, 2]))
        """,
    )

    def conclude(self, view: View) -> Iterable[Hazard]:
        """The hazards of the function as a whole."""
        code = view.code
        owner = code.owner_class
        if owner is None or code.kind == "nested":
            return
        name = name_of(code)
        if code.kind == "property":
            message = f"{name} is a property, which Python evaluates on attribute access"
        elif code.name == "__init__":
            message = f"{name} cannot be a `tf.function`: Python requires it to return None"
        elif code.name in _PYTHON:
            message = f"Python calls {name} itself and may not accept a `tf.function`"
        elif owner.kind in ("model", "layer", "metric", "loss", "optimizer") and code.name in _KERAS:
            message = f"{name} overrides a Keras method that runs outside of the step"
        elif owner.kind == "model" and code.name in _STEPS and not _is_called(code):
            message = f"Keras traces {name} itself in `Model.fit`"
            if code.switched is not None:
                message = f"Keras calls {name} itself in `Model.fit`, possibly eagerly because of {code.switched}"
        elif owner.kind == "callback" and code.name.startswith(_CALLBACKS):
            message = f"Keras calls {name} between its graphs"
        else:
            return
        yield view.hazard(
            self.code, message, code.node.place, True, self.assumption, code.name, transitive=False, whole=True
        )


def _is_called(step: FunctionCode) -> bool:
    """Whether the project's own code calls a step of a model, as a custom loop does."""
    return step.hybrid is None and any(
        binding.mode == "call" and step.switched is None and call.owner.name not in _STEPS
        for call, binding in step.callers
    )
