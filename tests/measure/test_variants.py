"""Which variants are worth trying for a candidate, and what they would be written as."""

import ast
import importlib
import pkgutil
from dataclasses import replace
from pathlib import Path

import pytest

from hybridize.measure import variants
from hybridize.measure.costs import HORIZON_SECONDS, Length, length_of, predicted_seconds
from hybridize.measure.variants import way_of, ways
from hybridize.records import (
    Action,
    Form,
    Function,
    FunctionKind,
    Judgement,
    Observation,
    ObservedParameter,
    Reason,
    Variant,
    VariantResult,
    Verdict,
)

FUNCTION = Function("m:f", "m.py", 1, 2, "m", "f", FunctionKind.FUNCTION, None, (), (), (), Action.HYBRIDIZE, None)
X = Form("tensor", "float32", (64, 2))
WHOLE = Length(1000, True, "the script's own 1,000 calls")
CUT = Length(1000, False, "1,000 calls")


def parameter(name: str, form: Form | None, position: int | None = 0, always: bool = True) -> ObservedParameter:
    return ObservedParameter(name, (), (), (), 1, form, position, always)


def candidate(*forms: Form, signatures: int = 1, calls: int = 1000, bare: VariantResult | None = None) -> Judgement:
    """A candidate called with arguments of these forms; ``bare`` is what its check as a bare graph gave."""
    parameters = tuple(parameter(f"p{at}", form, at) for at, form in enumerate(forms))
    seen = Observation(calls=calls, seconds=10.0, share=0.5, signatures=signatures, parameters=parameters)
    results = () if bare is None else (bare,)
    return Judgement(FUNCTION, Verdict.CONFIRMED if results else Verdict.REFUTED, (), seen, variants=results)


def result(
    name: str = "graph", traces: int = 1, trace: float = 0.5, call: float = 0.01, **arguments: str
) -> VariantResult:
    return VariantResult(
        name, Verdict.CONFIRMED, traces, traces * trace, call, 0.1, 0.0, arguments=tuple(arguments.items())
    )


def propose(name: str, judgement: Judgement, length: Length = WHOLE) -> str:
    """The proposed arguments as text, or why there are none."""
    proposal = way_of(name).propose(judgement, length)
    if isinstance(proposal, Reason):
        return f"withheld: {proposal.message}"
    assert proposal.name == name
    return ", ".join(f"{key}={value}" for key, value in proposal.arguments)


def signature(*forms: Form, length: Length = WHOLE) -> str:
    """The signature for a candidate that a bare graph would trace at every call."""
    varying = Form("number", "float", value="0.5", varies=True)
    text = propose("input_signature", candidate(*forms, varying, signatures=900), length)
    return text.removeprefix("input_signature=[").removesuffix(", tf.TensorSpec([], tf.float32)]")


def test_every_variant_is_found_by_being_there_and_says_what_it_is() -> None:
    files = {info.name for info in pkgutil.iter_modules([str(Path(variants.__file__).parent)])}
    assert {way.name for way in ways()} == files
    assert len({way.rank for way in ways()}) == len(files)
    for name in files:
        assert len(importlib.import_module(f"{variants.__name__}.{name}").__doc__ or "") > 60


def test_the_bare_graph_is_the_plainest_and_needs_nothing() -> None:
    assert ways()[0].name == "graph"
    assert way_of("graph").propose(candidate(), WHOLE) == Variant()


