"""Records: written, read back, refused where they are none."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stn_verify.records import Record, RecordsError, Timing, load, write
from stn_verify.records.examples import example_record, example_records
from stn_verify.records.folder import ENVIRONMENT
from stn_verify.records.table import frame, rows

pandas = pytest.importorskip("pandas", reason="the extra `bench` is not installed")

FILES = ("records.parquet", "growth.parquet", ENVIRONMENT)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    records = example_records()
    write(records, tmp_path)
    back = load(tmp_path)
    assert back.environment == records.environment
    assert back.records == list(records.records)
    assert back.growth == list(records.growth)


def test_one_line_of_pandas_loads_them(tmp_path: Path) -> None:
    write(example_records(), tmp_path)
    table = pandas.read_parquet(tmp_path / "records.parquet")
    assert list(table.columns) == list(Record.model_fields)
    assert table.time_seconds.dtype == "Float64"
    assert table.groupby("theta").time_seconds.median().notna().any()


def test_csv_holds_the_same(tmp_path: Path) -> None:
    write(example_records(), tmp_path)
    table = pandas.read_csv(tmp_path / "records.csv")
    assert rows(table, Record) == list(example_records().records)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    write(example_records(), folder)
    return folder


@given(cut=st.integers(0, 20_000), name=st.sampled_from(FILES))
def test_files_that_are_cut_short_are_refused(cut: int, name: str, written: Path) -> None:
    whole = (written / name).read_bytes()
    try:
        (written / name).write_bytes(whole[: min(cut, len(whole) - 2)])
        with pytest.raises(RecordsError, match=name.partition(".")[0]):
            load(written)
    finally:
        (written / name).write_bytes(whole)


@pytest.mark.parametrize("column", ["time_seconds", "case", "timing"])
def test_a_column_that_is_missing_is_named(column: str, tmp_path: Path) -> None:
    write(example_records(), tmp_path)
    table = frame(example_records().records, Record).drop(columns=column)
    table.to_parquet(tmp_path / "records.parquet")
    with pytest.raises(RecordsError, match=f"lack '{column}'"):
        load(tmp_path)


@pytest.mark.parametrize(("column", "value"), [("time_seconds", -1.0), ("timing", "fine"), ("N", 2**41)])
def test_a_cell_that_cannot_be_is_named(column: str, value: object, tmp_path: Path) -> None:
    write(example_records(), tmp_path)
    table = frame(example_records().records, Record)
    table.loc[2, column] = value
    table.to_parquet(tmp_path / "records.parquet")
    with pytest.raises(RecordsError, match=f"row 2, {column}"):
        load(tmp_path)


def test_an_empty_folder_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="cannot read"):
        load(tmp_path)


def test_a_time_goes_with_a_timed_row() -> None:
    with pytest.raises(ValueError, match="has a time"):
        example_record(timing=Timing.WRONG)
    with pytest.raises(ValueError, match="peer and a ratio"):
        example_record(against=None)


def test_without_pandas_one_line_says_so(tmp_path: Path) -> None:
    program = """
import sys
sys.modules["pandas"] = None
from pathlib import Path
from stn_verify.contract.errors import RequestError
from stn_verify.records import load
try:
    load(Path(sys.argv[1]))
except RequestError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert "pip install 'stn-verify[bench]'" in done.stdout
    assert done.stdout.count("\n") == 1
