"""All private names of TensorFlow and Keras that hybridize uses in the child process.

The next release may remove a private name. Then the accessor that needs it raises `MissingName`, whose text tells
TensorFlow's version, the name and what to do. Nothing here imports TensorFlow before an accessor is called.

A name is *essential* if no run can be judged without it. `probe` is called once after TensorFlow was imported, and
raises for the first essential name that is missing. If another name is missing, the one check that needs it says so.
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

#: The release that the names below were tested on.
TESTED_ON = "2.21"

#: TensorFlow modules with functions that write files; `sandbox.child.writers` is told when they have been imported.
FILE_MODULE = "tensorflow.python.lib.io._pywrap_file_io"
RECORD_MODULE = "tensorflow.python.lib.io.tf_record"
CHECKPOINT_MODULE = "tensorflow.python.checkpoint.checkpoint"
SUMMARY_MODULE = "tensorflow.python.ops.gen_summary_ops"

Callback = Callable[..., Any]


class MissingName(RuntimeError):
    """The installed TensorFlow or Keras does not have a private name that hybridize uses."""

    def __init__(self, name: str, package: str = "tensorflow") -> None:
        product = "TensorFlow" if package == "tensorflow" else "Keras"
        version = getattr(sys.modules.get(package), "__version__", "")
        super().__init__(
            f"{product} {version} has no `{name}`, a private name that hybridize uses; "
            f"use TensorFlow {TESTED_ON}, or a newer hybridize that knows this release"
        )


@dataclass(frozen=True)
class Name:
    """A private name: its module, and the dotted path of attributes from the module to the object."""

    module: str
    path: str = ""

    def get(self) -> Any:
        """The object with this name. Raises MissingName."""
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
#: The functions that draw random numbers in nearly every script, one for each op.
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
#: Ops that draw random numbers in few scripts. A missing one is not replaced, and calls that use it are not compared.
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
_SET_SEED = Name("tensorflow.python.eager.context", "set_global_seed")
_SUMMARY_STATE = Name("tensorflow.python.ops.summary_ops_v2", "_summary_state")
_TF_CONVERT = Name("tensorflow.python.autograph.impl.api", "tf_convert")
_CONTROL_STATUS = Name("tensorflow.python.autograph.core.ag_ctx", "control_status_ctx")
_LEFT_ALONE = Name("tensorflow.python.autograph.impl.api", "is_autograph_artifact")
_METHOD_TARGET = Name("tensorflow.python.eager.polymorphic_function.tf_method_target", "TfMethodTarget")
_CONTEXT = Name("tensorflow.python.eager.context", "context")

#: For each Keras package: the class that makes the function that `Model.fit` calls for a batch, and the class with the
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
# These names of Keras 3 are public. That they run Python code, and which code, is private.
_WEIGHT = Name("keras", "Variable")
_NEXT_SEED = Name("keras", "random.SeedGenerator.next")
_INITIALIZER = Name("keras", "initializers.RandomNormal.__call__")

#: Attributes in which Keras keeps its own bookkeeping on layers, and the classes of those objects: none hold code of
#: the project. They are skipped to save time. If a release renames one, it is searched like the rest.
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
    _SET_SEED,
    _TF_CONVERT,
    _LEFT_ALONE,
    _CONTROL_STATUS,
    _METHOD_TARGET,
    *(Name(FILE_MODULE, name) for name in ("WritableFile", "CopyFile", "RenameFile", "DeleteRecursively")),
    Name(RECORD_MODULE, "TFRecordWriter"),
)


def probe() -> None:
    """Look up the essential names. Raises MissingName for the first one that is missing."""
    for name in ESSENTIAL:
        name.get()


# Keras.


def batch_trainer(package: str) -> Any:
    """The class in which a Keras makes its function for one batch; None if Keras uses another backend."""
    return _BATCH_TRAINERS[package].get() if _BATCH_TRAINERS[package].module in sys.modules else None


def trainer(package: str) -> Any:
    """The class of a Keras with the property `run_eagerly`; None if no model can be made yet."""
    return _TRAINERS[package].get() if _TRAINERS[package].module in sys.modules else None


def layers_in(value: Any) -> list[Any]:
    """A Keras layer or model and all layers in it; empty for any other value. Raises MissingName."""
    if not any(isinstance(value, sys.modules[name].layers.Layer) for name in KERAS if _has_layers(name)):
        return []
    return list(_attribute(value, "_flatten_layers")())


def trainable_name(layer: Any) -> str:
    """The attribute of a Keras layer that says whether it is trained. Raises MissingName."""
    _attribute(layer, "_trainable")
    return "_trainable"


#: The methods of a Keras layer that add to the losses that it has collected, or clear them.
LOSSES_CHANGED_BY = ("add_loss", "_clear_losses")


def losses_in(layer: Any) -> list[Any]:
    """The losses that a Keras layer has collected. Raises MissingName."""
    found = _attribute(layer, "_losses")
    return found  # type: ignore[no-any-return]


def layer_classes() -> list[type]:
    """The base classes of layers of the imported releases of Keras, each with the methods of LOSSES_CHANGED_BY."""
    packages = [sys.modules[package] for package in ("keras", "tf_keras") if _has_layers(package)]
    bases = {base for package in packages for base in package.layers.Layer.__mro__}
    return [base for base in bases if LOSSES_CHANGED_BY[0] in vars(base)]


def _has_layers(package: str) -> bool:
    return hasattr(getattr(sys.modules.get(package), "layers", None), "Layer")


def weight_code() -> tuple[str, str]:
    """The file and name, as in a traceback, of the code in which Keras 3 reads a weight. Raises MissingName."""
    bases = _WEIGHT.get().__mro__
    found = next((vars(base)["value"] for base in bases if "value" in vars(base)), None)
    return _code(getattr(found, "fget", None), "keras.Variable.value")


def seed_code() -> tuple[str, str]:
    """The same for the code in which Keras 3 takes a seed. Raises MissingName."""
    return _code(_NEXT_SEED.get(), "keras.random.SeedGenerator.next")


def initializers_folder() -> str:
    """The folder of Keras 3's initializers, with a trailing slash. Raises MissingName."""
    file, _ = _code(_INITIALIZER.get(), "keras.initializers.RandomNormal.__call__")
    return os.path.dirname(file) + os.sep