SPECS = [
    (X, "tf.TensorSpec([64, 2], tf.float32)"),
    (Form("tensor", "int32", (None,)), "tf.TensorSpec([None], tf.int32)"),
    (Form("tensor", "string", ()), "tf.TensorSpec([], tf.string)"),
    (Form("number", "int", value="3", varies=True), "tf.TensorSpec([], tf.int64)"),
    (Form("number", "float", value="0.1"), "tf.TensorSpec([], tf.float32)"),
    (
        Form("ragged", "int64", (None, None), ragged_rank=1, splits="int32"),
        "tf.RaggedTensorSpec([None, None], tf.int64, 1, tf.int32)",
    ),
    (Form("sparse", "float32", (8, 100)), "tf.SparseTensorSpec([8, 100], tf.float32)"),
    (
        Form("list", items=(("0", X), ("1", Form("number", "int", value="2")))),
        "[tf.TensorSpec([64, 2], tf.float32), tf.TensorSpec([], tf.int64)]",
    ),
    (Form("tuple", items=(("0", X),)), "(tf.TensorSpec([64, 2], tf.float32),)"),
    (Form("dict", items=(("it's", X),)), '{"it\'s": tf.TensorSpec([64, 2], tf.float32)}'),
]


@pytest.mark.parametrize("form, text", SPECS, ids=[form.kind + form.dtype for form, _ in SPECS])
def test_a_signature_is_made_of_what_was_observed(form: Form, text: str) -> None:
    assert signature(form) == text
    ast.parse(text, mode="eval")


def test_a_float_is_as_precise_as_the_tensors_are() -> None:
    double = Form("tensor", "float64", (3,))
    varying = Form("number", "float", value="0.5", varies=True)
    assert "tf.TensorSpec([], tf.float64)" in propose("input_signature", candidate(double, varying, signatures=900))


def test_an_axis_is_unknown_only_where_its_size_varied() -> None:
    assert signature(Form("tensor", "float32", (None, 7))) == "tf.TensorSpec([None, 7], tf.float32)"


def test_where_the_run_was_cut_the_last_batch_may_yet_come() -> None:
    assert signature(X, length=CUT) == "tf.TensorSpec([None, 2], tf.float32)"
    assert signature(Form("tensor", "float32", ()), length=CUT) == "tf.TensorSpec([], tf.float32)"
    nested = Form("list", items=(("0", X),))
    assert signature(nested, length=CUT) == "[tf.TensorSpec([None, 2], tf.float32)]"


WITHHELD = {
    # A graph would hold on to the object of the first call.
    "an object": Form("other", note="an object of Model"),
    # Inside, it would be a plain tensor, which nothing can be assigned to.
    "a variable": Form("other", note="a variable, which a signature would turn into a tensor"),
    # It selects what the graph does.
    "a flag": Form("number", "bool", value="True"),
    # There is no source text for it that every TensorFlow knows.
    "an odd dtype": Form("tensor", "float8_e5m2", (3,)),
    "something in a list": Form("list", items=(("0", Form("number", "bool", value="True")),)),
}


@pytest.mark.parametrize("form", WITHHELD.values(), ids=WITHHELD.keys())
def test_no_signature_for(form: Form) -> None:
    assert signature(form).startswith("withheld: ")


def test_no_signature_where_a_parameter_can_not_be_in_it() -> None:
    varying = Form("number", "float", value="0.5", varies=True)
    base = candidate(X, varying, signatures=900)

    def with_parameters(*parameters: ObservedParameter) -> Judgement:
        return replace(base, observation=replace(base.observation, parameters=parameters))

    first, second = parameter("x", X, 0), parameter("rate", varying, 1)
    cases = {
        "by position": (first, replace(second, position=None)),
        "default in some calls": (first, replace(second, in_every_call=False)),
        "before the last one": (first, replace(second, position=2)),
    }
    for words, parameters in cases.items():
        assert words in propose("input_signature", with_parameters(*parameters))
    own = ObservedParameter("self", (), (), (), 1, Form("other", note="an object"), None)
    assert propose("input_signature", with_parameters(own, first, second)).startswith("input_signature=[tf.")


def test_relaxing_is_for_shapes_that_vary() -> None:
    varying = candidate(Form("tensor", "float32", (None, 7)), signatures=900)
    assert propose("reduce_retracing", varying) == "reduce_retracing=True"
    assert "no argument's shape varies" in propose("reduce_retracing", candidate(X, signatures=900))
    number = Form("number", "float", value="0.5", varies=True)
    assert "Python numbers" in propose("reduce_retracing", candidate(Form("tensor", "float32", (None,)), number))


