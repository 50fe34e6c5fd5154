"""Inside the child: every private name of TensorFlow and Keras that hybridize uses, in one place.

A private name may be gone in the next release. Then the accessor that needs it raises `MissingName`, whose text
names TensorFlow's version, the name and what to do. Nothing here imports TensorFlow before it is asked for something.

A name is *essential* where no run can be judged without it: `probe`, called once when TensorFlow has been imported,
raises for the first of them that is missing. A check that is alone in needing another one says that it can't look.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

#: The release that the names below were tried on.
TESTED_ON = "2.21"

#: Modules with functions of TensorFlow that write files; `sandbox.child.writers` is told when they have been imported.
FILE_MODULE = "tensorflow.python.lib.io._pywrap_file_io"
RECORD_MODULE = "tensorflow.python.lib.io.tf_record"
CHECKPOINT_MODULE = "tensorflow.python.checkpoint.checkpoint"
SUMMARY_MODULE = "tensorflow.python.ops.gen_summary_ops"

Callback = Callable[..., Any]


class MissingName(RuntimeError):
    """This TensorFlow, or the Keras beside it, does not have a private name that hybridize uses."""

    def __init__(self, name: str, package: str = "tensorflow") -> None:
        product = "TensorFlow" if package == "tensorflow" else "Keras"
        version = getattr(sys.modules.get(package), "__version__", "")
        super().__init__(
            f"{product} {version} has no `{name}`, a private name that hybridize uses; "
            f"use TensorFlow {TESTED_ON}, or a newer hybridize that knows this release"
        )


@dataclass(frozen=True)
class Name:
    """A private name: the module that holds it, and the attributes that lead to it from there."""

    module: str
    path: str = ""

    def get(self) -> Any:
        """What it names. Raises MissingName."""
        try:
            found: Any = importlib.import_module(self.module)
            for part in self.path.split(".") if self.path else ():
                found = getattr(found, part)
        except (ImportError, AttributeError):
            package = self.module.partition(".")[0]
            raise MissingName(f"{self.module}.{self.path}".rstrip("."), package) from None
        return found


_ADD_CALLBACK = Name("tensorflow.python.framework.op_callbacks", "add_op_callback")
_REMOVE_CALLBACK = Name("tensorflow.python.framework.op_callbacks", "remove_op_callback")
_VARIABLE = Name("tensorflow.python.ops.resource_variable_ops", "BaseResourceVariable")
_VIEW = Name("tensorflow.python.ops.resource_variable_ops", "_UnreadVariable")
_ITERATOR = Name("tensorflow.python.data.ops.iterator_ops", "OwnedIterator")
_SERIALIZE = Name("tensorflow.python.ops.gen_dataset_ops", "serialize_iterator")
_DESERIALIZE = Name("tensorflow.python.ops.gen_dataset_ops", "deserialize_iterator")
_CALL_REGISTERED = Name("tensorflow.python.ops.script_ops", "FuncRegistry.__call__")
_REGISTRY = Name("tensorflow.python.ops.script_ops", "FuncRegistry")
_DEFAULT_GRAPH = Name("tensorflow.python.framework.ops", "get_default_graph")
_EAGER_OUTSIDE = Name("tensorflow.python.framework.ops", "executing_eagerly_outside_functions")
#: What draws random numbers in nearly every script; each op has a function of its own.
_RANDOM_OPS = tuple(
    Name("tensorflow.python.ops.gen_random_ops", name)
    for name in (
        "multinomial",
        "random_gamma",
        "random_poisson_v2",
        "random_shuffle",
        "random_standard_normal",
        "random_uniform",
        "random_uniform_int",
        "truncated_normal",
    )
)
#: Ops that few scripts draw by. One that is missing is not replaced, and a call that makes such an op is not compared.
_RARE_RANDOM_OPS = (
    *(
        Name("tensorflow.python.ops.gen_candidate_sampling_ops", f"{name}_candidate_sampler")
        for name in ("all", "fixed_unigram", "learned_unigram", "log_uniform", "thread_unsafe_unigram", "uniform")
    ),
    Name("tensorflow.python.ops.gen_image_ops", "sample_distorted_bounding_box_v2"),
    Name("tensorflow.python.ops.gen_nn_ops", "fractional_avg_pool"),
    Name("tensorflow.python.ops.gen_nn_ops", "fractional_max_pool"),
)
_SEED_SOURCE = Name("tensorflow.python.ops.random_ops", "random_seed")
_RARE_SEED_SOURCES = tuple(
    Name(f"tensorflow.python.ops.{module}", "random_seed")
    for module in ("candidate_sampling_ops", "image_ops_impl", "nn_ops")
)
_TF_CONVERT = Name("tensorflow.python.autograph.impl.api", "tf_convert")
_CONTROL_STATUS = Name("tensorflow.python.autograph.core.ag_ctx", "control_status_ctx")
_LEFT_ALONE = Name("tensorflow.python.autograph.impl.api", "is_autograph_artifact")
_CONTEXT = Name("tensorflow.python.eager.context", "context")

#: Of each Keras, by its package: the class that makes what `Model.fit` calls for a batch, and the one that has the
#: property `run_eagerly`.
_BATCH_TRAINERS = {
    "keras": Name("keras.src.backend.tensorflow.trainer", "TensorFlowTrainer"),
    "tf_keras": Name("tf_keras.src.engine.training", "Model"),
}
_TRAINERS = {
    "keras": Name("keras.src.trainers.trainer", "Trainer"),
    "tf_keras": Name("tf_keras.src.engine.training", "Model"),
}
KERAS = tuple(_TRAINERS)
# Public names of Keras 3; which code they run, and that it is Python's, is not.
_WEIGHT = Name("keras", "Variable")
_NEXT_SEED = Name("keras", "random.SeedGenerator.next")
_INITIALIZER = Name("keras", "initializers.RandomNormal.__call__")

#: Where Keras keeps notes of its own on layers, and the classes of such notes: no code of a project's is kept there.
#: They are passed over to save time; where a release names them otherwise, they are gone through.
KERAS_BOOKKEEPING = frozenset(
    {
        *("_tracker", "_inbound_nodes", "_outbound_nodes", "_nodes", "_nodes_by_depth", "_auto_config"),
        *("_trainable_variables", "_non_trainable_variables", "_variables", "_seed_generators", "_call_signature"),
        *("call_signature_parameters", "_call_context_args", "_call_has_context_arg", "_build_shapes_dict"),
        *("_inbound_nodes_value", "_outbound_nodes_value", "_trainable_weights", "_non_trainable_weights"),
        *("_network_nodes", "_created_nodes", "_obj_reference_counts_dict", "_thread_local"),
    }
)
KERAS_BOOKKEEPERS = frozenset(
    {"Variable", "KerasVariable", "KerasTensor", "Node", "Tracker", "DTypePolicy", "Policy", "InputSpec", "Initializer"}
)

ESSENTIAL = (
    _ADD_CALLBACK,
    _REMOVE_CALLBACK,
    _VARIABLE,
    _VIEW,
    _DEFAULT_GRAPH,
    _EAGER_OUTSIDE,
    *_RANDOM_OPS,
    _SEED_SOURCE,
    _TF_CONVERT,
    _LEFT_ALONE,
    _CONTROL_STATUS,
    *(Name(FILE_MODULE, name) for name in ("WritableFile", "CopyFile", "RenameFile", "DeleteRecursively")),
    Name(RECORD_MODULE, "TFRecordWriter"),
)


def probe() -> None:
    """Look for the names that no run can do without. Raises MissingName for the first one that is missing."""
    for name in ESSENTIAL:
        name.get()


# Keras.


def batch_trainer(package: str) -> Any:
    """The class of a Keras that makes what `Model.fit` calls for a batch; None where it trains by another backend."""
    return _BATCH_TRAINERS[package].get() if _BATCH_TRAINERS[package].module in sys.modules else None


def trainer(package: str) -> Any:
    """The class of a Keras with the property `run_eagerly`; None where no model can be made yet."""
    return _TRAINERS[package].get() if _TRAINERS[package].module in sys.modules else None


def layers_in(value: Any) -> list[Any]:
    """A layer or model of Keras' and all layers in it; none of anything else. Raises MissingName."""
    if not any(isinstance(value, sys.modules[name].layers.Layer) for name in KERAS if _has_layers(name)):
        return []
    return list(_attribute(value, "_flatten_layers")())


