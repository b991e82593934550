"""Rows of an unfinished run: gone on with, or refused."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stn_verify.records.examples import example_records
from stn_verify.records.folder import RecordsError
from stn_verify.records.journal import NAME, Heading, Journal

HEADING = Heading(
    schema_version="1", machine=("cpu", "2"), targets=("a",), peers=("b", "c"), profile="quick", seed=0
)
ROWS = list(example_records().records)


def test_a_run_goes_on_where_it_was_left(tmp_path: Path) -> None:
    Journal(tmp_path, HEADING).add(ROWS[:3])
    journal = Journal(tmp_path, HEADING)
    assert journal.rows == ROWS[:3]
    assert journal.cases == {row.case for row in ROWS[:3]}
    journal.add(ROWS[3:])
    assert Journal(tmp_path, HEADING).rows == ROWS
    journal.finish()
    assert Journal(tmp_path, HEADING).rows == []


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"peers": ("b",)}, "peers b, c, not b"),
        ({"targets": ("z",)}, "targets a, not z"),
        ({"machine": ("gpu", "2")}, "machine cpu, 2, not gpu, 2"),
        ({"seed": 1}, "seed 0, not 1"),
        ({"schema_version": "2"}, "schema 1, not 2"),
    ],
)
def test_rows_of_another_run_are_refused(other: dict[str, object], told: str, tmp_path: Path) -> None:
    Journal(tmp_path, HEADING)
    with pytest.raises(RecordsError, match=told):
        Journal(tmp_path, HEADING.model_copy(update=other))


@given(cut=st.integers(0, 4000))
def test_a_journal_that_is_cut_short_is_refused_or_whole(
    cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    Journal(folder, HEADING).add(ROWS[:2])
    path = folder / NAME
    text = path.read_bytes()[:cut]
    path.write_bytes(text)
    if text.endswith(b"\n"):
        assert Journal(folder, HEADING).rows == ROWS[: text.count(b"\n") - 1]
    else:
        with pytest.raises(RecordsError, match="cut short; remove it"):
            Journal(folder, HEADING)


def test_a_line_that_is_no_row_is_named(tmp_path: Path) -> None:
    Journal(tmp_path, HEADING).add(ROWS[:1])
    with (tmp_path / NAME).open("a") as file:
        file.write('{"case": 3}\n')
    with pytest.raises(RecordsError, match="line 3: case"):
        Journal(tmp_path, HEADING)
