"""Rows of a run that is not finished: one line of JSON each, written as they are measured, so that the run can go on."""

import os
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from stn_verify.contract.errors import OutputError
from stn_verify.records.folder import MAXIMUM_BYTES, MAXIMUM_ROWS, RecordsError
from stn_verify.records.record import Label, Record

NAME = "unfinished.jsonl"


class Heading(BaseModel):
    """The first line: what the rows are of. Another run does not go on with them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Label
    machine: tuple[Label, ...]
    targets: tuple[Label, ...]
    peers: tuple[Label, ...]
    profile: Label
    seed: int
    commit: Label | None = None


class Journal:
    """The file, and the rows in it."""

    def __init__(self, folder: Path, heading: Heading) -> None:
        """Take up what is there, or begin.

        Raises:
            RecordsError: what is there is of another run, cut short, or no journal.
            OutputError: it cannot be written.
        """
        self.path = folder / NAME
        self.rows: list[Record] = []
        if self.path.exists():
            self.rows = _read(self.path, heading)
        else:
            self._append([heading.model_dump_json()])

    @property
    def cases(self) -> frozenset[str]:
        """Those that are done."""
        return frozenset(row.case for row in self.rows)

    def add(self, rows: Sequence[Record]) -> None:
        """Write the rows of one case, all or none, to the disk. Raises: OutputError: it cannot be written."""
        self._append([row.model_dump_json() for row in rows])
        self.rows += rows

    def finish(self) -> None:
        """The run is whole: its records stand without this file."""
        self.path.unlink(missing_ok=True)

    def _append(self, lines: Sequence[str]) -> None:
        text = "".join(f"{line}\n" for line in lines).encode()
        try:
            with self.path.open("ab") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise OutputError(f"cannot write {self.path}: {error.strerror or error}") from error


def _read(path: Path, heading: Heading) -> list[Record]:
    try:
        size = path.stat().st_size
        if size > MAXIMUM_BYTES:
            raise RecordsError(f"{path}: {size} bytes; at most {MAXIMUM_BYTES} are read")
        text = path.read_bytes()
    except OSError as error:
        raise RecordsError(f"cannot read {path}: {error.strerror or error}") from None
    lines = text.splitlines()
    anew = "remove it to measure anew, or give another --output"
    if len(lines) > MAXIMUM_ROWS or not text.endswith(b"\n"):
        raise RecordsError(f"{path}: its last line is cut short; {anew}")
    try:
        found = Heading.model_validate_json(lines[0])
    except ValidationError as error:
        raise RecordsError(f"{path}, line 1: {error.errors()[0]['msg']}; {anew}") from None
    for name in Heading.model_fields:
        old, new = getattr(found, name), getattr(heading, name)
        if old != new:
            told = f"{name.removesuffix('_version')} {_told(old)}, not {_told(new)}"
            raise RecordsError(f"{path} is of another run ({told}); {anew}")
    rows = []
    for number, line in enumerate(lines[1:], 2):
        try:
            rows.append(Record.model_validate_json(line))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise RecordsError(f"{path}, line {number}: {place} {first['msg']}; {anew}") from None
    return rows


def _told(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
