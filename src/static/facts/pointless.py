"""Functions that gain nothing as graphs: they do nothing with their tensors, set up data, or run once."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..ir.code import Call, Event, FunctionCode, ItemLoad, Iteration, Mark, ModuleCode, Operation
from ..ir.program import Program
from ..ir.solver import Node
from ..ir.values import ARRAY, NONE, STRING, TENSORS, UNKNOWN, Box, Instance, Super, Thing
from ..libraries.results import computes, describe_result
from .callgraph import CallGraph, calls_in_earnest, find_scripts
from .heat import Heat
from .tensor_work import call_computes, method_computes, operation_computes

#: Functions that a graph would not speed up: they create constants, query shapes, or call Python from a graph.
_IDLE = frozenset(
    f"tensorflow.{name}"
    for name in (
        *("ensure_shape", "fill", "group", "identity", "no_op", "ones", "zeros"),
        *("broadcast_static_shape", "rank", "shape", "shape_n", "size"),
        *("numpy_function", "py_func", "py_function"),
    )
)
#: Functions that query shapes, and functions that split and join shapes.
_SHAPE_QUESTIONS = frozenset(f"tensorflow.{name}" for name in ("rank", "shape", "shape_n", "size"))
_SHAPE_PARTS = frozenset(f"tensorflow.{name}" for name in ("concat", "convert_to_tensor", "stack", "unstack"))
#: Functions that traverse nested structures without reading the values.
_WALKS = re.compile(r"tree\.(?!map_structure)\w+")
#: Methods that no tensor has: the receiver is a container of tensors.
_OF_CONTAINERS = frozenset(
    {"append", "copy", "extend", "get", "items", "keys", "pop", "setdefault", "update", "values", "_asdict", "_replace"}
)
_STATIC = re.compile(r"\.(shape|dtype)\.")
_DATASETS = re.compile(
    r"tensorflow\.data\.(Dataset\.(from_|list_files|range|zip)|TFRecordDataset|TextLineDataset|FixedLengthRecordDataset)"
    r"|tensorflow\.data\.experimental\.(make_csv|CsvDataset|load)|tensorflow_datasets\.(load|builder)"
    r"|keras\.(preprocessing|utils)\.\w+_dataset_from_directory"
)
#: Names of functions that only validate, and raise or warn.
_CHECKS = re.compile(r"_*(maybe_)?(assert|check|ensure|validate|verify|warn)(_(?!\w*(apply|loss|step|update))\w*)?")
#: Names of functions that query shapes.
_SHAPES = re.compile(r"_*(get_)?(static_|combined_|input_|output_)?shape(s|_list)?")
#: Names of functions that work on specifications of tensors: shapes, dtypes and names.
_SPECIFICATIONS = re.compile(r"(\w*_)?(schemas?|specs?|signatures?)(_\w*)?")
_SPECIFICATION_CLASSES = re.compile(r"\w*(Spec|Schema)(Base)?")
_INTO_SPECIFICATION = re.compile(r"\w*_to_specs?")
#: Names of functions that create initial values of loops or variables.
_BEGINNINGS = re.compile(
    r"(\w*_)?(init|initial|zero)_(\w+_)?states?(_fn|_impl)?|(\w*_)?initiali[sz](e(_\w+)?|ers?|ations?)"
)
_INITIALIZERS = re.compile(r"\w*Initiali[sz](er|ation)")
#: Names of functions that run the loop around the steps.
_DRIVERS = re.compile(r"_*(run|train|fit|eval|evaluate|test|collect)_(\w+_)?(epochs?|episodes?|loop|policy|rollouts?)")
#: Names of functions that save, load or display data.
_KEEPING = re.compile(
    r"_*(maybe_)?(load|restore|save|export|serialize|dump|plot|display|show|print|visuali[sz]e|report|format)(_\w+)?|close"
)
_SUMMARIES = re.compile(
    r"_*(maybe_)?(add|write|record|log|compute|make|create)_(\w+_)?summar(y|ies)|summari[sz]e(_\w+)?|(\w+_)?summaries"
)
_SHOWING = re.compile(r"(^|/)(\w+_)?(plot(s|ting)?|visuali[sz](e|er|ation)s?|summar(y|ies))(_utils?)?\.py$")
_ENTRIES = re.compile(r"_*(\w+_)?main")
_MAKING = re.compile(r"_*(from|create|make|build)_\w+")
_TEST_HELPERS = re.compile(r"_test_(lib|utils?|helpers?)\.py$")
#: Files and folders of data preparation.
_DATA = re.compile(
    r"(^|/)(data|datasets?|data_?load(er|ing)s?|data_(pipeline|prep|preparation|provider|utils?)|input_pipeline|\w*augment"
    r"(ations?|ers?)?|(\w+_)?pre_?process(ing|ors?)?(_\w+)?|\w*tfrecords?\w*)(/|\.py$)"
)
#: Classes whose methods a TensorFlow 1 session calls between its steps.
_HOOK = ".SessionRunHook"
_BUILDERS = frozenset({"__init__", "__post_init__", "__new__", "build", "from_config"})
_CALLED_BY_KERAS = frozenset({"call", "__call__", "forward"})


def find_idle(
    program: Program, graph: CallGraph, signs: set[FunctionCode], heat: Heat
) -> dict[FunctionCode, str]:
    """The functions that do no tensor work, and those that only check or describe their arguments; each with the reason
    as a clause.

    Tensor work includes that of callees, and passing a tensor to unknown code.
    """
    found: dict[FunctionCode, str] = {}
    busy = _spread(graph, _is_busy)
    for code in program.functions:
        if code not in busy and code not in signs:
            found[code] = "computes with none of its tensor arguments"
        elif code.is_body or code in heat.steps:
            continue
        elif _CHECKS.fullmatch(code.name):
            found[code] = "only checks its arguments, judging by its name"
        elif _SHAPES.fullmatch(code.name):
            found[code] = "only reads shapes, judging by its name"
        elif _describes(code):
            found[code] = "works on specifications, judging by its name"
        elif _asks_for_shapes(code):
            found[code] = "only reads shapes"
        elif _has_one_operation(code):
            found[code] = "executes a single operation on attributes"
        elif _counts_in_arrays(code):
            found[code] = "works with NumPy and executes no TensorFlow operation itself"
    return found


def _asks_for_shapes(code: FunctionCode) -> bool:
    """Whether all operations of a function query shapes, or split and join shapes."""
    asked = False
    for event in code.events:
        if isinstance(event, Operation) and operation_computes(event) is not False:
            return False
        if not isinstance(event, Call):
            continue
        if event.targets or _call_is_open(event):
            return False
        for path in event.externals:
            if computes(path) and path not in _SHAPE_QUESTIONS | _SHAPE_PARTS and not _STATIC.search(path):
                return False
            asked = asked or path in _SHAPE_QUESTIONS
    return asked


def _call_is_open(call: Call) -> bool:
    """Whether a call may run operations that its paths do not show: those of a tensor's method, or of unknown code."""
    return any(method_computes(receiver, name) for receiver, name in call.methods) or _is_unseen(call)


