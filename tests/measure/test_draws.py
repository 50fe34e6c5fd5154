"""What is said of the random numbers that a converted function draws."""

from dataclasses import replace

import pytest
from test_phases import judgement

from hybridize.measure.draws import draws_among, tell_draws


@pytest.mark.parametrize(
    "op",
    [
        "RandomStandardNormal",
        "RandomUniform",
        "RandomUniformInt",
        "TruncatedNormal",
        "RandomShuffle",
        "Multinomial",
        "RandomGamma",
        "RandomPoissonV2",
        "LogUniformCandidateSampler",
        "StatelessRandomUniformV2",
        "StatelessTruncatedNormalV2",
    ],
)
def test_an_op_that_draws_is_known(op: str) -> None:
    assert draws_among(["MatMul", op]) == (op,)


@pytest.mark.parametrize("op", ["RandomDataset", "StatelessRandomGetKeyCounter", "RandomGammaGrad", "AddV2"])
def test_an_op_that_draws_nothing_is_none(op: str) -> None:
    assert draws_among([op]) == ()


def drawing(name: str, *ops: str) -> object:
    plain = judgement(name, 10, 1.0)
    return replace(plain, observation=replace(plain.observation, draws=ops))


def test_of_numbers_from_the_process_s_sequence_it_is_said_that_the_figures_will_differ() -> None:
    said = tell_draws([drawing("train:step", "RandomStandardNormal"), drawing("train:test")])  # type: ignore[list-item]
    assert "train:step (RandomStandardNormal)" in said and "train:test" not in said
    assert "differ from the original's as between two seeds" in said


def test_of_generators_with_their_state_in_variables_it_is_said_that_a_graph_draws_the_same() -> None:
    assert "draws the same numbers" in tell_draws([drawing("train:step", "StatelessRandomUniformV2")])  # type: ignore[list-item]


def test_where_nothing_is_drawn_nothing_is_said() -> None:
    assert tell_draws([drawing("train:step")]) == ""  # type: ignore[list-item]
