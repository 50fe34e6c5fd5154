"""Find eager TensorFlow 2 code that should run as a graph, prove that it may, and write the change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .report.document import load_report

__version__ = "0.1.0"
__all__ = ["__version__", "load_report"]


def __getattr__(name: str) -> Any:
    # `import hybridize` stays light: what it offers is imported when it is asked for.
    if name == "load_report":
        from .report.document import load_report

        return load_report
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
