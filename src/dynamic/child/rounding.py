"""Whether amplified rounding explains that a graph gave other numbers than eager code (in the child process).

Eager code is run again from perturbed inputs. A difference that is no larger than those between these runs is rounding.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .comparing import Comparison
    from .nudging import Nudge
    from .shadowing import Shadow

#: How often inputs are perturbed to measure how a function amplifies rounding.
NUDGES = 3


def explain(shadow: Shadow, comparison: Comparison, after: Any) -> bool:
    """Distinguish amplified rounding from a wrong result. ``after`` are the variables after the script's own call.

    First the variables are perturbed by rounding errors, then the arguments too. Adds the unexplained differences
    to the mismatches. Returns False if rounding changes every result so much that nothing can be concluded.
    """
    from .comparing import WILD, perturbed_within
    from .nudging import Nudge

    reference: dict[str, float] = {}
    for seed in range(NUDGES):
        _repeat(shadow, Nudge(shadow.before, seed), shadow.args, shadow.kwargs, after, reference)
    unexplained = perturbed_within(comparison, reference)
    if unexplained and _takes_copies(shadow, after):
        for seed in range(NUDGES):
            nudge = Nudge(shadow.before, seed)
            _repeat(shadow, nudge, nudge.moved(shadow.args), nudge.moved(shadow.kwargs), after, reference)
        unexplained = perturbed_within(comparison, reference)
    comparison.mismatches.extend(unexplained)
    wild = {place for place in comparison.numeric if reference.get(place, 0.0) > WILD}
    return bool(comparison.errors.keys() - wild)


def _takes_copies(shadow: Shadow, after: Any) -> bool:
    """Whether eager code gives the same result for equal arguments. Some functions test object identity."""
    from .nudging import Nudge

    nudge = Nudge(shadow.before)
    same: dict[str, float] = {}
    args, kwargs = nudge.copied(shadow.args), nudge.copied(shadow.kwargs)
    return _repeat(shadow, None, args, kwargs, after, same) and not any(same.values())


def _repeat(
    shadow: Shadow, nudge: Nudge | None, args: Any, kwargs: Any, after: Any, reference: dict[str, float]
) -> bool:
    """Run the eager call again from the state before it, perturbed by ``nudge``.

    The largest distance of each result from the first run goes into ``reference``. Returns False if the call
    raised, or returned a different structure.
    """
    from . import streams, variables
    from .comparing import Comparison, compare_results, compare_variables

    shadow.rewind()
    try:
        with nudge or contextlib.nullcontext():
            moved = shadow.original(*args, **kwargs)
    except Exception as error:
        shadow.check.doubts.setdefault("nudge", f"a perturbed run raised {type(error).__name__}")
        return False
    comparison = Comparison()
    compare_results(shadow.result, moved, comparison)
    compare_variables(shadow.before, after, variables.snapshot(streams.of_others()), comparison)
    for place, distance in comparison.errors.items():
        reference[place] = max(distance, reference.get(place, 0.0))
    return not comparison.mismatches
