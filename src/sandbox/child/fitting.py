"""Hooks what ``Model.fit`` calls for each batch, which is no function of the project's.

Keras makes one Python function that does a batch (or ``steps_per_execution`` of them), eagerly or by a graph, and
calls it from Python either way: a hook around it sees every batch, whatever ``run_eagerly`` says.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ... import tensorflow_internals
from .sources import Finder


def hook(finder: Finder, wrap: Callable[[Any, Callable[..., Any]], Callable[..., Any]]) -> None:
    """Have ``wrap(model, function)`` replace what trains on a batch, of every model whose Keras is imported."""
    for package in tensorflow_internals.KERAS:
        finder.after(package, functools.partial(_replace, package, wrap))


def _replace(package: str, wrap: Callable[..., Any], _module: Any) -> None:
    trainer = tensorflow_internals.batch_trainer(package)
    if trainer is None:
        return
    make = trainer.make_train_function

    @functools.wraps(make)
    def make_train_function(model: Any, *args: Any, **kwargs: Any) -> Any:
        made = make(model, *args, **kwargs)
        function = model.train_function
        if function is not None and not hasattr(function, "hybridize_original"):
            hooked = wrap(model, function)
            hooked.__dict__["hybridize_original"] = function
            model.train_function = hooked
        return model.train_function if made is not None else made

    trainer.make_train_function = make_train_function
