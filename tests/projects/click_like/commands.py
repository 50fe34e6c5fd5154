"""A command-line framework in small: commands are objects that parse, call their callback, and exit."""

import sys


class Command:
    def __init__(self, callback, options):
        self.callback = callback
        self.options = options

    def __call__(self):
        values = dict(self.options)
        for argument in sys.argv[1:]:
            name, _, value = argument.lstrip("-").partition("=")
            values[name] = type(values[name])(value)
        self.callback(**values)
        sys.exit(0)


def command(**options):
    return lambda callback: Command(callback, options)