def _has_one_operation(code: FunctionCode) -> bool:
    """Whether a method takes only its receiver, calls nothing, and executes at most one operator or iteration."""
    if code.owner_class is None or len(code.parameters) != 1 or code.calls:
        return False
    return sum(isinstance(event, (Operation, Iteration)) for event in code.events) <= 1


def _counts_in_arrays(code: FunctionCode) -> bool:
    """Whether a function creates NumPy arrays, and its source shows no TensorFlow operation.

    Arguments that may be tensors may be arrays as well.
    """
    arrays = False
    operations = any(isinstance(event, Operation) and any(map(_is_tensor, event.operands)) for event in code.events)
    for call in code.calls:
        for path in call.externals:
            arrays = arrays or (path.startswith("numpy.") and ARRAY in call.result.values)
            operations = operations or (computes(path) and path not in _IDLE and not path.startswith("keras.utils."))
        operations = operations or any(isinstance(receiver, Thing) for receiver, _ in call.methods)
    return arrays and not operations


def _describes(code: FunctionCode) -> bool:
    """Whether a function works on specifications, judging by its name, and calls no TensorFlow operation itself."""
    owner = code.owner_class
    of_class = owner is not None and _SPECIFICATION_CLASSES.fullmatch(owner.name) is not None
    if not of_class and not _SPECIFICATIONS.fullmatch(code.name):
        return False
    if _INTO_SPECIFICATION.fullmatch(code.name):
        return False
    return not any(computes(path) and path not in _IDLE for call in code.calls for path in call.externals)


