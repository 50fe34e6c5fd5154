"""Helpers for tests of TensorFlow code: whether a function may become a `tf.function`, and what it gains.

pytest finds `plugin` automatically. Importing this package does not import TensorFlow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .calls import call
    from .safety import assert_hybrid_safe

__all__ = ["assert_hybrid_safe", "call"]
_HOMES = {"assert_hybrid_safe": "safety", "call": "calls"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
