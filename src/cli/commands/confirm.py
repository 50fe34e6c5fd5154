"""`optimize confirm`: whether the decorated functions that a change touches are safe in their current form."""

from __future__ import annotations

from pathlib import Path

from ... import exit_codes
from ..parsing import Console, Parser, WrongUsage
from ..presenting import outputs_of, present
from ..settings import add_settings, passes_inconclusive, read_settings, refuse, split

USAGE = ("--since REVISION [--fresh] [options]", "--candidate ID [--fresh] [options]")

_HELP = """\
usage: optimize confirm {since}
       optimize confirm {candidate}

Proves functions that are already decorated, by running your script with and without their decorators. Your files are
not changed. Exits with 1 if a function is refuted, drifts or is slower. A function that an earlier report in the
results folder has confirmed is not run again, unless something that its verdict depends on has changed.

  optimize confirm --since origin/main --train-script train.py
      Before a merge: check the decorated functions that the branch changes, their callers and their callees.

  optimize confirm --candidate train:Trainer.step --train-script train.py
      Check one function.

{options}"""


def run(arguments: list[str], console: Console) -> int:
    """Prove the decorated functions that the arguments ask for."""
    ours, theirs = split(arguments)
    parser = _parser()
    parsed, extras = parser.parse_known_args(ours)
    values = vars(parsed)
    if "help" in values:
        console.out.write(_HELP.format(since=USAGE[0], candidate=USAGE[1], options=parser.option_list()))
        return exit_codes.OK
    cwd = Path.cwd()
    refuse(extras, ours, parser, cwd)
    if ("since" in values) == ("candidate" in values):
        raise WrongUsage("confirm takes either --since REVISION or --candidate ID: optimize confirm --since main")
    passes = passes_inconclusive(values)
    options = read_settings(values, theirs, cwd)
    outputs_of(options)
    console.results, console.verbosity = options.results, options.verbosity

    from ...run import pipeline
    from ...run.held import confirming

    asked = confirming.Asked(
        tuple(values.get("candidate", ())), values.get("since"), "fresh" in values, passes
    )
    command = ["optimize", "confirm", *arguments]
    return present(
        lambda watcher: pipeline.run(options, watcher, command, lambda work: confirming.confirm(work, asked)),
        options,
        console,
    )


def _parser() -> Parser:
    parser = Parser("optimize confirm")
    parser.add_argument("--since", metavar="REVISION", help="what changed since a commit, a branch or a tag")
    parser.add_argument("--candidate", action="append", metavar="ID", help="a decorated function, such as train:step")
    parser.add_argument("--fresh", action="store_true", help="also run what is already confirmed")
    parser.add_argument("--on-inconclusive", metavar="pass|fail", help="the result if nothing is decided (pass)")
    add_settings(parser, without=("rewrite", "drift-runs", "only", "skip"))
    return parser
