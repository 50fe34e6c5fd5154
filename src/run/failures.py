"""One clear sentence for each way in which the user's script can fail or not reach its training."""

from __future__ import annotations

import platform
import signal
import sys

from .. import exit_codes
from ..errors import one_line
from ..records import Ending, Offspring, RunOutcome
from .work import Stop

#: The smallest share of the computation by other processes that is mentioned.
SHARE_TOLD = 0.2
#: The words for a failure that hybridize did not cause, and the advice for an exception.
OWN, REMEDY = "by itself, before hybridize changed anything", "Fix that and run again"
_WRITE_ERRORS = ("PermissionError", "PermissionDeniedError", "OSError", "UnknownError", "FailedPreconditionError")


def explain(script: str, outcome: RunOutcome, missed: bool, offspring: Offspring) -> Stop | None:
    """The Stop that a run of the original script leads to; None if the tool can go on.

    ``script`` is the script's name in messages. ``missed``: there are candidates, but none was called. ``offspring``
    are the processes that the script started; candidates may have been called there. The sentence says what happened,
    what it means, and what to do. Raises KeyboardInterrupt if the script was interrupted.
    """
    if outcome.ending is Ending.INTERRUPTED:
        raise KeyboardInterrupt
    failed = _own_failure(script, outcome)
    if failed is not None:
        if outcome.contacts.refused:
            host = outcome.contacts.refused[0]
            failed += f" Before that, its connection to {host} was refused; --network allow permits it."
        return Stop("script-failed", failed, exit_codes.SCRIPT)
    refused = outcome.contacts.stopped
    if refused and (missed or not outcome.tensorflow_imported):
        return Stop(
            "script-failed",
            f"{script} ended because its connection to {refused} was refused. If all runs may connect to it, use "
            "--network allow. Otherwise, make the script continue without it.",
            exit_codes.SCRIPT,
        )
    cut = outcome.ending in (Ending.CUT, Ending.TIMEOUT)
    if offspring.started and (missed or not (outcome.tensorflow_imported or cut)):
        return Stop("nothing-to-gain", _explain_offspring(script, offspring), exit_codes.OK)
    if not outcome.tensorflow_imported and not cut:
        return Stop(
            "nothing-to-gain",
            f"{script} ran to its end without importing TensorFlow, so there is nothing to convert. Is it the script "
            "that trains?",
            exit_codes.OK,
        )
    if not missed:
        return None
    if cut:
        return Stop(
            "nothing-to-gain",
            f"{script} ran for {outcome.seconds:.0f} s without calling a candidate, so no candidate could be checked. "
            "Use a longer --budget, or make the script start faster with its own arguments after `--`.",
            exit_codes.OK,
        )
    return Stop(
        "nothing-to-gain",
        f"{script} ended after {outcome.seconds:.0f} s without calling a candidate, so no candidate could be "
        "checked. Does it need arguments to train? Give them after `--`.",
        exit_codes.OK,
    )


def _explain_offspring(script: str, offspring: Offspring) -> str:
    share = f", which did {offspring.share:.0%} of the computation" if offspring.share >= SHARE_TOLD else ""
    return (
        f"{script} called no candidate itself. It starts other Python processes at {offspring.words}{share}, and "
        "hybridize watches only the script's own process. Call the function directly, set the number of workers to "
        "zero, or pass the script that those processes run."
    )


def has_failed(outcome: RunOutcome) -> bool:
    """Whether a run of the script ended in a failure, whatever the cause."""
    return _own_failure("", outcome) is not None


def refused_in(outcome: RunOutcome) -> str:
    """The host of the refused connection after which a run ended or failed; empty if there is none.

    The error need not name the connection.
    """
    refused = outcome.contacts.refused if has_failed(outcome) else ()
    return outcome.contacts.stopped or next(iter(refused), "")


def _own_failure(script: str, outcome: RunOutcome) -> str | None:
    look = f"its output is in {outcome.log}"
    if outcome.ending is Ending.RAISED:
        return _explain_exception(script, outcome, look)
    if outcome.ending is Ending.EXITED and outcome.code not in (0, None):
        if outcome.code == -signal.SIGABRT:
            return f"{script} called os.abort() {OWN}. Run it alone to see why ({look})."
        return (
            f"{script} ended with exit status {outcome.code} {OWN}. Run it alone to see why ({look}). Does it need "
            "arguments? Give them after `--`."
        )
    if outcome.ending is Ending.KILLED:
        number = -(outcome.code or 0)
        return f"{script} was killed by {_signal_name(number)} {OWN}. Run it alone to see why ({look})."
    return None


def _explain_exception(script: str, outcome: RunOutcome, look: str) -> str:
    if outcome.error_type in ("SyntaxError", "IndentationError", "TabError"):
        return (
            f"{script} can't be run by Python {platform.python_version()}: {outcome.error_type}: {outcome.error} at "
            f"{outcome.error_place}. Fix that first."
        )
    if outcome.error_type == "ModuleNotFoundError":
        missing = (outcome.error or "").removeprefix("No module named ").strip("'")
        return (
            f"{script} needs the package {missing}, which this Python ({sys.executable}) does not have. Install it "
            "there, or run optimize in the environment that the script runs in."
        )
    if outcome.blocked_writes and outcome.error_type in _WRITE_ERRORS:
        return (
            f"{script} writes to {outcome.blocked_writes[0]}, outside of its scratch copy, which no run may "
            "do, and fails without it. Make the script write to a relative path (its arguments go after `--`)."
        )
    place = f" at {outcome.error_place}" if outcome.error_place else ""
    return (
        f"{script} failed {OWN}: {one_line(outcome.error_type, outcome.error)}{place}. {REMEDY} "
        f"({look})."
    )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