def _code(function: Any, name: str) -> tuple[str, str]:
    code = getattr(function, "__code__", None)
    if code is None:
        raise MissingName(name, "keras")
    return code.co_filename, code.co_name


# Eager ops and variables.


def add_op_callback(callback: Callback) -> None:
    """Call ``callback(op_type, inputs, attrs, outputs, op_name, graph)`` for each op of this thread."""
    _ADD_CALLBACK.get()(callback)


def remove_op_callback(callback: Callback) -> None:
    """Undo `add_op_callback`."""
    _REMOVE_CALLBACK.get()(callback)


@contextlib.contextmanager
def unchanged() -> Iterator[None]:
    """Restore on exit what was replaced in TensorFlow meanwhile: constructors, callbacks, random ops."""
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
    """Whether this is the result of an assignment in a graph, which has no state itself."""
    return isinstance(variable, _VIEW.get())


def is_symbolic(variable: Any) -> bool:
    """Whether a variable belongs to a TensorFlow 1 graph and so has no value outside of a session."""
    return bool(getattr(variable, "_in_graph_mode", False))


def receiver_of(value: Any) -> Any:
    """The instance of a method: tracing a bound ``tf.function`` hands its method an object that stands for it."""
    return value.target if issubclass(type(value), _METHOD_TARGET.get()) else value


# Iterators and Python code in pipelines.


def iterator_class() -> type[Any]:
    """The class of the iterators over ``tf.data`` pipelines."""
    found: type[Any] = _ITERATOR.get()
    return found


def save_iterator(iterator: Any, external_state_policy: int) -> tuple[Any, Any]:
    """An iterator's resource, and its position as a tensor. Raises what TensorFlow raises if it can't be saved."""
    resource = _attribute(iterator, "_iterator_resource")
    return resource, _SERIALIZE.get()(resource, external_state_policy=external_state_policy)