def find_once(
    program: Program, graph: CallGraph, heat: Heat, covered: set[FunctionCode]
) -> dict[FunctionCode, str]:
    """The functions that run once, or only while data and objects are set up; each with the reason as a clause.

    Training steps and functions that are defined in a loop are not among them.
    """
    found: dict[FunctionCode, str] = {}
    for code in program.functions:
        if code.is_body or code in heat.steps or code.in_loop:
            continue
        if _begins(code) and not any(call.in_loop for call, _ in calls_in_earnest(code)):
            found[code] = "creates initial values, judging by its name"
        elif _DRIVERS.fullmatch(code.name) and _loops(code):
            found[code] = "is the loop around the steps, judging by its name"
        elif _KEEPING.fullmatch(code.name) or _SUMMARIES.fullmatch(code.name):
            found[code] = "saves or displays data between steps, judging by its name"
        elif _SHOWING.search(code.module.file):
            found[code] = "displays data between steps, judging by its file name"
        elif code.kind == "classmethod" and _MAKING.fullmatch(code.name):
            found[code] = "creates an instance of its class, judging by its name"
        elif _ENTRIES.fullmatch(code.name) and code.parent is not None and code.parent.is_body:
            found[code] = "is the entry point of a script, judging by its name"
        elif _makes_objects(code):
            found[code] = "creates layers or models"
        elif _returns_dataset(code):
            found[code] = "returns a dataset"
        elif code.owner_class is not None and any(base.endswith(_HOOK) for base in code.owner_class.library_bases):
            found[code] = "is a method of a hook, which a TensorFlow 1 session calls"
        elif _TEST_HELPERS.search(code.module.file):
            found[code] = "is a test helper, judging by its file name"
        elif _prepares(code, covered):
            found[code] = "prepares data, judging by its file name"
        elif heat.of(code) is None and any(map(_converts, code.calls)):
            found[code] = "creates its own `tf.function`, and no call of it in a loop is known"
    making = _spread(graph, lambda code: any(map(_makes_dataset, code.events)))
    for code in program.functions:
        if code in making and not code.is_body and not _may_repeat(code, heat):
            found[code] = "creates a dataset"
    scripts = find_scripts(program.modules.values())
    held = [code for code in program.functions if _is_held(code, scripts) and not _may_repeat(code, heat)]
    _settle(found, held, _constructs, "runs only while an object is created")
    if any(call.in_loop and call.targets for code in program.functions for call in code.calls):
        # A project without any call in a loop is an excerpt: its script does not show how often functions run.
        _settle(found, held, _stands_outside, "runs once, outside of the script's loops")
    return found


def _makes_objects(code: FunctionCode) -> bool:
    """Whether a function returns layers or models, and no other known value."""
    known = [value for value in code.returns.values if value is not UNKNOWN and value is not NONE]
    return bool(known) and all(isinstance(value, (Instance, Thing)) and _is_model(value) for value in known)


def _returns_dataset(code: FunctionCode) -> bool:
    """Whether a function returns a dataset, and never a tensor: what a helper returns to all its callers is mixed."""
    values = code.returns.values
    return any(isinstance(value, Box) and value.kind == "dataset" for value in values) and not any(
        value in TENSORS for value in values
    )


def _is_model(value: Instance | Thing) -> bool:
    return (value.code.kind if isinstance(value, Instance) else value.kind) in ("layer", "model")


def _begins(code: FunctionCode) -> bool:
    """Whether a function creates initial values of loops or variables, judging by its name or class."""
    owner = code.owner_class
    if owner is not None and code.name == "__call__":
        return owner.kind == "initializer" or _INITIALIZERS.fullmatch(owner.name) is not None
    return _BEGINNINGS.fullmatch(code.name) is not None


def _prepares(code: FunctionCode, covered: set[FunctionCode]) -> bool:
    """Whether a function is in a file of data preparation, and only graph code and such files call it."""
    owner = code.owner_class
    if _DATA.search(code.module.file) is None or (owner is not None and owner.kind is not None):
        return False
    return all(
        binding.mode == "graph"
        or call.owner in covered
        or call.owner.hybrid is not None
        or _DATA.search(call.owner.module.file) is not None
        for call, binding in calls_in_earnest(code)
    )


def _spread(graph: CallGraph, test: Callable[[FunctionCode], bool]) -> set[FunctionCode]:
    """The functions that pass ``test``, and those that call one of them as part of the same trace."""
    found: set[FunctionCode] = set()
    for component in graph.components:
        if any(test(code) or not found.isdisjoint(graph.traced_targets(code)) for code in component):
            found.update(component)
    return found


