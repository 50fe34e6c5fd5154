"""Where an exception of a call is handled: at the call itself, or at one that leads to it."""

from laying import calls_of

from hybridize.static.facts.handlers import where_handled

TEXT = """
def inner(x):
    return next(x)

def outer(x):
    return inner(x)

try:
    outer([])
except (KeyError, StopIteration):
    pass
"""


def test_the_handler_is_found_up_the_calls():
    program = calls_of(TEXT).program
    code = next(each for each in program.functions if each.name == "inner")
    place = code.calls[0].place
    assert str(where_handled(code, place, {"StopIteration"})).endswith(":9")
    assert where_handled(code, place, {"ValueError"}) is None
    assert where_handled(code, place, {"StopIteration"}, {"KeyError"}) is None
