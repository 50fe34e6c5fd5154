"""The `optimize` command: options in, exit code out.

Nothing heavy is imported before it is needed: ``--help`` and mistakes are answered at once.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO, TypeVar

from . import __version__
from .mistakes import check_target, explain_extras, nearest
from .options import SETTINGS, Mistake, Options, combine, read_configuration, read_option

if TYPE_CHECKING:
    from .records import Finding, Function, Scan

_Value = TypeVar("_Value")

DONE, CHECK_FAILED, USAGE, OWN_FAILURE, INTERRUPTED = 0, 1, 2, 4, 130

_HELP = """\
usage: optimize --train-script SCRIPT [options] [-- arguments of the script]
       optimize --train-module MODULE [options] [-- arguments of the module]
       optimize scan PATH... [--format text|json|sarif]
       optimize explain [CODE]

Finds eager TensorFlow 2 code that should run as a graph, proves by running your script that it may,
and writes the change as a patch, with what it gains and whether anything drifted.

examples:
  optimize --train-script train.py
      Try it: nothing of yours is changed. Patch, numbers and reasons go to results/latest/.

  optimize --train-script train.py -- --epochs 3 --data mnist
      What follows -- are the arguments of your script.

  optimize --train-module package.train
      For what you would run as: python -m package.train

  optimize --train-script train.py --budget 20m --steps 500
      Spend up to 20 minutes; cut each run after 500 training steps.

  optimize --train-script train.py --metric 'accuracy=val_acc: ([0-9.]+)' --apply
      Watch a number that the script prints; edit the sources in place when all is well.

  optimize scan src/ --format sarif > candidates.sarif
      Only read the source, run nothing. Exits with 1 where there are candidates.

  optimize explain HYB104
      What a finding's code means and what to do about it; without a code, the list of all.

{options}
All of these but --apply can stand in the project's pyproject.toml as well:
  [tool.optimize]
  train-script = "train.py"
  budget = "20m"
  metric = {{ accuracy = "val_acc: ([0-9.]+)" }}

exit codes:
  0 done, also when there is nothing to gain    1 drift: the edited script ends with other numbers
  2 wrong usage    3 the script failed by itself    4 our own failure, or --apply was refused
  130 interrupted
"""

# Each option that takes a value: its name in SETTINGS, its placeholder and what --help says of it.
_VALUED = (
    ("train-script", "SCRIPT", "the script to run, as you would run it"),
    ("train-module", "MODULE", "the module to run, as python -m would"),
    ("project", "DIR", "the project's root, where files are read and edited (found by itself)"),
    ("budget", "TIME", "wall time for all runs together: 90s, 5m, 1h30m (5m)"),
    ("steps", "N", "cut each run after N units of work, such as training steps"),
    ("pairs", "N", "groups of processes that are timed side by side, at most (10)"),
    ("drift-runs", "N", "compare what the script ends with over N seeds, 3 at least to tell; takes budget (0)"),
    ("seed", "N", "seed set before the script starts; 'none' sets none (0)"),
    ("min-speedup", "X", "leave alone what gains less (1.05)"),
    ("network", "N", "deny, allow, or offline: the first run alone may send to other machines (offline)"),
    ("results", "DIR", "where the results go (results)"),
    ("format", "F", "text, or json: the report on standard output, the rest on standard error"),
)
_REPEATED = (
    ("only", "ID", "try this candidate only, such as train:Trainer.step; may be repeated"),
    ("skip", "ID", "leave this candidate alone; may be repeated"),
    ("metric", "NAME=REGEX", "a number that the script prints, to be watched for drift; may be repeated"),
)


class _Wrong(Exception):
    """The command was called in a way that it does not understand; carries the sentence that says so."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        missing = re.fullmatch(r"argument (\S+): expected .*", message)
        raise _Wrong(f"{missing[1]} needs a value." if missing else f"{message}; see optimize --help.")


def main(argv: Sequence[str] | None = None, stdout: TextIO | None = None, stderr: TextIO | None = None) -> int:
    """Run the command with these arguments (by default the process's own) and give its exit code.

    Whatever happens, nothing is raised: each mistake and failure ends with one sentence on ``stderr``.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    out, err = _tolerant(stdout or sys.stdout), _tolerant(stderr or sys.stderr)
    failures = _Failures(err)
    try:
        if arguments[:1] == ["scan"]:
            code = _scan(arguments[1:], out, err)
        elif arguments[:1] == ["explain"]:
            code = _explain(arguments[1:], out)
        else:
            code = _optimize(arguments, out, err, failures)
        out.flush()
        return code
    except _Wrong as wrong:
        print(f"optimize: {wrong}", file=err)
        return USAGE
    except KeyboardInterrupt:
        print("optimize: interrupted.", file=err)
        return INTERRUPTED
    except BrokenPipeError:
        # Who read our output has had enough; the interpreter must not trip over it when it flushes.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
        return DONE
    except Exception as error:
        failures.report(error)
        return OWN_FAILURE


class _Failures:
    """Where a failure of our own is put: the sentence on the terminal, the traceback in a file."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.folder: Path | None = None
        self.verbosity = 0

    def report(self, error: Exception) -> None:
        import traceback

        text = "".join(traceback.format_exception(error))
        place = self._write(text)
        where = f"the traceback is in {place}" if place else "run again with -v -v for the traceback"
        reason = str(error).strip().partition("\n")[0]
        what = f"{type(error).__name__}: {reason}" if reason else type(error).__name__
        print(f"optimize: hybridize itself failed: {what}; {where}; please report it.", file=self.stream)
        if self.verbosity >= 2:
            print(text, file=self.stream, end="")

    def _write(self, text: str) -> Path | None:
        for make in (self._results, _own_folder):
            try:
                if (folder := make()) is not None:
                    folder.mkdir(parents=True, exist_ok=True)
                    (folder / "error.log").write_text(text, encoding="utf-8", errors="backslashreplace")
                    return folder / "error.log"
            except OSError:
                continue
        return None

    def _results(self) -> Path | None:
        return self.folder