def _settle(
    found: dict[FunctionCode, str],
    functions: list[FunctionCode],
    is_once: Callable[[Call], bool],
    why: str,
) -> None:
    """Add the functions whose calls all run once: by ``is_once``, or outside a loop of a function that runs once."""
    settled: set[FunctionCode] = set()
    changed = True
    while changed:
        changed = False
        for code in functions:
            if code in settled:
                continue
            calls = calls_in_earnest(code)
            if calls and all(is_once(call) or (call.owner in settled and not call.in_loop) for call, _ in calls):
                settled.add(code)
                changed = True
    for code in settled:
        found.setdefault(code, why)


def _constructs(call: Call) -> bool:
    return call.owner.name in _BUILDERS and call.owner.owner_class is not None


def _stands_outside(call: Call) -> bool:
    return call.owner.kind == "module" and not call.in_loop


def _is_held(code: FunctionCode, scripts: set[ModuleCode]) -> bool:
    """Whether all calls of a function are known: it does not escape, and no code outside the project calls it."""
    if code.is_body or code.escapes or code.in_loop:
        return False
    if code.parent is not None and not code.parent.is_body:
        return code.value not in code.parent.returns.values
    private = code.name.startswith("_") and not code.name.endswith("__")
    return private or code.module in scripts


def _may_repeat(code: FunctionCode, heat: Heat) -> bool:
    """Whether a function is a step, contains a loop, or is a method that Keras calls as well."""
    if code in heat.steps or (code.owner_class is not None and code.name in _CALLED_BY_KERAS):
        return True
    return _loops(code)


def _converts(call: Call) -> bool:
    return "tensorflow.function" in call.externals


def _makes_dataset(event: Event) -> bool:
    return isinstance(event, Call) and any(_DATASETS.match(path) for path in event.externals)


def _is_busy(code: FunctionCode) -> bool:
    if code.left_out is not None or any(map(_works, code.events)):
        return True
    # In a loop even constants are work: a graph creates them only once.
    return _loops(code) and any(computes(path) for call in code.calls for path in call.externals)


def _loops(code: FunctionCode) -> bool:
    return any(
        isinstance(event, Iteration) or (isinstance(event, Mark) and event.kind == "loop") for event in code.events
    )


def _works(event: Event) -> bool:
    """Whether an event certainly runs an operation, or passes a tensor to unknown code."""
    if isinstance(event, Call):
        return _call_works(event)
    if isinstance(event, Operation):
        compares = event.name in ("Eq", "NotEq")
        return operation_computes(event) is True and not (compares and any(_is_word(node) for node in event.operands))
    # Plain indexing and iteration may apply to a structure of tensors, and are no work by themselves.
    return isinstance(event, ItemLoad) and event.sliced and _is_tensor(event.base)


def _call_works(call: Call) -> bool:
    if _is_unseen(call):
        given = (*call.arguments, *call.keywords.values(), *(node for _, node in call.stars), *call.double_stars)
        if any(_holds_tensor(node) for node in given):
            return True
    if not call_computes(call):
        return False
    if any(computes(path) and path not in _IDLE and not _STATIC.search(path) for path in call.externals):
        return True
    working = [
        receiver for receiver, name in call.methods if name not in _OF_CONTAINERS and method_computes(receiver, name)
    ]
    # A method that strings and dictionaries also have does not count if the receiver may be one of them.
    return bool(working) and (
        len(working) == len(call.methods) or any(receiver not in TENSORS for receiver in working)
    )


def _is_unseen(call: Call) -> bool:
    """Whether a call runs unknown code: an unknown callee, or a library function that is in no table."""
    if any(isinstance(receiver, Super) for receiver, _ in call.methods):
        return True
    if call.externals and all(map(_WALKS.fullmatch, call.externals)):
        return False
    paths = [path for path in call.externals if not path.startswith("builtins.")]
    if call.unknown and len(paths) == len(call.externals):
        return True
    return any(describe_result(path) == "unknown" for path in paths)


def _is_word(node: Node) -> bool:
    return STRING in node.values or NONE in node.values


def _is_tensor(node: Node) -> bool:
    """Whether a node holds tensors, and neither strings nor containers."""
    values = node.values
    return any(value in TENSORS for value in values) and not any(
        value is STRING or isinstance(value, Box) for value in values
    )


def _holds_tensor(node: Node, depth: int = 0) -> bool:
    for value in node.values:
        if value in TENSORS:
            return True
        if isinstance(value, Box) and depth < 2:
            parts = (value.element, *value.fields.values())
            if any(_holds_tensor(part, depth + 1) for part in parts):
                return True
    return False
