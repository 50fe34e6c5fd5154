"""``@tf.function(input_signature=[…])``: one trace for all arguments that fit the signature.

The signature is made from the arguments of the observed calls. An axis is ``None`` only if its size varied. If the
observed run was cut, the first axis is ``None`` too, because the smaller last batch of an epoch may not have come yet.
A Python float becomes a scalar of the tensors' precision, and a Python integer an int64 scalar, which no training
overflows. Arguments that do not fit the signature raise an error. So the variant is withheld if an argument is anything
but tensors, arrays, numbers and short containers of them: an object, a model, a variable, a string, None, a flag.

It helps if a bare ``tf.function`` would be retraced again and again. A function that reads an unknown size, or needs a
number in Python, can't be traced with it.
"""

from __future__ import annotations

from dataclasses import replace

from ...records import Form, Judgement, ObservedParameter, Reason, Variant
from ..costs import Length, forms, numbers_vary, retracing_pays, shapes_vary

NAME = "input_signature"
RANK = 2
MOST_PARTS = 32
_DTYPES = frozenset(
    (
        *("bool", "string", "bfloat16", "float16", "float32", "float64", "complex64", "complex128"),
        *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    )
)


def propose(judgement: Judgement, length: Length) -> Variant | Reason:
    """Worth trying if shapes or Python numbers vary and each of them would be a trace."""
    if not shapes_vary(judgement) and not numbers_vary(judgement):
        return Reason("withheld", "neither shapes nor Python numbers vary")
    signature = write_signature(judgement, length)
    if isinstance(signature, Reason):
        return signature
    if not retracing_pays(judgement, length):
        return Reason("withheld", "its traces cost too little to matter")
    return Variant(NAME, (("input_signature", signature),))


def write_signature(judgement: Judgement, length: Length) -> str | Reason:
    """The signature that accepts the observed arguments, as source text, or the reason why there is none."""
    parameters = [p for p in judgement.observation.parameters if p.name != "self"]
    found = _in_order(parameters)
    if isinstance(found, Reason):
        return found
    if not found:
        return Reason("withheld", "it takes no arguments")
    parts = list(forms(judgement))
    if len(parts) > MOST_PARTS:
        return Reason("withheld", f"its arguments have {len(parts)} parts")
    double = any(part.dtype == "float64" for part in parts) and not any(part.dtype == "float32" for part in parts)
    texts = []
    for name, form in found:
        text = _spec(form if length.whole else _open(form), "tf.float64" if double else "tf.float32")
        if isinstance(text, Reason):
            return replace(text, message=f"`{name}` is {text.message}")
        texts.append(text)
    return f"[{', '.join(texts)}]"


def _in_order(parameters: list[ObservedParameter]) -> list[tuple[str, Form]] | Reason:
    """The parameters' names and forms by position, or the reason if one is left out in some call."""
    found: dict[int, tuple[str, Form]] = {}
    for parameter in parameters:
        if parameter.position is None:
            return Reason("withheld", f"`{parameter.name}` can't be given by position")
        if not parameter.in_every_call:
            return Reason("withheld", f"`{parameter.name}` is left to its default in some calls")
        if parameter.form is None:
            return Reason("withheld", f"the arguments for `{parameter.name}` are not known")
        found[parameter.position] = parameter.name, parameter.form
    if sorted(found) != list(range(len(found))):
        return Reason("withheld", "a parameter before the last one given is left to its default")
    return [found[place] for place in range(len(found))]


def _spec(form: Form, floating: str) -> str | Reason:
    shape = str(list(form.shape))
    if form.kind == "number":
        if form.dtype == "bool":
            return Reason("withheld", "a flag (a Python bool)")
        return f"tf.TensorSpec([], {'tf.int64' if form.dtype == 'int' else floating})"
    if form.kind in ("tensor", "ragged", "sparse"):
        if form.dtype not in _DTYPES:
            return Reason("withheld", f"a {form.kind} of {form.dtype}")
        if form.kind == "tensor":
            return f"tf.TensorSpec({shape}, tf.{form.dtype})"
        if form.kind == "sparse":
            return f"tf.SparseTensorSpec({shape}, tf.{form.dtype})"
        return f"tf.RaggedTensorSpec({shape}, tf.{form.dtype}, {form.ragged_rank}, tf.{form.splits})"
    if form.kind not in ("list", "tuple", "dict"):
        return Reason("withheld", form.note)
    texts = []
    for key, item in form.items:
        text = _spec(item, floating)
        if isinstance(text, Reason):
            return replace(text, message=f"a {form.kind} that holds {text.message}")
        texts.append(f"{key!r}: {text}" if form.kind == "dict" else text)
    inside = ", ".join(texts)
    if form.kind == "dict":
        return f"{{{inside}}}"
    return f"[{inside}]" if form.kind == "list" else f"({inside}{',' if len(texts) == 1 else ''})"


def _open(form: Form) -> Form:
    """The form with the first axis of every tensor unknown."""
    items = tuple((key, _open(item)) for key, item in form.items)
    return replace(form, shape=(None, *form.shape[1:]) if form.shape else (), items=items)
