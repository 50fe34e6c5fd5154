"""`optimize` itself: the main job, from the options to the exit code.

Heavy modules are imported only when needed, so that ``--help`` and mistakes are answered at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ... import __version__, exit_codes
from ...options import Options
from .. import commands
from ..parsing import Console, Parser
from ..presenting import outputs_of, present
from ..settings import add_settings, read_settings, refuse, split

USAGE = (
    "--train-script SCRIPT [options] [-- arguments of the script]",
    "--train-module MODULE [options] [-- arguments of the module]",
)

_HELP = """\
{usage}

Finds eager TensorFlow 2 functions that should be graphs, proves on runs of your script that the
conversion is safe, measures the speedup, and writes the change as a patch.

examples:
  optimize --train-script train.py
      Try it. Your files are not changed. The patch and report.html go to results/latest/.

  optimize --train-script train.py -- --epochs 3 --data mnist
      Arguments after -- are passed to your script.

  optimize --train-module package.train
      Use this for a script that you start with: python -m package.train

  optimize --train-script train.py --budget 20m --steps 500
      Spend up to 20 minutes, and end each run after 500 training steps.

  optimize --train-script train.py --metric 'accuracy=val_acc: ([0-9.]+)' --apply
      Check a printed number for drift, and edit the sources in place if the change is safe and faster.

  optimize scan src/ --format sarif > candidates.sarif
      Read the source only; run nothing. Exits with 0 unless --fail-on-candidates is given.

  optimize explain HYB104
      Explain a rule and what to do about it. Without a code, list all rules.

  optimize explain train:Trainer.step
      Show everything that the latest run found out about one function.

{options}
All options except --apply and --output can also be set in the project's pyproject.toml:
  [tool.optimize]
  train-script = "train.py"
  budget = "20m"
  metric = {{ accuracy = "val_acc: ([0-9.]+)" }}

exit codes:
  0 done, including when a candidate was refuted or there is nothing to gain
  1 drift (the edited script ends with different numbers), or a failed check of a command
  2 wrong usage    3 the script failed by itself    4 hybridize failed, or --apply was refused
  130 interrupted
"""


def run(arguments: list[str], console: Console) -> int:
    """Read the options, run the main job, and print the result."""
    ours, theirs = split(arguments)
    parser = parser_of_options()
    parsed, extras = parser.parse_known_args(ours)
    values = vars(parsed)
    if "help" in values:
        console.out.write(_HELP.format(usage=_usage(), options=parser.option_list()))
        return exit_codes.OK
    if "version" in values:
        print(f"optimize (hybridize) {__version__}", file=console.out)
        return exit_codes.OK
    cwd = Path.cwd()
    refuse(extras, ours, parser, cwd)
    options = read_settings(values, theirs, cwd)
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
    """Return the parser of the main job's options."""
    parser = Parser("optimize")
    add_settings(parser)
    parser.add_argument("--apply", action="store_true", help="edit the sources if the change is safe and faster")
    parser.add_argument("--version", action="store_true", help="print the version")
    return parser
