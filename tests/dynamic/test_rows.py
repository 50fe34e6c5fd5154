"""Rows go over the line between the two processes, and come back as they were."""

from __future__ import annotations

import json

from hybridize.dynamic.rows import CheckedRow, CreationRow, EffectRow, ObservedRow, RehearsedRow

EFFECT = EffectRow(kind="printed", subject="standard output", detail="'x'", place="train.py:3", calls=3, later=2)


def test_a_row_comes_over_the_line_as_it_was() -> None:
    creation = CreationRow(call=4, number=2, names=("momentum",), more=0)
    rows = [
        ObservedRow(calls=3, ops={"MatMul": 2}, effects=(EFFECT, EFFECT), creation=creation, reads={"changes": {}}),
        ObservedRow(),
        CheckedRow(compared=5, refutations={"differs": "so"}, rehearsal=RehearsedRow(repeats=4), graph_seconds=0.5),
        CheckedRow(),
    ]
    for row in rows:
        assert type(row).from_json(json.loads(json.dumps(row.to_json()))) == row


def test_what_a_row_lacks_has_its_default_and_what_it_does_not_know_is_left_out() -> None:
    assert CheckedRow.from_json({"compared": 3, "of another version": 1}) == CheckedRow(compared=3)
