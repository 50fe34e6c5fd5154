"""A role: the timed arm, which stops at step boundaries and waits for its turn.

Nothing else is attached to a timed run, except that the script's clock stops while it waits. The boundary precedes a
call of the step function, so a step lasts from the start of one call to the start of the next, with data loading and
logging. A call within one of the functions in ``covers`` is not a step: there the edited script runs a graph.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from typing import Any

from . import child as child_module
from . import fitting
from .binding import bind, disguise
from .child import Child
from .clock import Clock, perf_counter


class Turns:
    """Counts the steps of a timed arm and ends the turn after the granted steps."""

    def __init__(self, child: Child, clock: Clock) -> None:
        self.child = child
        self.clock = clock
        self.units = 0
        # A forked child did not import TensorFlow; the user's script does, so those seconds are added.
        self.since = child_module.started - child_module.spared
        self.in_turn = 0
        self.granted = 0
        self.begun = False
        self.thread: int | None = None  # the first training thread
        self.inside = 0  # the depth of running calls of step functions and functions in `covers`

    def boundary(self) -> None:
        """Called before each step: waits for the next turn after the granted steps."""
        self.child.boundary()
        if not self.begun or self.in_turn >= self.granted:
            self._hand_over()
        self.in_turn += 1
        self.units += 1

    def _hand_over(self) -> None:
        synchronize()
        now = perf_counter()
        self.child.send(
            "boundary",
            units=self.in_turn,
            seconds=now - self.since,
            total_units=self.units,
            startup=not self.begun,
            device_bytes=device_peak_bytes(),
            clock_reads=self.clock.reads,
        )
        self.begun = True
        message = self.child.receive()
        if message.get("stop"):
            self.child.request_cut("it was told to stop")
            self.child.boundary()
        self.granted = int(message["units"])
        self.in_turn = 0
        self.since = perf_counter()
        self.clock.hide(self.since - now)
        self.clock.jump(float(message.get("ahead", 0.0)))

    def finish(self) -> dict[str, Any]:
        """Report the last, unfinished turn."""
        if not self.child.cut:
            synchronize()
            self.child.send(
                "end",
                units=self.in_turn,
                seconds=perf_counter() - self.since,
                total_units=self.units,
                device_bytes=device_peak_bytes(),
            )
        return {"units": self.units}


def synchronize() -> None:
    """Wait until the devices have finished their work, so that a time includes it."""
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None:
        try:
            tensorflow.test.experimental.sync_devices()
        except Exception:  # some versions and devices lack it; the CPU does not need it
            pass


def device_peak_bytes() -> int:
    """The peak memory so far on all accelerators together, in bytes; 0 if none reports it.

    Source: ``tf.config.experimental.get_memory_info``, which knows GPUs and TPUs.
    """
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None:
        return 0
    try:
        devices = [device for kind in ("GPU", "TPU") for device in tensorflow.config.list_logical_devices(kind)]
        infos = [tensorflow.config.experimental.get_memory_info(device.name.split("device:")[-1]) for device in devices]
        return sum(int(info["peak"]) for info in infos)
    except Exception:  # some versions and devices lack it; the timed run goes on without the number
        return 0


def install(child: Child) -> None:
    """Make the child a timed arm."""
    clock = Clock()
    clock.install()
    turns = Turns(child, clock)
    owner = os.getpid()
    covers = frozenset(child.job.get("covers", ()))

    def wrap(candidate: str, function: Any) -> Callable[..., Any]:
        call = bind(function)

        def unit(*args: Any, **kwargs: Any) -> Any:
            here = turns.thread in (None, threading.get_ident()) and os.getpid() == owner and _is_eager()
            if not here or turns.inside:
                return call(args, kwargs)
            turns.thread = threading.get_ident()
            if candidate not in covers:
                turns.boundary()
            turns.inside += 1
            try:
                return call(args, kwargs)
            finally:
                turns.inside -= 1

        return disguise(unit, function)

    child.wrap = wrap
    child.finish = turns.finish
    if "fit" in child.job:
        fitting.hook(child.finder, lambda model, function: wrap(child.job["fit"], function))


def _is_eager() -> bool:
    tensorflow = sys.modules.get("tensorflow")
    return tensorflow is None or bool(tensorflow.executing_eagerly())
