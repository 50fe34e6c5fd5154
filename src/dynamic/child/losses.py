"""The losses that Keras' layers collect while they are called, and that a script reads after a call (`model.losses`).

A trace clears them and adds symbolic tensors, which nothing outside of its graph can read.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from ... import tensorflow_internals
from ...tensorflow_internals import MissingName


@contextlib.contextmanager
def kept() -> Iterator[None]:
    """Put back what each layer had collected before the block. Raises MissingName at its end if that can't be done."""
    import tensorflow as tf

    saved: list[tuple[list[Any], list[Any]]] = []
    known: set[int] = set()
    missing: list[MissingName] = []

    def saving(original: Callable[..., Any]) -> Callable[..., Any]:
        def save(layer: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                losses = tensorflow_internals.losses_in(layer)
            except MissingName as error:
                missing.append(error)
            else:
                if id(losses) not in known:
                    known.add(id(losses))
                    saved.append((losses, list(losses)))
            return original(layer, *args, **kwargs)

        # AutoGraph would convert it like code of the project.
        return tf.autograph.experimental.do_not_convert(save)  # type: ignore[no-any-return]

    with contextlib.ExitStack() as patches:
        for kind in tensorflow_internals.layer_classes():
            for name in tensorflow_internals.LOSSES_CHANGED_BY:
                original = vars(kind).get(name)
                if original is not None:
                    setattr(kind, name, saving(original))
                    patches.callback(setattr, kind, name, original)
        try:
            yield
        finally:
            for losses, before in saved:
                losses[:] = before
    if missing:
        raise missing[0]
