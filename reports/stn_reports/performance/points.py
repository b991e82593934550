"""Every participant's time on every case, targets and peers alike, each once."""

from collections.abc import Sequence
from dataclasses import dataclass

from stn_reports.performance.names import short
from stn_verify.records.folder import Records
from stn_verify.records.record import Record


@dataclass(frozen=True)
class Point:
    """One participant on one case."""

    participant: str
    record: Record
    """A row that tells the case; of a peer, that of a target which was compared with it."""
    seconds: float
    low: float
    """The 20th percentile over rounds, and next the 80th, where the records have them; else the median."""
    high: float

    @property
    def pixels(self) -> int:
        """Of the output: N C Ho Wo."""
        return self.record.N * self.record.C * self.record.Ho * self.record.Wo


def points(records: Sequence[Record]) -> list[Point]:
    """Of all rows, in their order."""
    found: dict[tuple[str, str], Point] = {}
    for record in records:
        if record.time_seconds:
            low, high = record.time_low_seconds, record.time_high_seconds
            found[record.case, record.target] = Point(
                short(record.target), record, record.time_seconds, low or record.time_seconds, high or record.time_seconds
            )  # fmt: skip
        if record.against is not None and record.against_time_seconds:
            time = record.against_time_seconds
            found.setdefault(
                (record.case, record.against), Point(short(record.against), record, time, time, time)
            )
    return list(found.values())


def participants(told: Records) -> list[str]:
    """Names in the order in which they have their colours: targets, peers, whoever else is in a row, and checks last."""
    about = told.environment
    named = [each.name for each in (*about.targets, *about.peers)]
    ways = {name for row in told.records if row.function == "check" for name in _who(row)}
    rows = [name for row in told.records for name in _who(row)]
    return list(dict.fromkeys(map(short, sorted([*named, *rows], key=lambda name: name in ways))))


def _who(row: Record) -> list[str]:
    return [name for name in (row.target, row.against) if name is not None]