def load_iterator(resource: Any, saved: Any) -> None:
    """Restore an iterator to a position from `save_iterator`."""
    _DESERIALIZE.get()(resource, saved)


def wrap_registered_calls(wrap: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Replace the function through which TensorFlow's threads call Python functions by ``wrap(original)``."""
    original = _CALL_REGISTERED.get()
    _REGISTRY.get().__call__ = wrap(original)


# Random numbers.


def replace_random_ops(replace: Callable[[str, Callback], Callback]) -> None:
    """Replace each function that makes a random op by ``replace(name, original)``."""
    for op in (*_RANDOM_OPS, *_RARE_RANDOM_OPS):
        try:
            original = op.get()
        except MissingName:
            if op in ESSENTIAL:
                raise
            continue
        setattr(importlib.import_module(op.module), op.path, replace(op.path, original))


def follow_seed(told: Callable[[Any], None]) -> None:
    """Call ``told`` with each seed that is set for the whole process (``tf.random.set_seed``), after it was set."""
    original = _SET_SEED.get()

    def set_global_seed(seed: Any) -> None:
        original(seed)
        told(seed)

    setattr(importlib.import_module(_SET_SEED.module), _SET_SEED.path, set_global_seed)


def summary_state() -> Any:
    """The object with the current step, writer and condition of ``tf.summary``. Raises MissingName."""
    return _SUMMARY_STATE.get()


def loaded_summary_state() -> Any:
    """The same; None if TensorFlow was not imported, or has it no longer."""
    return getattr(sys.modules.get(_SUMMARY_STATE.module), _SUMMARY_STATE.path, None)


def seed_source() -> ModuleType:
    """The module from which TensorFlow's public random functions take the seeds of their ops."""
    found: ModuleType = _SEED_SOURCE.get()
    return found


def replace_seed_source(source: Any) -> None:
    """Make TensorFlow's public random functions take the seeds of their ops from ``source.get_seed``."""
    seed_source()
    for name in (_SEED_SOURCE, *_RARE_SEED_SOURCES):
        module = sys.modules.get(name.module)
        if hasattr(module, name.path):
            setattr(module, name.path, source)


def default_graph() -> Any:
    """The graph that new ops are added to."""
    return _DEFAULT_GRAPH.get()()


def executing_eagerly_outside_functions() -> bool:
    """Whether the code that calls the outermost function runs eagerly."""
    return bool(_EAGER_OUTSIDE.get()())


# Tracing.


def convert_as_caller(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function``, converted by AutoGraph if the calling code is."""
    converted: Callable[..., Any] = _TF_CONVERT.get()(function, _CONTROL_STATUS.get()())
    return converted


def leave_alone(is_meant: Callable[[Any], bool]) -> None:
    """Make AutoGraph call functions for which ``is_meant`` is true without converting or marking them.

    Raises MissingName.
    """
    known = _LEFT_ALONE.get()
    holder = importlib.import_module(_LEFT_ALONE.module)
    setattr(holder, _LEFT_ALONE.path, lambda entity: known(entity) or is_meant(entity))


def function_definition(name: str) -> Any:
    """The FunctionDef of the function that an eager op or another function calls by ``name``."""
    return _attribute(_CONTEXT.get()(), "get_function_def")(name)


def is_initialized() -> bool:
    """Whether TensorFlow has started its devices and threads."""
    return bool(_attribute(_CONTEXT.get()(), "_initialized"))


def clone(function: Any) -> Any:
    """A new ``tf.function`` of the same Python function with the same options, without any traces."""
    return _attribute(function, "_clone")(None)


def cached_traces(function: Any) -> list[Any]:
    """The concrete functions that a ``tf.function`` has made."""
    return list(_attribute(_attribute(function, "_function_cache"), "values")())


def bound_functions(function: Any) -> dict[Any, Any]:
    """Map each instance to the ``tf.function`` that a decorated method made for it."""
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
