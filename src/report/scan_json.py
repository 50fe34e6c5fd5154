"""One function of a scan as plain data, under the name that programs outside of this package import."""

from __future__ import annotations

from .scan.json import to_json

__all__ = ["to_json"]
