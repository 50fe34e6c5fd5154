"""The options: those of the command line, with defaults from ``[tool.optimize]``.

Every option is one `Setting`, which reads its value from the command line and from pyproject.toml in the same way. So
both accept the same names and values, and reject them with the same messages.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEFAULT_BUDGET_SECONDS = 300.0
#: The fewest calls for a meaningful check, and the fewest seeds that show the spread of eager runs.
LEAST_CALLS, LEAST_SEEDS = 6, 3
SEED_LIMIT = 2**32  # NumPy takes no larger seed.
_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)(s?))?")


@dataclass(frozen=True)
class Options:
    """The options of one run.

    Paths are as given (relative to the working directory) or, from pyproject.toml, relative to its folder. ``seed`` is
    set in every run before the script starts, so that runs can be compared; the script's own seeding comes later and
    overrides it; None sets no seed. ``steps`` is the number of units of work per run (None: as many as the budget
    allows). ``drift_runs`` is the number of seeds over which final results are compared (0: none). ``metrics`` are
    (name, regular expression) pairs for printed numbers. ``network`` says what the runs may connect to: deny, offline
    or allow. ``outputs`` are (format, file) pairs for further reports; the file ``-`` is standard output. ``rewrite``
    limits the changes to the source: decorate, outline too, or loops too. ``verbosity`` is -1 (quiet), 0, 1 or 2.
    """

    script: Path | None = None
    train_module: str | None = None
    arguments: tuple[str, ...] = ()
    project: Path | None = None
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    budget_seconds: float = DEFAULT_BUDGET_SECONDS
    steps: int | None = None
    pairs: int = 10
    drift_runs: int = 0
    seed: int | None = 0
    min_speedup: float = 1.05
    metrics: tuple[tuple[str, str], ...] = ()
    apply: bool = False
    rewrite: str = "outline"
    network: str = "offline"
    results: Path = Path("results")
    format: str = "text"
    outputs: tuple[tuple[str, str], ...] = ()
    verbosity: int = 0


@dataclass(frozen=True)
class Mistake:
    """A mistake in the call of the command, as a sentence that says what to do."""

    sentence: str


@dataclass(frozen=True)
class Setting:
    """One option: its name, its field of `Options`, how its value is read, and a description of the values it takes.

    ``read`` takes a string from the command line or a TOML value, and the folder of pyproject.toml for relative paths.
    It raises ValueError for anything else. ``placeholder`` and ``help`` are shown by --help; without them the option
    has another form on the command line. ``repeated`` options may be given more than once. ``typed`` options must be
    given on the command line, because a file that comes with a project must not be able to change the project's sources
    or choose where to write.
    """

    name: str
    field: str
    takes: str
    read: Callable[[Any, Path], object]
    placeholder: str = ""
    help: str = ""
    repeated: bool = False
    typed: bool = False


def parse_duration(value: object) -> float:
    """Read a length of time, in seconds: a number, or text such as ``90s``, ``5m``, ``1h30m``, ``90``.

    A bare number after hours or minutes is in the next smaller unit (``1h30`` is an hour and a half), else in seconds.
    Raises ValueError for anything else, and for zero or less.
    """
    if isinstance(value, bool):
        raise ValueError
    if isinstance(value, int | float):
        seconds = float(value)
    elif isinstance(value, str) and value.strip() and (found := _DURATION.fullmatch(value.strip().lower())):
        hours, minutes, rest = (float(part) if part else 0.0 for part in found.groups()[:3])
        after_hours = found[1] and not found[2] and not found[4]
        seconds = hours * 3600 + minutes * 60 + rest * (60 if after_hours else 1)
    else:
        raise ValueError
    if not (0 < seconds < math.inf):
        raise ValueError
    return seconds


def combine(given: Mapping[str, object], configured: Mapping[str, object]) -> Options | Mistake:
    """Combine the values from the command line (``given``) and from pyproject.toml (``configured``). The former win.

    Both map fields of `Options` to values that their settings have read. A script or module named on the command line
    replaces the one that the configuration names.
    """
    if "script" in given and "train_module" in given:
        return Mistake("Give --train-script or --train-module, not both.")
    base = dict(configured)
    if "script" in given or "train_module" in given:
        base.pop("script", None)
        base.pop("train_module", None)
    elif "script" in base and "train_module" in base:
        return Mistake("[tool.optimize] names both train-script and train-module; keep one of them.")
    return Options(**{**base, **given})  # type: ignore[arg-type]


def read_option(name: str, value: object, folder: Path | None = None) -> tuple[str, object] | Mistake:
    """Read one option's value. Returns the field of `Options` and its value."""
    setting = SETTINGS[name]
    try:
        return setting.field, setting.read(value, folder or Path())
    except ValueError as error:
        detail = f" ({error})" if str(error) else ""
        shown = value if isinstance(value, str) else repr(value)
        return Mistake(f"{name} takes {setting.takes}, not {shown!r}{detail}.")


