"""Hooks the function of Keras that ``Model.fit`` calls for each batch; the project does not contain it.

Keras makes one Python function that runs a batch (or ``steps_per_execution`` batches), eagerly or as a graph, and
always calls it from Python. So a hook around it sees every batch, whatever ``run_eagerly`` says.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ... import tensorflow_internals
from .sources import Finder


def hook(finder: Finder, wrap: Callable[[Any, Callable[..., Any]], Callable[..., Any]]) -> None:
    """Replace each model's train function by ``wrap(model, function)``, in every Keras that the script imports."""
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