def _own_folder() -> Path:
    import tempfile

    return Path(tempfile.mkdtemp(prefix="hybridize-"))


def _optimize(arguments: list[str], stdout: TextIO, stderr: TextIO, failures: _Failures) -> int:
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    ours, theirs = arguments[:cut], arguments[cut + 1 :]
    parser = _option_parser()
    parsed, extras = parser.parse_known_args(ours)
    values = vars(parsed)
    if "help" in values:
        stdout.write(_HELP.format(options=_option_list(parser)))
        return DONE
    if "version" in values:
        print(f"optimize (hybridize) {__version__}", file=stdout)
        return DONE
    if sys.platform != "linux":
        raise _Wrong(
            f"optimize needs Linux, for it guards your files and ends processes by means of its kernel; this is "
            f"{sys.platform}. `optimize scan` and `optimize explain` work here too."
        )
    cwd = Path.cwd()
    if extras:
        raise _Wrong(explain_extras(extras, ours, _option_names(parser), cwd))
    given: dict[str, object] = {}
    for name in values.keys() & SETTINGS.keys():
        field, value = _checked(read_option(name, values[name]), "--")
        given[field] = value
    if cut < len(arguments):
        given["arguments"] = tuple(theirs)
    if "apply" in values:
        given["apply"] = True
    if "quiet" in values and "verbose" in values:
        raise _Wrong("-q and -v contradict each other.")
    if "quiet" in values or "verbose" in values:
        given["verbosity"] = -1 if "quiet" in values else min(2, values["verbose"])
    options = _checked(combine(given, _checked(read_configuration(_configured_in(given, cwd)))))
    if mistake := check_target(options, cwd):
        raise _Wrong(mistake.sentence)
    failures.folder, failures.verbosity = options.results, options.verbosity
    return _run(options, ["optimize", *arguments], stdout, stderr)


def _run(options: Options, command: Sequence[str], stdout: TextIO, stderr: TextIO) -> int:
    from .report.renderers.terminal import Terminal
    from .run import pipeline

    terminal = Terminal(stdout, stderr, verbosity=options.verbosity, format=options.format)
    try:
        report = pipeline.run(options, terminal, command)
        terminal.finish(report)
    finally:
        terminal.close()
    return report.exit_code


def _scan(arguments: list[str], stdout: TextIO, stderr: TextIO) -> int:
    parser = _Parser(prog="optimize scan", allow_abbrev=False, add_help=False, argument_default=argparse.SUPPRESS)
    parser.add_argument("paths", nargs="*", metavar="PATH", default=[], help="files and folders to read")
    parser.add_argument("--format", default="text", metavar="F", help=f"{', '.join(_scan_formats())} (text)")
    parser.add_argument("--select", action="append", metavar="CODES", help="only these codes: HYB104,HYB2")
    parser.add_argument("--ignore", action="append", metavar="CODES", help="without these codes")
    parser.add_argument("--exit-zero", action="store_true", help="exit with 0 also where there are candidates")
    parser.add_argument("-h", "--help", action="store_true", help="show this")
    parsed, extras = parser.parse_known_args(arguments)
    if "help" in parsed:
        parser.print_help(stdout)
        return DONE
    if extras:
        raise _Wrong(f"There is no option {extras[0]}.{nearest(extras[0], _option_names(parser))}")
    if parsed.format not in _scan_formats():
        raise _Wrong(f"--format takes {', '.join(_scan_formats())}, not {parsed.format!r}.")
    if not parsed.paths:
        raise _Wrong("Name the files or folders to scan: optimize scan .")
    paths = [_existing(Path(path)) for path in parsed.paths]

    from importlib import import_module

    from . import static
    from .static.rules import all_rules

    titles = {rule.code: rule.title for rule in all_rules()}
    select, ignore = (_codes(getattr(parsed, name, []), titles) for name in ("select", "ignore"))
    scan = _narrowed(static.scan(_root_of(paths), None, paths), select, ignore)
    for warning in scan.warnings:
        print(f"warning: {warning}", file=stderr)
    stdout.write(import_module(f"{__package__}.report.scan_{parsed.format}").render(scan, titles))
    found = any(function.proposal.value != "none" for function in scan.functions)
    return CHECK_FAILED if found and "exit_zero" not in parsed else DONE


