"""`optimize` itself: the main job, from the options to the exit code.

Nothing heavy is imported before it is needed: ``--help`` and mistakes are answered at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from ... import __version__, exit_codes
from ...options import SETTINGS, Options, combine, read_configuration, read_option
from ...report import renderers
from ...run.entry import check_target
from .. import commands
from ..guesses import explain_extras
from ..parsing import Console, Parser, WrongUsage, checked
from ..presenting import outputs_of, present

USAGE = (
    "--train-script SCRIPT [options] [-- arguments of the script]",
    "--train-module MODULE [options] [-- arguments of the module]",
)

_HELP = """\
{usage}

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
      Only read the source, run nothing. Candidates are no failure, unless --fail-on-candidates is given.

  optimize explain HYB104
      What a finding's code means and what to do about it; without a code, the list of all.

{options}
All of these but --apply and --output can stand in the project's pyproject.toml as well:
  [tool.optimize]
  train-script = "train.py"
  budget = "20m"
  metric = {{ accuracy = "val_acc: ([0-9.]+)" }}

exit codes:
  0 done, also when a candidate was refuted or there is nothing to gain
  1 drift (the edited script ends with other numbers), or what a command is asked to fail on
  2 wrong usage    3 the script failed by itself    4 our own failure, or --apply was refused
  130 interrupted
"""


def run(arguments: list[str], console: Console) -> int:
    """Read the options, do the main job, and print what came of it."""
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    ours, theirs = arguments[:cut], arguments[cut + 1 :]
    parser = parser_of_options()
    parsed, extras = parser.parse_known_args(ours)
    values = vars(parsed)
    if "help" in values:
        console.out.write(_HELP.format(usage=_usage(), options=parser.option_list()))
        return exit_codes.OK
    if "version" in values:
        print(f"optimize (hybridize) {__version__}", file=console.out)
        return exit_codes.OK
    if sys.platform != "linux":
        raise WrongUsage(
            f"optimize needs Linux, for it guards your files and ends processes by means of its kernel; this is "
            f"{sys.platform}. `optimize scan` and `optimize explain` work here too."
        )
    cwd = Path.cwd()
    if extras:
        raise WrongUsage(explain_extras(extras, ours, parser.options, commands.names(), cwd))
    given: dict[str, object] = {}
    for name in values.keys() & SETTINGS.keys():
        field, value = checked(read_option(name, values[name]), "--")
        given[field] = value
    if cut < len(arguments):
        given["arguments"] = tuple(theirs)
    if "apply" in values:
        given["apply"] = True
    if "quiet" in values and "verbose" in values:
        raise WrongUsage("-q and -v contradict each other.")
    if "quiet" in values or "verbose" in values:
        given["verbosity"] = -1 if "quiet" in values else min(2, values["verbose"])
    options = checked(combine(given, checked(read_configuration(_configured_in(given, cwd)))))
    if mistake := check_target(options, cwd):
        raise WrongUsage(mistake.sentence)
    outputs_of(options)
    console.results, console.verbosity = options.results, options.verbosity
    return _optimize(options, ["optimize", *arguments], console)


def _optimize(options: Options, command: Sequence[str], console: Console) -> int:
    from ...run import pipeline

    return present(lambda watcher: pipeline.run(options, watcher, command), options, console)


def _usage() -> str:
    ways = [f"optimize {way}" for way in USAGE]
    ways += [f"optimize {name} {way}" for name in commands.names() for way in commands.load(name).USAGE]
    return "usage: " + "\n       ".join(ways)


def parser_of_options() -> Parser:
    """Give the parser of the main job's options."""
    parser = Parser("optimize")
    for setting in SETTINGS.values():
        if setting.help:
            action = "append" if setting.repeated else "store"
            told = setting.help.format(formats=", ".join(renderers.names()))
            parser.add_argument(
                f"--{setting.name}", dest=setting.name, metavar=setting.placeholder, action=action, help=told
            )
    parser.add_argument("--apply", action="store_true", help="edit the sources in place when all is well")
    parser.add_argument("-q", "--quiet", action="store_true", help="print only the result")
    parser.add_argument("-v", "--verbose", action="count", help="print more; twice: also tracebacks of ours")
    parser.add_argument("--version", action="store_true", help="print the version")
    parser.add_argument("-h", "--help", action="store_true", help="print this")
    return parser


def _configured_in(given: dict[str, object], cwd: Path) -> Path:
    project, script = given.get("project"), given.get("script")
    if isinstance(project, Path):
        return cwd / project
    return (cwd / script).parent if isinstance(script, Path) else cwd