def trainable_name(layer: Any) -> str:
    """The attribute in which a layer of Keras' keeps whether it is trained. Raises MissingName."""
    _attribute(layer, "_trainable")
    return "_trainable"


def _has_layers(package: str) -> bool:
    return hasattr(getattr(sys.modules.get(package), "layers", None), "Layer")


def weight_code() -> tuple[str, str]:
    """The file and name of the code by which Keras 3 reads a weight, as a traceback has them. Raises MissingName."""
    bases = _WEIGHT.get().__mro__
    found = next((vars(base)["value"] for base in bases if "value" in vars(base)), None)
    return _code(getattr(found, "fget", None), "keras.Variable.value")


def seed_code() -> tuple[str, str]:
    """The same of the code by which Keras 3 takes a seed. Raises MissingName."""
    return _code(_NEXT_SEED.get(), "keras.random.SeedGenerator.next")


def initializers_folder() -> str:
    """Where the code of Keras 3's initializers lies, with a slash at the end. Raises MissingName."""
    file, _ = _code(_INITIALIZER.get(), "keras.initializers.RandomNormal.__call__")
    return os.path.dirname(file) + os.sep


def _code(function: Any, name: str) -> tuple[str, str]:
    code = getattr(function, "__code__", None)
    if code is None:
        raise MissingName(name, "keras")
    return code.co_filename, code.co_name


