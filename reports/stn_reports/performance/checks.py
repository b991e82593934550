"""The verifier's own speed: a full entrywise check against gradcheck, at growing sizes."""

from collections.abc import Sequence
from typing import Any

from stn_reports.performance import drawing, quantities
from stn_reports.performance.figure import Chapter, Figure, Table, spread
from stn_reports.performance.names import shape, short
from stn_reports.performance.points import Point, participants, points
from stn_verify.records.folder import Records
from stn_verify.records.record import Record


def chapter(told: Records) -> Chapter:
    """Two figures: the time of a check, and how often it evaluates the sampler."""
    rows = sorted((row for row in told.records if row.function == "check"), key=entries)
    there = {short(name) for row in rows for name in (row.target, row.against) if name is not None}
    names = [name for name in participants(told) if name in there]
    return Chapter(
        "The verifier's own speed",
        "One check of a sampler of images and grids: its values, and every entry of the Jacobians by both inputs. gradcheck"
        " moves every input entry alone; its fast mode projects both Jacobians onto one random direction, and sees single"
        " entries not at all. What took too long was not timed.",
        [_times(rows, names), _evaluations(rows, names)] if rows else [],
        missing="It was not timed in this run: bench --verifier does.",
    )


def entries(record: Record) -> int:
    """Of the two Jacobians of one check: outputs times input entries, of image and grid."""
    inputs = record.N * (record.C * record.H * record.W + 2 * record.Ho * record.Wo)
    return record.N * record.C * record.Ho * record.Wo * inputs


def _times(rows: Sequence[Record], names: Sequence[str]) -> Figure:
    timed = points(rows)

    def chart() -> Any:
        values = [
            {"who": point.participant, "entries": entries(point.record), "value": point.seconds}
            for point in spread(timed)
        ]
        return _lines(values, names, "seconds of one check")

    return Figure(
        "Time of a check",
        f"Seconds of one check against the entries of its Jacobians, both on logarithmic axes. {_last(timed)}",
        chart,
        Table(
            ("NxCxHxW → HoxWo", "Jacobian entries", "check", "time", "against", "its time", "ratio, 99 % interval",
             "decided", "it said"),
            [_row(row) for row in rows],
            [str(row.decision or "untimed") for row in rows],
        ),
    )  # fmt: skip


def _row(row: Record) -> tuple[str, ...]:
    return (
        shape(row),
        f"{entries(row):.3g}",
        short(row.target),
        quantities.seconds(row.time_seconds) if row.time_seconds else str(row.timing),
        short(row.against or quantities.NOTHING),
        quantities.seconds(row.against_time_seconds)
        if row.against_time_seconds
        else str(row.against_timing or ""),
        quantities.ratio(row.time_ratio, row.time_ratio_low, row.time_ratio_high),
        str(row.decision or quantities.NOTHING),
        short(row.against_judged or quantities.NOTHING),
    )


def _evaluations(rows: Sequence[Record], names: Sequence[str]) -> Figure:
    counted: dict[tuple[str, int], tuple[Record, str, int, int]] = {}
    for row in rows:
        for who, forwards, backwards in (
            (row.target, row.forwards, row.backwards),
            (row.against, row.against_forwards, row.against_backwards),
        ):
            if who is not None and forwards is not None and backwards is not None:
                counted[short(who), entries(row)] = row, short(who), forwards, backwards
    told = [each for each in counted.values() if each[2] + each[3] > 0]

    def chart() -> Any:
        values = [
            {"who": who, "entries": entries(row), "value": forwards + backwards}
            for row, who, forwards, backwards in spread(told)
        ]
        return _lines(values, names, "forwards and backwards of one check")

    return Figure(
        "Evaluations of a check",
        "Forward and backward passes of the sampler that one check takes, against the entries of its Jacobians, both on"
        " logarithmic axes.",
        chart,
        Table(
            ("check", "NxCxHxW → HoxWo", "forwards", "backwards"),
            [(who, shape(row), f"{forwards:,}", f"{backwards:,}") for row, who, forwards, backwards in told],
        ),
    )


def _lines(values: list[dict[str, Any]], names: Sequence[str], title: str) -> Any:
    alt = drawing.require_altair()
    looks = drawing.colours(alt, names, {name: name for name in names})
    values = drawing.drawn(values, "entries", "value")
    x = drawing.logarithmic(
        alt, "X", "entries", "entries of both Jacobians", [each["entries"] for each in values]
    )
    y = drawing.logarithmic(alt, "Y", "value", title, [each["value"] for each in values], "~g")
    base = alt.Chart(alt.Data(values=values))
    return alt.layer(
        base.mark_line(strokeWidth=1.5).encode(x, y, color=looks["color"]),
        base.mark_point(filled=True, size=60, opacity=1).encode(x, y, **looks),
    ).properties(width=drawing.WIDTH, height=drawing.HEIGHT)


def _last(timed: Sequence[Point]) -> str:
    largest = {point.participant: point for point in timed}
    return " ".join(
        f"{name}: {quantities.seconds(point.seconds)} at {shape(point.record)}."
        for name, point in largest.items()
    )
