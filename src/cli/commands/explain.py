"""`optimize explain`: what a finding's code means."""

from __future__ import annotations

from ... import exit_codes
from ...options import nearest
from ..parsing import Console, WrongUsage

USAGE = ("[CODE]",)


def run(arguments: list[str], console: Console) -> int:
    """Print the page of one code, or the list of all."""
    if "-h" in arguments or "--help" in arguments:
        print("usage: optimize explain [CODE]\n\nWithout a code, lists all of them.", file=console.out)
        return exit_codes.OK
    if len(arguments) > 1 or any(argument.startswith("-") for argument in arguments):
        raise WrongUsage("explain takes one code, such as HYB104, or nothing.")

    from ...static.rules import all_rules, explain

    rules = sorted(all_rules(), key=lambda rule: rule.code)
    if not arguments:
        for rule in rules:
            print(f"{rule.code}  {rule.title}", file=console.out)
        return exit_codes.OK
    code, known = arguments[0].upper(), [rule.code for rule in rules]
    if code not in known:
        raise WrongUsage(f"There is no code {arguments[0]}.{nearest(code, known)} optimize explain lists them all.")
    print(explain(code).rstrip("\n"), file=console.out)
    return exit_codes.OK
