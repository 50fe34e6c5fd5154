"""`optimize confirm`: whether the decorated functions that a change touches are safe as they stand."""

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

Proves decorated functions as they stand in the working tree: each against the same code without its decorator, by
running your script. Nothing of yours is changed. Exits with 1 where one is refuted, drifts or is slower. What an
earlier report in the results folder has confirmed, and what rests on nothing that has changed since, is not run again.

  optimize confirm --since origin/main --train-script train.py
      What a reviewer runs: the functions that the branch touches, those that call them and those that they call.

  optimize confirm --candidate train:Trainer.step --train-script train.py
      One function, whoever decorated it.

{options}"""


def run(arguments: list[str], console: Console) -> int:
    """Prove the decorated functions that are asked for."""
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
    parser.add_argument("--fresh", action="store_true", help="run again what is confirmed already")
    parser.add_argument("--on-inconclusive", metavar="pass|fail", help="what to do where nothing is decided (pass)")
    add_settings(parser, without=("rewrite", "drift-runs", "only", "skip"))
    return parser
