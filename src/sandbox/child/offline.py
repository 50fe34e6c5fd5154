"""Keeps experiment trackers offline by changing their calls, when the script imports one (see `trackers`)."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable
from types import ModuleType
from typing import Any

from ..trackers import FOLDER, TRACKERS, Tracker, is_no_server, variables
from .sources import Finder


def keep_offline(finder: Finder, folder: str, told: Callable[[str], None]) -> None:
    """Change each tracker's calls when it has been imported; ``told`` then gets the tracker's name.

    The environment variables are set again before the import, because the script may have changed them.
    """
    for tracker in TRACKERS:
        finder.before(tracker.module, lambda: os.environ.update(variables(os.environ, folder)))
        finder.after(tracker.module, functools.partial(_switch_off, tracker, folder, told))


def _switch_off(tracker: Tracker, folder: str, told: Callable[[str], None], module: ModuleType) -> None:
    told(tracker.name)
    for path, instead in tracker.classes.items():
        if hasattr(module, path) and hasattr(module, instead):
            setattr(module, path, _without_key(getattr(module, instead)))
    for path, parameter, value in tracker.arguments:
        _set_argument(module, path, parameter, functools.partial(_keep_or_take, tracker.off.__contains__, value))
    for path, parameter, value in tracker.addresses:
        local = value.replace(FOLDER, folder) if isinstance(value, str) else value
        _set_argument(module, path, parameter, functools.partial(_keep_or_take, is_no_server, local))


def _set_argument(module: ModuleType, path: str, parameter: str, choose: Callable[[Any], Any]) -> None:
    """Replace an argument by ``choose(argument)`` in all calls of a function; None stands for a missing one."""
    *owners, name = path.split(".")
    owner: Any = module
    for part in owners:
        owner = getattr(owner, part, None)
    original = getattr(owner, name, None)
    if not callable(original):
        return
    try:
        signature = inspect.signature(original)
    except ValueError:
        return

    @functools.wraps(original)
    def chosen(*args: Any, **kwargs: Any) -> Any:
        if parameter not in signature.parameters:
            return original(*args, **{**kwargs, parameter: choose(kwargs.get(parameter))})
        try:
            bound = signature.bind_partial(*args, **kwargs)
        except TypeError:
            # The arguments do not fit; let the call raise its own error.
            return original(*args, **kwargs)
        bound.arguments[parameter] = choose(bound.arguments.get(parameter))
        # `BoundArguments.args` needs them in the order of the parameters.
        bound.arguments = {key: bound.arguments[key] for key in signature.parameters if key in bound.arguments}
        return original(*bound.args, **bound.kwargs)

    setattr(owner, name, chosen)


def _keep_or_take(keeps: Callable[[Any], bool], instead: Any, given: Any) -> Any:
    return given if keeps(given) else instead


def _without_key(offline: Any) -> Any:
    """A function that makes an ``offline`` object from the arguments of the online class, without the account's key."""

    @functools.wraps(offline, updated=())
    def make(api_key: Any = None, *args: Any, **kwargs: Any) -> Any:
        return offline(*args, **kwargs)

    return make