# Eager ops and variables.


def add_op_callback(callback: Callback) -> None:
    """Have ``callback(op_type, inputs, attrs, outputs, op_name, graph)`` called for each op of this thread."""
    _ADD_CALLBACK.get()(callback)


def remove_op_callback(callback: Callback) -> None:
    """Take back `add_op_callback`."""
    _REMOVE_CALLBACK.get()(callback)


@contextlib.contextmanager
def unchanged() -> Iterator[None]:
    """Put back at the end what is replaced in TensorFlow meanwhile: constructors, callbacks, random ops."""
    made = [Name(name.module, f"{name.path}.__init__") for name in (_VARIABLE, _ITERATOR)]
    kept = []
    for name in (*made, _CALL_REGISTERED, *_RANDOM_OPS, *_RARE_RANDOM_OPS, _SEED_SOURCE, *_RARE_SEED_SOURCES):
        path, _, last = name.path.rpartition(".")
        with contextlib.suppress(MissingName):
            kept.append((Name(name.module, path).get(), last, name.get()))
    try:
        yield
    finally:
        for holder, last, value in kept:
            setattr(holder, last, value)


def variable_class() -> type[Any]:
    """The class of which every variable is an instance."""
    found: type[Any] = _VARIABLE.get()
    return found


def is_view(variable: Any) -> bool:
    """Whether this is what an assignment in a graph returns: it has no state of its own."""
    return isinstance(variable, _VIEW.get())


def is_symbolic(variable: Any) -> bool:
    """Whether a variable belongs to a graph of TensorFlow 1, and has no value outside of a session."""
    return bool(getattr(variable, "_in_graph_mode", False))


# Iterators and Python code in pipelines.


def iterator_class() -> type[Any]:
    """The class of the iterators over ``tf.data`` pipelines."""
    found: type[Any] = _ITERATOR.get()
    return found


def save_iterator(iterator: Any, external_state_policy: int) -> tuple[Any, Any]:
    """An iterator's resource, and its position as a tensor. Raises whatever TensorFlow raises where it has none."""
    resource = _attribute(iterator, "_iterator_resource")
    return resource, _SERIALIZE.get()(resource, external_state_policy=external_state_policy)


def load_iterator(resource: Any, saved: Any) -> None:
    """Put an iterator back to a position that `save_iterator` gave."""
    _DESERIALIZE.get()(resource, saved)