def _explain(arguments: list[str], stdout: TextIO) -> int:
    if "-h" in arguments or "--help" in arguments:
        print("usage: optimize explain [CODE]\n\nWithout a code, lists all of them.", file=stdout)
        return DONE
    if len(arguments) > 1 or any(argument.startswith("-") for argument in arguments):
        raise _Wrong("explain takes one code, such as HYB104, or nothing.")

    from .static.rules import all_rules, explain

    rules = sorted(all_rules(), key=lambda rule: rule.code)
    if not arguments:
        for rule in rules:
            print(f"{rule.code}  {rule.title}", file=stdout)
        return DONE
    code, known = arguments[0].upper(), [rule.code for rule in rules]
    if code not in known:
        raise _Wrong(f"There is no code {arguments[0]}.{nearest(code, known)} optimize explain lists them all.")
    print(explain(code).rstrip("\n"), file=stdout)
    return DONE


def _option_parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="optimize", add_help=False, allow_abbrev=False, argument_default=argparse.SUPPRESS)
    for name, placeholder, text in _VALUED:
        parser.add_argument(f"--{name}", dest=name, metavar=placeholder, help=text)
    for name, placeholder, text in _REPEATED:
        parser.add_argument(f"--{name}", dest=name, metavar=placeholder, action="append", help=text)
    parser.add_argument("--apply", action="store_true", help="edit the sources in place when all is well")
    parser.add_argument("-q", "--quiet", action="store_true", help="print only the result")
    parser.add_argument("-v", "--verbose", action="count", help="print more; twice: also tracebacks of ours")
    parser.add_argument("--version", action="store_true", help="print the version")
    parser.add_argument("-h", "--help", action="store_true", help="print this")
    return parser


def _option_names(parser: argparse.ArgumentParser) -> list[str]:
    return [name for action in parser._actions for name in action.option_strings]


def _option_list(parser: argparse.ArgumentParser) -> str:
    formatter = argparse.RawDescriptionHelpFormatter("optimize", max_help_position=26, width=100)
    formatter.start_section("options")
    formatter.add_arguments(parser._actions)
    formatter.end_section()
    return formatter.format_help()


def _configured_in(given: dict[str, object], cwd: Path) -> Path:
    project, script = given.get("project"), given.get("script")
    if isinstance(project, Path):
        return cwd / project
    return (cwd / script).parent if isinstance(script, Path) else cwd


def _checked(value: _Value | Mistake, prefix: str = "") -> _Value:
    if isinstance(value, Mistake):
        raise _Wrong(prefix + value.sentence)
    return value


def _scan_formats() -> list[str]:
    folder = Path(__file__).parent / "report"
    return sorted(path.stem.removeprefix("scan_") for path in folder.glob("scan_*.py"))


def _existing(path: Path) -> Path:
    if not path.exists():
        near = [str(each) for each in path.parent.glob("*")] if path.parent.is_dir() else []
        raise _Wrong(f"There is no {path}.{nearest(str(path), near)}")
    return path.resolve()


def _root_of(paths: Sequence[Path]) -> Path:
    """Give the folder that modules are named from: the common one, or that above it if it is a package."""
    root = Path(os.path.commonpath([path if path.is_dir() else path.parent for path in paths]))
    while (root / "__init__.py").is_file() and root.parent != root:
        root = root.parent
    return root


def _codes(given: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    codes = tuple(code.strip().upper() for text in given for code in text.split(",") if code.strip())
    for code in codes:
        if not any(each.startswith(code) for each in known):
            raise _Wrong(f"There is no code {code}.{nearest(code, known)} optimize explain lists them all.")
    return codes


def _narrowed(scan: Scan, select: tuple[str, ...], ignore: tuple[str, ...]) -> Scan:
    """Leave out findings by code; with ``select``, functions without any selected finding as well."""
    if not (select or ignore):
        return scan

    def keeps(finding: Finding) -> bool:
        return (not select or finding.code.startswith(select)) and not finding.code.startswith(ignore or ("\0",))

    def narrowed(function: Function) -> Function:
        blocker = function.blocker if function.blocker is None or keeps(function.blocker) else None
        return replace(function, findings=tuple(filter(keeps, function.findings)), blocker=blocker)

    functions = tuple(map(narrowed, scan.functions))
    if select:
        functions = tuple(each for each in functions if each.findings or each.blocker)
    return replace(scan, functions=functions)


def _tolerant(stream: TextIO | None) -> TextIO:
    """Give a stream that any text can be written to, whatever its encoding, also where there is none."""
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")
    reconfigure: Callable[..., None] | None = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        with contextlib.suppress(ValueError, OSError):
            reconfigure(errors="backslashreplace")
    return stream
