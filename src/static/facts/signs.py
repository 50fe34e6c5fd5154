"""Signs that a function with unknown callees and operands may compute with tensors: then a run decides."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..ir.code import AttributeLoad, Call, Event, FunctionCode, Iteration, Mark, ModuleCode
from ..ir.program import Program
from ..ir.solver import Node
from ..ir.values import Bound, External, Function, Thing
from .callgraph import CallGraph

#: Attributes that hardly anything but a model, a layer or an optimizer has.
_ATTRIBUTES = frozenset(
    {
        "non_trainable_variables",
        "non_trainable_weights",
        "trainable_variables",
        "trainable_weights",
    }
)
#: Methods that hardly anything but a variable, an optimizer, a tape or a strategy has.
_METHODS = frozenset(
    {
        "apply_gradients",
        "assign",
        "assign_add",
        "assign_sub",
        "batch_jacobian",
        "compute_gradients",
        "dequeue_many",
        "enqueue_many",
        "experimental_distribute_values_from_function",
        "experimental_run_v2",
        "jacobian",
        "log_prob",
        "merge_call",
        "minimize",
        "scatter_nd_add",
        "scatter_nd_update",
        "scatter_update",
        "update_state",
    }
)
_PATHS = ("tensorflow_probability.mcmc.", "tensorflow_probability.vi.", "tensorflow_probability.optimizer.")
_COLLECTIVES = re.compile(r"horovod\.\w+\.(grouped_)?(allgather|allreduce|alltoall|broadcast|reducescatter)")
#: Usual names of training steps, similar steps, and parts of them.
_NAMES = re.compile(
    r"_*(\w*_)?(train|training|test|eval|evaluation|val|valid|validation|predict|prediction|inference|infer|update|learn|gradient"
    r"|critic|actor|generator|discriminator|distributed|sample|optimi[sz]e)((_\w*)?_?(step|batch)|_?fn)\d*"
    r"|_*(soft_update|step_fn|replica_step|compute_loss|compute_gradients|apply_gradients)"
)
_LIBRARIES = frozenset(
    {"gpflow", "keras", "sonnet", "tensorflow", "tensorflow_addons", "tensorflow_probability", "tf_keras", "tf_agents"}
)


def find_signs(program: Program, graph: CallGraph, reaching: frozenset[ModuleCode]) -> set[FunctionCode]:
    """The functions with a sign of tensor work, in themselves or in their callees."""
    found: set[FunctionCode] = set()
    for component in graph.components:
        if any(
            any(map(_tells, code.events)) or not found.isdisjoint(graph.traced_targets(code))
            for code in component
        ):
            found.update(component)
    # A name is a sign for the function itself, not for its callers: the loop around a step is not a step.
    return found | {
        code for code in program.functions if code.module in reaching and names_step(code)
    }


def is_step(code: FunctionCode) -> bool:
    """Whether a function is a training step or a similar step: by its name, a tape, an update or ``strategy.run``."""
    return names_step(code) or any(_steps(event) for event in code.events)


def names_step(code: FunctionCode) -> bool:
    """Whether a function has a usual name of a training step, of a similar step, or of a part of one."""
    return _NAMES.fullmatch(code.name) is not None


def opens_tape(event: Event) -> bool:
    """Whether an event opens a gradient tape."""
    return (
        isinstance(event, Mark)
        and event.kind == "with"
        and event.node is not None
        and any(isinstance(value, Thing) and value.kind == "tape" for value in event.node.values)
    )


def _steps(event: Event) -> bool:
    if isinstance(event, Call):
        return event.attribute in ("apply_gradients", "minimize", "experimental_run_v2") or _runs_replicas(event)
    return opens_tape(event)


def _runs_replicas(call: Call) -> bool:
    """Whether a call looks like ``strategy.run(step, (x,))``, perhaps with ``args=(x,)``, on an unknown object."""
    if call.attribute != "run" or call.targets:
        return False
    if {"args", "kwargs"} & call.keywords.keys():
        return True
    return len(call.arguments) == 2 and any(isinstance(each, (Function, Bound)) for each in call.arguments[0].values)


def _tells(event: Event) -> bool:
    if isinstance(event, AttributeLoad):
        return event.attribute in _ATTRIBUTES
    if isinstance(event, Mark):
        return opens_tape(event)
    if isinstance(event, Iteration):
        return _names_weights(event.iterable)
    if not isinstance(event, Call):
        return False
    externals = event.externals
    if event.attribute in _METHODS or (externals and any(path.rpartition(".")[2] in _METHODS for path in externals)):
        return True
    if any(map(_names_weights, event.arguments)) or any(map(_names_weights, event.keywords.values())):
        return True
    if _runs_replicas(event) or ("training" in event.keywords and event.unknown):
        return True
    return bool(externals) and any(
        (path.startswith(_PATHS) and path.rpartition(".")[2][:1].islower()) or _COLLECTIVES.fullmatch(path) is not None
        for path in externals
    )


def _names_weights(node: Node) -> bool:
    """Whether a node holds the weights of a model in a library's module."""
    return any(isinstance(value, External) and value.path.rpartition(".")[2] in _ATTRIBUTES for value in node.values)


def find_reaching(modules: Iterable[ModuleCode]) -> frozenset[ModuleCode]:
    """The modules that import TensorFlow or a library on top of it, directly or through the project's modules."""
    known = list(modules)
    by_name = {module.name: module for module in known}
    users: dict[ModuleCode, list[ModuleCode]] = {}
    pending: list[ModuleCode] = []
    for module in known:
        if any(path.partition(".")[0] in _LIBRARIES for path in module.libraries):
            pending.append(module)
        for imported in module.imported(by_name):
            users.setdefault(imported, []).append(module)
    found: set[ModuleCode] = set()
    while pending:
        module = pending.pop()
        if module not in found:
            found.add(module)
            pending += users.get(module, ())
    return frozenset(found)