def test_two_quick_traces_are_not_worth_a_run() -> None:
    """Two batch sizes: the second trace of half a second is nothing beside ten seconds of training."""
    batches = candidate(Form("tensor", "float32", (None, 7)), signatures=2, bare=result(traces=2, trace=0.2))
    assert "too little" in propose("reduce_retracing", batches)
    assert "too little" in propose("input_signature", batches)
    slow = candidate(Form("tensor", "float32", (None, 7)), signatures=2, bare=result(traces=2, trace=5.0))
    assert propose("reduce_retracing", slow) == "reduce_retracing=True"


def test_compiling_is_tried_where_it_could_be_won_back() -> None:
    assert propose("jit_compile", candidate(X, bare=result())) == "jit_compile=True"
    assert "could save" in propose("jit_compile", candidate(X, bare=result(call=0.001)))
    longer = replace(WHOLE, calls=100_000)
    assert propose("jit_compile", candidate(X, bare=result(call=0.001)), longer) == "jit_compile=True"


NOT_COMPILED = {
    "shapes that vary": candidate(Form("tensor", "float32", (None, 7)), bare=result()),
    "several signatures": candidate(X, signatures=3, bare=result(traces=3)),
    "ragged rows, which have another number of values each time": candidate(
        Form("ragged", "float32", (8, None), ragged_rank=1, splits="int64"), bare=result()
    ),
    "a candidate without a confirmed graph": candidate(X),
}


@pytest.mark.parametrize("judgement", NOT_COMPILED.values(), ids=NOT_COMPILED.keys())
def test_what_would_be_compiled_again_and_again_is_not_compiled(judgement: Judgement) -> None:
    assert propose("jit_compile", judgement).startswith("withheld: ")


def test_numbers_that_change_are_compiled_once_with_a_signature() -> None:
    number = Form("number", "float", value="0.5", varies=True)
    mended = candidate(X, number, signatures=900, bare=result("input_signature", input_signature="[…]"))
    mended = replace(mended, variant=Variant("input_signature", (("input_signature", "[…]"),)))
    text = propose("jit_signature", mended)
    assert text.startswith("input_signature=[tf.TensorSpec([64, 2]") and text.endswith("jit_compile=True")
    assert propose("jit_signature", mended, CUT).startswith("withheld: ")
    assert propose("jit_signature", candidate(X, bare=result())).startswith("withheld: ")


def test_autograph_is_spared_only_where_the_one_trace_is_most_of_the_time() -> None:
    slow = result(trace=9.0)
    assert propose("no_autograph", candidate(X, bare=slow)) == "autograph=False"
    assert propose("no_autograph", candidate(X, bare=result())).startswith("withheld: ")
    assert propose("no_autograph", candidate(X, signatures=2, bare=slow)).startswith("withheld: ")


def test_the_length_is_the_scripts_own_or_ten_minutes_of_training() -> None:
    judgement = candidate(X)  # 1,000 calls in 10 s, half of the training's time
    assert length_of(judgement, whole=True).calls == 1000
    cut = length_of(judgement, whole=False)
    assert cut.calls == 1000 * HORIZON_SECONDS / 20 and not cut.whole and "was cut" in cut.reason


def test_relaxed_traces_are_reckoned_once_and_bare_ones_for_each_signature() -> None:
    judgement = candidate(Form("tensor", "float32", (None,)), signatures=50)
    bare, relaxed = result(trace=1.0), result("reduce_retracing", 2, 1.0, reduce_retracing="True")
    assert predicted_seconds(bare, judgement, WHOLE) == pytest.approx(50 * 1.0 + 1000 * 0.01)
    assert predicted_seconds(relaxed, judgement, WHOLE) == pytest.approx(2 * 1.0 + 1000 * 0.01)
