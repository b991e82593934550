"""The files of a benchmark: records.parquet and .csv, growth.parquet and .csv, environment.json. Read back as untrusted input.

One line reads the rows: pandas.read_parquet("DIR/records.parquet").
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from stn_verify.contract.errors import OutputError, RequestError
from stn_verify.records.environment import SCHEMA, BenchEnvironment
from stn_verify.records.growth import Growth
from stn_verify.records.record import Record
from stn_verify.records.table import frame, require_pandas, rows

RECORDS, GROWTH, ENVIRONMENT = "records", "growth", "environment.json"

MAXIMUM_BYTES = 64 * 1024 * 1024
"""Of a file, and of what its columns unfold to."""
MAXIMUM_ROWS = 200_000

Row = TypeVar("Row", bound=BaseModel)


class RecordsError(RequestError):
    """A folder without records, or with files that are none."""


@dataclass(frozen=True)
class Records:
    """A whole run."""

    environment: BenchEnvironment
    records: Sequence[Record]
    growth: Sequence[Growth] = ()


def write(records: Records, folder: Path) -> list[str]:
    """Write every file, each atomically; their names.

    Raises:
        MissingPandasError: there is no pandas or no pyarrow.
        OutputError: a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, table in (
        (RECORDS, frame(records.records, Record)),
        (GROWTH, frame(records.growth, Growth)),
    ):
        with _Replacing(folder / f"{name}.parquet") as path:
            table.to_parquet(path, engine="pyarrow", index=False)
        with _Replacing(folder / f"{name}.csv") as path:
            table.to_csv(path, index=False)
        written += [f"{name}.parquet", f"{name}.csv"]
    with _Replacing(folder / ENVIRONMENT) as path:
        text = records.environment.model_dump_json(by_alias=True, indent=1)
        path.write_text(text + "\n", encoding="utf-8")
    return [*written, ENVIRONMENT]


def load(folder: Path) -> Records:
    """Read a run back.

    Raises:
        MissingPandasError: there is no pandas or no pyarrow.
        RecordsError: a file is missing, too large, cut short, or of another schema.
    """
    require_pandas()
    environment = _environment(folder / ENVIRONMENT)
    return Records(
        environment,
        _table(folder / f"{RECORDS}.parquet", Record),
        _table(folder / f"{GROWTH}.parquet", Growth),
    )


def _environment(path: Path) -> BenchEnvironment:
    try:
        return BenchEnvironment.model_validate_json(_bounded(path))
    except ValidationError as error:
        raise RecordsError(f"{path}: no environment of schema {SCHEMA}: {error.errors()[0]['msg']}") from None


def _table(path: Path, kind: type[Row]) -> list[Row]:
    import pyarrow
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(pyarrow.BufferReader(_bounded(path)))
        about = file.metadata
        unfolded = sum(about.row_group(k).total_byte_size for k in range(about.num_row_groups))
        if about.num_rows > MAXIMUM_ROWS or unfolded > MAXIMUM_BYTES:
            raise RecordsError(
                f"{path}: {about.num_rows} rows of {unfolded} bytes; at most {MAXIMUM_ROWS} of {MAXIMUM_BYTES} are read"
            )
        table: Any = file.read().to_pandas()
        return rows(table, kind)
    except RecordsError:
        raise
    except (pyarrow.ArrowException, OSError, ValueError, TypeError) as error:
        raise RecordsError(f"{path}: no {path.stem} of schema {SCHEMA}: {_line(error)}") from None


def _bounded(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAXIMUM_BYTES:
            raise RecordsError(f"{path}: {size} bytes; at most {MAXIMUM_BYTES} are read")
        return path.read_bytes()
    except OSError as error:
        raise RecordsError(f"cannot read {path}: {error.strerror or error}") from None


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]


class _Replacing:
    """A path beside the file, which replaces it at the end: a full disk or a Ctrl-C leaves the old file or none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._partial = path.with_name(path.name + ".partial")

    def __enter__(self) -> Path:
        return self._partial

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            if error is None:
                self._partial.replace(self._path)
        except OSError as problem:
            error = problem
        finally:
            with suppress(OSError):
                self._partial.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OutputError(f"cannot write {self._path}: {error.strerror or error}") from error
