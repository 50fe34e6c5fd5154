"""Which functions this run tries to convert: those that the scan proposes and the user did not exclude."""

from __future__ import annotations

from ..records import Action, Function, Scan
from ..report.wording import count
from .work import Work


def is_proposed(work: Work, function: Function) -> bool:
    """Whether a function is a candidate of this run: the scan proposes it and the user did not exclude it."""
    fits = function.proposal is Action.HYBRIDIZE and function.id not in work.parted
    return is_wanted(work, function) and fits


def is_wanted(work: Work, function: Function) -> bool:
    """Whether the user did not exclude a function (--only, --skip)."""
    options = work.options
    return (not options.only or function.id in options.only) and function.id not in options.skip


def is_to_time(function: Function) -> bool:
    """Whether a function is refused from source but may still take much of the time."""
    name = function.qualname.rpartition(".")[2]
    special = name.startswith("__") and name != "__call__"
    refused = function.blocker is not None and function.hybrid is None and function.proposal is Action.NONE
    return refused and function.computes_with_tensors is not False and not special and not name.startswith("<")


def tell(work: Work, found: Scan) -> None:
    """Note how many files, functions and candidates a scan found."""
    reachable = [f for f in found.functions if f.file in found.reachable]
    candidates = sum(is_proposed(work, f) for f in reachable)
    hybrid = sum(f.hybrid is not None for f in reachable)
    work.watcher.note(
        f"{count(len(found.reachable), 'file')}, {count(len(reachable), 'function')}: "
        f"{count(candidates, 'candidate')}, {hybrid} already a tf.function"
    )
