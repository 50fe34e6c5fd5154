"""Makes docs/cli.md: every command with its options, from the parser."""

from __future__ import annotations

import io
import os

from ..options import SETTINGS
from ..report import renderers
from . import commands
from .parsing import Console

_INTRODUCTION = """\
# The command line

<!-- Made from the options by `python -m hybridize.cli.reference > docs/cli.md`. -->

`optimize` is also `python -m hybridize`. [In CI](ci.md) explains the exit codes and the formats.
"""
# Wide enough that each option and its description are on one line.
_WIDTH = "100"


def to_page() -> str:
    """Return the Markdown page."""
    sections = [_INTRODUCTION, _main()]
    sections += [_command(name) for name in commands.names()]
    return "\n".join(sections)


def _main() -> str:
    from .commands.optimize import USAGE, parser_of_options

    rows = ["| option | takes | what it does | `[tool.optimize]` |", "| --- | --- | --- | --- |"]
    for setting in SETTINGS.values():
        shown = f"`--{setting.name} {setting.placeholder}`" if setting.help else ""
        told = setting.help.format(formats=", ".join(renderers.names())) or _UNTOLD[setting.name]
        key = "" if setting.typed else f"`{setting.name}`"
        cells = (shown, setting.takes, told, key)
        rows.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
    rows += [f"| `{option}` | | {told} | |" for option, told in parser_of_options().flags]
    usage = "\n".join(f"optimize {way}" for way in USAGE)
    return f"## optimize\n\n```text\n{usage}\n```\n\n" + "\n".join(rows) + "\n"


#: Options whose form on the command line differs from that in pyproject.toml.
_UNTOLD = {
    "arguments": "the arguments of the script; on the command line, what follows `--`",
    "verbosity": "how much is printed; on the command line, `-q`, `-v` or `-v -v`",
}


def _command(name: str) -> str:
    module, out = commands.load(name), io.StringIO()
    module.run(["--help"], Console(out, io.StringIO()))
    # The layout of argparse's usage depends on the version of Python, so it is replaced.
    _, _, rest = out.getvalue().partition("\n\n")
    usage = "\n".join(f"optimize {name} {way}" for way in module.USAGE)
    return f"## optimize {name}\n\n```text\n{usage}\n\n{rest.rstrip()}\n```\n"


if __name__ == "__main__":
    os.environ["COLUMNS"] = _WIDTH
    print(to_page(), end="")