def read_configuration(start: Path) -> Mapping[str, object] | Mistake:
    """Read ``[tool.optimize]`` of the nearest pyproject.toml in ``start`` or above it.

    Returns the fields of `Options` that it sets, with their values; empty if there is no such file or table.
    """
    folder = start.absolute()
    file = next((path for path in _candidates(folder) if path.is_file()), None)
    if file is None:
        return {}
    import tomllib

    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return Mistake(f"{file} can't be read: {error}.")
    table = document.get("tool", {}).get("optimize", {}) if isinstance(document.get("tool", {}), dict) else {}
    if not isinstance(table, dict):
        return Mistake(f"{file}: tool.optimize must be a table.")
    fields: dict[str, object] = {}
    for name, value in table.items():
        if name == "apply" or (name in SETTINGS and SETTINGS[name].typed):
            return Mistake(f"{file}: {name} can only be given on the command line, as --{name}.")
        if name not in SETTINGS:
            return Mistake(f"{file}: [tool.optimize] has no option {name!r}{_nearest(name)}.")
        read = read_option(name, value, file.parent)
        if isinstance(read, Mistake):
            return Mistake(f"{file}: {read.sentence}")
        fields[read[0]] = read[1]
    return fields


def nearest(word: str, words: Iterable[str]) -> str:
    """Return `` Did you mean …?`` with the nearest word, or nothing."""
    close = difflib.get_close_matches(word, list(words), n=1, cutoff=0.6)
    return f" Did you mean {close[0]}?" if close else ""


def _candidates(folder: Path) -> list[Path]:
    return [place / "pyproject.toml" for place in (folder, *folder.parents)]


def _nearest(name: str) -> str:
    close = difflib.get_close_matches(name.replace("_", "-"), SETTINGS, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}"
    return f" (it knows {', '.join(sorted(SETTINGS))})"


def _text(value: Any, _: Path) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError
    return value


def _path(value: Any, folder: Path) -> Path:
    return folder / _text(value, folder)


def _texts(value: Any, folder: Path) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError
    return tuple(_text(item, folder) for item in value)


def _strings(value: Any, _: Path) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise ValueError
    return tuple(value)


def _integer(low: int, high: float = math.inf, or_zero: bool = False) -> Callable[[Any, Path], int]:
    def read(value: Any, _: Path) -> int:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise ValueError
        if isinstance(value, str) and not re.fullmatch(r"[+-]?\d{1,18}", value):
            raise ValueError
        number = int(value)
        if not (low <= number <= high or (or_zero and number == 0)):
            raise ValueError
        return number

    return read


def _seed(value: Any, folder: Path) -> int | None:
    return None if value == "none" else _integer(0, SEED_LIMIT - 1)(value, folder)


def _duration(value: Any, _: Path) -> float:
    return parse_duration(value)


def _ratio(value: Any, _: Path) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError
    if isinstance(value, str) and not re.fullmatch(r"\d+(\.\d*)?x?", value):
        raise ValueError
    number = float(value.rstrip("x") if isinstance(value, str) else value)
    if not 1.0 <= number < math.inf:
        raise ValueError
    return number


def _metrics(value: Any, _: Path) -> tuple[tuple[str, str], ...]:
    """Read a table of name = regular expression, or a list of ``NAME=REGEX`` texts."""
    if isinstance(value, dict):
        pairs: list[tuple[Any, ...]] = list(value.items())
    elif isinstance(value, list | tuple):
        pairs = [tuple(str(item).partition("=")[::2]) for item in value]
    else:
        raise ValueError
    for name, expression in pairs:
        if not name or not isinstance(expression, str) or not expression:
            raise ValueError
        try:
            re.compile(expression)
        except re.error as error:
            raise ValueError(f"{expression!r} is not a regular expression: {error}") from None
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise ValueError("a name is given twice")
    return tuple((name, expression) for name, expression in pairs)