def wrap_registered_calls(wrap: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Put ``wrap(original)`` in the place of what calls Python functions for TensorFlow's own threads."""
    original = _CALL_REGISTERED.get()
    _REGISTRY.get().__call__ = wrap(original)


# Random numbers.


def replace_random_ops(replace: Callable[[str, Callback], Callback]) -> None:
    """Put ``replace(name, original)`` in the place of each function that makes an op that draws random numbers."""
    for op in (*_RANDOM_OPS, *_RARE_RANDOM_OPS):
        try:
            original = op.get()
        except MissingName:
            if op in ESSENTIAL:
                raise
            continue
        setattr(importlib.import_module(op.module), op.path, replace(op.path, original))


def seed_source() -> ModuleType:
    """The module that the public functions that draw random numbers take their ops' seeds from."""
    found: ModuleType = _SEED_SOURCE.get()
    return found


def replace_seed_source(source: Any) -> None:
    """Have the public functions that draw random numbers take their ops' seeds from ``source.get_seed``."""
    seed_source()
    for name in (_SEED_SOURCE, *_RARE_SEED_SOURCES):
        module = sys.modules.get(name.module)
        if hasattr(module, name.path):
            setattr(module, name.path, source)


def default_graph() -> Any:
    """The graph that ops are added to now."""
    return _DEFAULT_GRAPH.get()()


def executing_eagerly_outside_functions() -> bool:
    """Whether the code that the outermost function is called from runs eagerly."""
    return bool(_EAGER_OUTSIDE.get()())


# Tracing.


def convert_as_caller(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function``, converted by AutoGraph where the code that calls it is."""
    converted: Callable[..., Any] = _TF_CONVERT.get()(function, _CONTROL_STATUS.get()())
    return converted


def leave_alone(is_meant: Callable[[Any], bool]) -> None:
    """Have AutoGraph call unconverted what ``is_meant``, without a mark on it. Raises MissingName."""
    known = _LEFT_ALONE.get()
    holder = importlib.import_module(_LEFT_ALONE.module)
    setattr(holder, _LEFT_ALONE.path, lambda entity: known(entity) or is_meant(entity))


def function_definition(name: str) -> Any:
    """The definition (a FunctionDef) of a function that an eager op or another function calls by ``name``."""
    return _attribute(_CONTEXT.get()(), "get_function_def")(name)


def is_initialized() -> bool:
    """Whether TensorFlow has started its devices and threads."""
    return bool(_attribute(_CONTEXT.get()(), "_initialized"))


def clone(function: Any) -> Any:
    """Another ``tf.function`` of the same Python function and arguments, without any trace."""
    return _attribute(function, "_clone")(None)


def cached_traces(function: Any) -> list[Any]:
    """The concrete functions that a ``tf.function`` has made."""
    return list(_attribute(_attribute(function, "_function_cache"), "values")())


def bound_functions(function: Any) -> dict[Any, Any]:
    """By instance, the ``tf.function`` that a method is for it."""
    return dict(_attribute(function, "_descriptor_cache"))


def reduces_retracing(function: Any) -> bool:
    """Whether a ``tf.function`` was made with ``reduce_retracing``."""
    return bool(_attribute(function, "_reduce_retracing"))


def is_compiled(function: Any) -> bool:
    """Whether a ``tf.function`` was made with ``jit_compile``."""
    return bool(_attribute(function, "_jit_compile"))


def uses_autograph(function: Any) -> bool:
    """Whether a ``tf.function`` was made with ``autograph``."""
    return bool(_attribute(function, "_autograph"))


def _attribute(value: Any, name: str) -> Any:
    """A private attribute of an object. Raises MissingName."""
    try:
        return getattr(value, name)
    except AttributeError:
        package = "tf_keras" if _is_of(value, "tf_keras") else "keras" if _is_of(value, "keras") else "tensorflow"
        raise MissingName(f"{type(value).__name__}.{name}", package) from None


def _is_of(value: Any, package: str) -> bool:
    return any(base.__module__.partition(".")[0] == package for base in type(value).__mro__)
