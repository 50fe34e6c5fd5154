"""The exit codes: an interface for CI and for scripts."""

from __future__ import annotations

OK, CHECK, USAGE, SCRIPT, OURS, INTERRUPTED = 0, 1, 2, 3, 4, 130
