"""Find eager TensorFlow 2 code that should run as a graph, prove that it may, and write the change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api import optimize, scan
    from .report.document import load_report
    from .testing.safety import assert_hybrid_safe

__version__ = "0.1.0"
__all__ = ["__version__", "assert_hybrid_safe", "load_report", "optimize", "scan"]
_HOMES = {
    "assert_hybrid_safe": "testing.safety",
    "load_report": "report.document",
    "optimize": "api",
    "scan": "api",
}


def __getattr__(name: str) -> Any:
    # Imported on first use, so that `import hybridize` stays fast.
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
