"""What is text and what is a number on a printed line, and which lines belong together."""

import math

import pytest

from hybridize.measure.lines import match_lines, read_line, read_lines


def skeleton(text: str) -> str:
    return read_line(text).skeleton


def numbers(text: str) -> list[float]:
    return [number.value for number in read_line(text).numbers]


@pytest.mark.parametrize(
    ("text", "expected", "values"),
    [
        ("epoch 3  loss 0.1234", "epoch # loss #", [3, 0.1234]),
        ("loss=-1.5e-03, acc:0.98", "loss=#, acc:#", [-0.0015, 0.98]),
        ("Epoch [2/10] 97%", "Epoch [#/#] #%", [2, 10, 97]),
        ("conv2d_1 (None, 28, 28)", "conv#d_# (None, #, #)", [2, 1, 28, 28]),
        ("range 3-5", "range #-#", [3, 5]),
        ("[ 0.5 -1. .25]", "[ # # #]", [0.5, -1, 0.25]),
        ("done", "done", []),
        ("height 3.2m at 4.1 m/s, 0.5 rad/s", "height #m at # m/s, # rad/s", [3.2, 4.1, 0.5]),
    ],
)
def test_numbers_are_taken_out_of_a_line(text: str, expected: str, values: list[float]) -> None:
    assert (skeleton(text), numbers(text)) == (expected, values)


def test_a_loss_that_is_not_a_number_is_a_number_on_the_same_line() -> None:
    assert skeleton("loss nan") == skeleton("loss 0.3") == skeleton("loss -inf")
    assert math.isnan(numbers("loss nan")[0])
    assert skeleton("information about bananas") == "information about bananas"


@pytest.mark.parametrize(
    ("slow", "fast"),
    [
        ("epoch 1: 12.3s", "epoch 1: 981ms"),
        ("60/60 - 2s - 35ms/step - loss: 0.5", "60/60 - 0s - 912us/step - loss: 0.5"),
        ("took 0:01:12.25", "took 0:00:03.5"),
        ("2024-01-05 09:59:59,120 INFO start", "2024-01-05 10:00:00,001 INFO start"),
        ("19.5it/s", "1.2s/it"),
        ("3000 samples/sec", "15 samples / s"),
        ("took 2m 30s", "took 45 seconds"),
        ("[00:03<00:01, 19.5it/s]", "[00:00<?, ?it/s]"),
        ("step 5 [=====>......] loss 1", "step 5 [==========>.] loss 1"),
        ("\rstep 1\rstep 2 loss 3", "step 2 loss 3"),
        ("<Model at 0x7f31aa>", "<Model at 0x5610bb0c>"),
        ("\x1b[1mloss 3\x1b[0m", "loss 3"),
    ],
)
def test_what_belongs_to_the_machine_is_neither_text_nor_number(slow: str, fast: str) -> None:
    assert (skeleton(slow), numbers(slow)) == (skeleton(fast), numbers(fast))


def test_what_is_taken_out_for_its_unit_is_counted() -> None:
    assert read_line("period 0.3 s, loss 2, 19.5it/s, 2m 30s").units == ("it/s", "s", "s", "m")
    assert read_line("2024-01-05 09:59:59 loss 2").units == ()


def test_a_number_named_as_a_time_is_marked() -> None:
    line = read_line("loss 0.5, elapsed time: 12.3, wall_clock 7, timestep 9")
    assert [number.timed for number in line.numbers] == [False, True, True, False]


def test_a_number_is_named_by_what_stands_before_it() -> None:
    labels = [number.label for number in read_line("epoch 1, mean test accuracy: 0.5 | val_loss=2").numbers]
    assert labels == ["epoch", "mean test accuracy", "val loss"]


@pytest.mark.parametrize(
    ("text", "place", "integral"), [("7", 1, True), ("0.125", 0.001, False), ("1.2e-05", 1e-6, False), ("3.", 1, True)]
)
def test_the_last_printed_place_is_known(text: str, place: float, integral: bool) -> None:
    number = read_line(f"x {text}").numbers[0]
    assert (number.place, number.integral) == (pytest.approx(place), integral)


def test_the_log_of_the_library_is_not_what_the_script_prints() -> None:
    lines = [
        "2024-05-01 10:00:00.123456: I tensorflow/core/util/port.cc:113] oneDNN",
        "I0000 00:00:1700000000.000000 1 service.cc:145] XLA service",
        "WARNING:tensorflow:5 out of the last 5 calls triggered retracing",
        "loss 3",
    ]
    assert [line.skeleton for line in read_lines(lines)] == ["loss #"]


def test_lines_match_by_their_text_in_the_order_of_each_text() -> None:
    first = read_lines(["epoch 1", "loss 2", "epoch 2", "loss 1", "done"])
    second = read_lines(["epoch 1", "epoch 2", "loss 2", "best 2", "done"])
    match = match_lines(first, second)
    assert match.pairs == ((0, 0), (1, 2), (2, 1), (4, 4))
    assert match.lost == (3,)
    assert match.new == (3,)
