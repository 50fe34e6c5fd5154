"""The options of a command that runs a script, read from its command line and from pyproject.toml."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from ..options import SETTINGS, Options, combine, read_configuration, read_option
from ..report import renderers
from ..run.entry import check_target
from . import commands
from .guesses import explain_extras
from .parsing import Parser, WrongUsage, checked

#: By default there are no values besides those from the command line and pyproject.toml.
_NONE: Mapping[str, object] = MappingProxyType({})


def add_settings(parser: Parser, without: Sequence[str] = ()) -> None:
    """Add the options that are settings, except those in ``without``, and the common options of these commands."""
    for setting in SETTINGS.values():
        if setting.help and setting.name not in without:
            action = "append" if setting.repeated else "store"
            told = setting.help.format(formats=", ".join(renderers.names()))
            parser.add_argument(
                f"--{setting.name}", dest=setting.name, metavar=setting.placeholder, action=action, help=told
            )
    parser.add_argument("-q", "--quiet", action="store_true", help="print only the result")
    parser.add_argument("-v", "--verbose", action="count", help="print more; twice: also hybridize's own tracebacks")
    parser.add_argument("-h", "--help", action="store_true", help="print this")


def passes_inconclusive(values: Mapping[str, object]) -> bool:
    """Whether undecided results pass, according to ``--on-inconclusive``. Raises WrongUsage for other words."""
    word = values.get("on_inconclusive", "pass")
    if word not in ("pass", "fail"):
        raise WrongUsage(f"--on-inconclusive takes pass or fail, not {word!r}.")
    return word == "pass"


def split(arguments: Sequence[str]) -> tuple[list[str], tuple[str, ...] | None]:
    """Split off the script's arguments, which follow ``--``. They are None if there is no ``--``."""
    if "--" not in arguments:
        return list(arguments), None
    cut = list(arguments).index("--")
    return list(arguments[:cut]), tuple(arguments[cut + 1 :])


def read_settings(
    values: Mapping[str, object],
    theirs: tuple[str, ...] | None,
    cwd: Path,
    otherwise: Mapping[str, object] = _NONE,
) -> Options:
    """Make the options from the parser's ``values``, ``theirs`` (the script's arguments) and pyproject.toml.

    ``otherwise`` has values for fields that none of these gives. Raises WrongUsage.
    """
    if sys.platform != "linux":
        raise WrongUsage(
            f"optimize needs Linux, whose kernel protects your files and ends processes; this is "
            f"{sys.platform}. `optimize scan` and `optimize explain` work on every system."
        )
    given: dict[str, object] = {}
    for name in values.keys() & SETTINGS.keys():
        field, value = checked(read_option(name, values[name]), "--")
        given[field] = value
    if theirs is not None:
        given["arguments"] = theirs
    if "apply" in values:
        given["apply"] = True
    verbose = values.get("verbose")
    if "quiet" in values and verbose is not None:
        raise WrongUsage("Give -q or -v, not both.")
    if "quiet" in values:
        given["verbosity"] = -1
    elif isinstance(verbose, int):
        given["verbosity"] = min(2, verbose)
    configured = checked(read_configuration(_configured_in(given, cwd)))
    named = given.keys() | configured.keys()
    rest = {field: value for field, value in otherwise.items() if field not in named}
    if named & {"script", "train_module"}:
        rest = {field: value for field, value in rest.items() if field not in ("script", "train_module")}
    options = checked(combine(given, {**rest, **configured}))
    if mistake := check_target(options, cwd):
        raise WrongUsage(mistake.sentence)
    return options


def refuse(extras: Sequence[str], ours: Sequence[str], parser: Parser, cwd: Path) -> None:
    """Raise WrongUsage if there are unknown arguments."""
    if extras:
        raise WrongUsage(explain_extras(extras, ours, parser.options, commands.names(), cwd))


def _configured_in(given: Mapping[str, object], cwd: Path) -> Path:
    project, script = given.get("project"), given.get("script")
    if isinstance(project, Path):
        return cwd / project
    return (cwd / script).parent if isinstance(script, Path) else cwd
