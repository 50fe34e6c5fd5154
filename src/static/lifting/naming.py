"""Names for functions that are made of regions: they say what the region does, and are free in the file."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

#: Methods that Keras calls on its models: a new method of one of these names would replace it.
_KERAS = frozenset(
    {"train_step", "test_step", "predict_step", "train_on_batch", "fit", "evaluate", "compute_loss", "call"}
)
_PARTS = {
    "discriminator": ("discriminator", "disc", "d"),
    "generator": ("generator", "gen", "g"),
    "actor": ("actor", "policy"),
    "critic": ("critic", "value"),
}


def find_name(
    taken: frozenset[str],
    region: Sequence[ast.stmt],
    function: ast.FunctionDef | None,
    holder: ast.ClassDef | None,
    results: Sequence[str],
    trains: bool = False,
) -> str:
    """The first fitting name that is not ``taken``; ``holder`` is the class that it becomes a method of.

    ``trains``: the region is known to train, even if only functions that it calls do so.
    """
    used = set(taken)
    if holder is not None and any(ast.unparse(base) != "object" for base in holder.bases):
        used |= _KERAS
    names = _names(region, function) if trains or _is_training(region) else _names_of_pass(region, results)
    return next(name for name in names if name not in used)


def find_loop_name(taken: frozenset[str], loop: ast.For, holder: ast.ClassDef | None) -> str:
    """The first free name for a function that is a whole loop, by the names and operations in its body."""
    used = set(taken)
    if holder is not None and holder.bases:
        used |= _KERAS
    calls = (node.func for each in loop.body for node in ast.walk(each) if isinstance(node, ast.Call))
    words = {word for each in calls for word in ast.unparse(each).lower().replace(".", "_").split("_")}
    if _is_training(loop.body) or words & {"train", "training", "fit", "learn", "update", "optimize"}:
        verb = "train"
    elif _is_evaluating(loop.body) or words & {"test", "evaluate", "eval", "validate", "validation", "val"}:
        verb = "evaluate"
    else:
        verb = "run"
    names = [f"{verb}_epoch", f"{verb}_one_epoch", f"{verb}_on_dataset"]
    names += [f"{verb}_epoch_{number}" for number in range(2, 1000)]
    return next(name for name in names if name not in used)


def _names_of_pass(region: Sequence[ast.stmt], results: Sequence[str]) -> Iterator[str]:
    """Names for a region without training: after evaluation if it calls a loss or a metric, else after its result."""
    if _is_evaluating(region):
        yield from ("evaluate_step", "test_step", "evaluate_batch")
        yield from (f"evaluate_step_{number}" for number in range(2, 1000))
    if len(results) == 1:
        yield f"compute_{results[0].strip('_')}"
    yield "compute_outputs"
    yield from (f"compute_outputs_{number}" for number in range(2, 1000))


def _is_evaluating(region: Sequence[ast.stmt]) -> bool:
    called = (node.func for each in region for node in ast.walk(each) if isinstance(node, ast.Call))
    words = (ast.unparse(each).lower() for each in called)
    return any("update_state" in each or "loss" in each or "metric" in each or "accuracy" in each for each in words)


def _names(region: Sequence[ast.stmt], function: ast.FunctionDef | None) -> Iterator[str]:
    part = _part(region)
    if part:
        yield from (f"train_{part}", f"train_{part}_step", f"update_{part}")
    yield from ("train_step", "train_on_batch", "update_weights", "apply_step")
    if function is not None:
        yield f"{function.name.strip('_')}_step"
    yield from (f"train_step_{number}" for number in range(2, 1000))


def _is_training(region: Sequence[ast.stmt]) -> bool:
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in ("gradient", "apply_gradients", "minimize", "GradientTape")
        for each in region
        for node in ast.walk(each)
    )


def _part(region: Sequence[ast.stmt]) -> str:
    """The part of a model that is trained (generator, critic…), by the name of its optimizer; empty if unknown."""
    found = set()
    for node in (each for statement in region for each in ast.walk(statement)):
        if isinstance(node, ast.Attribute) and node.attr in ("apply_gradients", "minimize"):
            words = ast.unparse(node.value).lower().replace(".", "_").split("_")
            parts = [part for part, names in _PARTS.items() if any(word in names for word in words)]
            found.add(parts[0] if parts else "")
    return found.pop() if len(found) == 1 else ""