def _outputs(value: Any, _: Path) -> tuple[tuple[str, str], ...]:
    """Read a list of ``FORMAT=FILE`` texts."""
    pairs = [text.partition("=")[::2] for text in _texts(value, Path())]
    if not all(form and file for form, file in pairs):
        raise ValueError
    return tuple(pairs)


def _choice(*choices: str) -> Callable[[Any, Path], str]:
    def read(value: Any, _: Path) -> str:
        if value not in choices:
            raise ValueError
        return str(value)

    return read


_IDS = "a list of candidates' ids, such as ['train:Trainer.step']"

#: All options, in the order of --help.
SETTINGS: Mapping[str, Setting] = {
    setting.name: setting
    for setting in (
        Setting(
            "train-script",
            "script",
            "the path of a Python file",
            _path,
            "SCRIPT",
            "the script to run, as you would run it",
        ),
        Setting(
            "train-module",
            "train_module",
            "a dotted module name, such as package.train",
            _text,
            "MODULE",
            "the module to run, as python -m would",
        ),
        Setting("arguments", "arguments", "a list of strings", _strings),
        Setting(
            "project",
            "project",
            "the path of a folder",
            _path,
            "DIR",
            "the project root, where files are read and edited (default: found automatically)",
        ),
        Setting(
            "budget",
            "budget_seconds",
            "a length of time, such as 90s, 5m or 1h30m",
            _duration,
            "TIME",
            "wall-clock time for all runs together: 90s, 5m, 1h30m (5m)",
        ),
        Setting(
            "steps",
            "steps",
            f"a whole number, at least {LEAST_CALLS}, because fewer calls are not compared",
            _integer(LEAST_CALLS),
            "N",
            "end each run after N training steps",
        ),
        # With one group there is no confidence interval, and without an interval nothing is written.
        Setting(
            "pairs",
            "pairs",
            "a whole number, at least 2",
            _integer(2),
            "N",
            "the most groups of processes to time side by side (10)",
        ),
        Setting(
            "drift-runs",
            "drift_runs",
            f"0, or a whole number, at least {LEAST_SEEDS}, because fewer seeds show nothing",
            _integer(LEAST_SEEDS, or_zero=True),
            "N",
            f"also compare final results over N seeds, at least {LEAST_SEEDS}; needs a longer budget (0)",
        ),
        Setting(
            "seed",
            "seed",
            f"a whole number from 0 to {SEED_LIMIT - 1}, or 'none'",
            _seed,
            "N",
            "random seed to set before the script starts, or 'none' (0)",
        ),
        Setting(
            "min-speedup",
            "min_speedup",
            "a ratio, at least 1, such as 1.05",
            _ratio,
            "X",
            "the least speedup that is worth an edit (1.05)",
        ),
        Setting(
            "rewrite",
            "rewrite",
            "'decorate', 'outline' or 'loops'",
            _choice("decorate", "outline", "loops"),
            "decorate|outline|loops",
            "decorate: only add decorators; outline: also move training steps into functions; loops: also move whole "
            "loops over a data set into functions (outline)",
        ),
        Setting(
            "network",
            "network",
            "'deny', 'offline' or 'allow'",
            _choice("deny", "offline", "allow"),
            "MODE",
            "deny, allow, or offline: only the first run may send to other machines (offline)",
        ),
        Setting("results", "results", "the path of a folder", _path, "DIR", "folder for the results (results)"),
        Setting(
            "format",
            "format",
            "'text' or 'json'",
            _choice("text", "json"),
            "F",
            "text, or json: the report on standard output, the rest on standard error",
        ),
        Setting(
            "output",
            "outputs",
            "a format and a file, such as markdown=summary.md",
            _outputs,
            "FORMAT=FILE",
            "also write the report in a format ({formats}); - is standard output; repeatable",
            repeated=True,
            typed=True,
        ),
        Setting(
            "only",
            "only",
            _IDS,
            _texts,
            "ID",
            "try only this candidate, such as train:Trainer.step; repeatable",
            repeated=True,
        ),
        Setting("skip", "skip", _IDS, _texts, "ID", "do not convert this candidate; repeatable", repeated=True),
        Setting(
            "metric",
            "metrics",
            "NAME=REGEX",
            _metrics,
            "NAME=REGEX",
            "a printed number to check for drift, as a regular expression; repeatable",
            repeated=True,
        ),
        Setting("verbosity", "verbosity", "a whole number from -1 (quiet) to 2", _integer(-1, 2)),
    )
}
