"""Warns the user about the script's network access, and decides which hosts later runs may reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..records import Contacts, Network

if TYPE_CHECKING:
    from ..records import RunOutcome
    from .work import Work

#: The most hosts or paths that a message names.
MOST_NAMED = 5
_ALLOW = "with --network allow, every run may connect to it"


def heed(work: Work, outcome: RunOutcome) -> None:
    """Warn about the hosts that a run reached, before the script runs again. After the first run, set the rules of
    later runs.
    """
    network = work.target.network
    for warning in warnings(network, outcome.contacts):
        work.warn(warning)
    if network.first:
        work.target = replace(work.target, network=after_first(network, outcome.contacts))


def after_first(network: Network, contacts: Contacts) -> Network:
    """The rules of later runs: they may reach the hosts that the first run only read from."""
    return replace(
        network,
        first=False,
        downloads=contacts.downloads,
        remote_reads=contacts.remote_reads,
        # Remote files are read by TensorFlow's C code, which does not reveal host names.
        library_ports=contacts.library_ports if contacts.remote_reads else (),
    )


def warnings(network: Network, contacts: Contacts) -> list[str]:
    """The warnings about a run's network contacts, one clause each."""
    said = []
    if contacts.trackers:
        one = len(contacts.trackers) == 1
        said.append(
            f"{_listed(contacts.trackers)} {'was' if one else 'were'} kept offline in all runs, so that no run sends "
            f"data there ({_ALLOW})"
        )
    sent = [name for name in contacts.reached if name not in contacts.downloads]
    written = _listed(contacts.remote_writes)
    if network.mode == "allow":
        if contacts.reached:
            said.append(f"the script connects to {_listed(contacts.reached)}, and so does each run (--network allow)")
        if written:
            said.append(f"the script writes to {written}, and so does each run (--network allow)")
    elif network.first:
        if sent:
            said.append(
                f"the script connects to {_listed(sent)}; the first run was allowed to, and later runs are "
                f"refused ({_ALLOW})"
            )
        if contacts.downloads:
            said.append(f"the script downloads from {_listed(contacts.downloads)}; later runs may do so again")
        if written:
            done = "the first run did so, and " if network.mode == "offline" else ""
            said.append(
                f"the script writes to {written}; {done}the writes of {'later' if done else 'all'} runs are redirected "
                f"to their scratch copies ({_ALLOW})"
            )
    if network.mode != "allow" and not contacts.kernel:
        said.append(
            "the kernel does not watch the script's connections (that needs Linux 5.5, and a container that allows "
            "seccomp); connections made by Python code are still seen and refused, but those made by C libraries and "
            "by programs that the script starts are not"
        )
    if contacts.posted:
        said.append(
            f"the script sends data to {_listed(contacts.posted)} on this machine; connections within the machine are "
            "always allowed, so each run does this"
        )
    return said


def tell_refused(work: Work) -> None:
    """Warn about refused connections of later runs that no warning has named yet."""
    said = " ".join(work.warnings)
    new = [name for name in sorted(work.target.network.refused) if name not in said]
    if new:
        work.warn(f"a connection to {_listed(new)} was refused ({_ALLOW})")


def refused_words(work: Work) -> str:
    """The conclusion's sentences about runs that ended because a connection was refused; empty if none did."""
    stopped = sorted(work.target.network.stopped)
    if not stopped:
        return ""
    return (
        f"Runs of the script ended because a connection to {_listed(stopped)} was refused, so they give no information "
        "about any function. If all runs may connect to it, use --network allow. Otherwise, make the script continue "
        "without it."
    )


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
