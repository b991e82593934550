"""The roofline: what has to move in a call, how fast it moved, and how fast a copy of as many bytes moves."""

from collections import defaultdict
from collections.abc import Sequence
from statistics import median
from typing import Any

from stn_reports.performance import drawing, quantities
from stn_reports.performance.figure import MOST_FIGURES, Chapter, Figure, Table, spread
from stn_reports.performance.names import how, shape, work
from stn_reports.performance.points import Point, participants, points
from stn_verify.records.folder import Records


def chapter(told: Records) -> Chapter:
    """A figure for each clock and state of the cache: what is not measured alike does not share an axis."""
    groups: dict[str, list[Point]] = defaultdict(list)
    for point in points(told.records):
        if point.record.moved_bytes and point.record.bandwidth_bytes_per_second:
            groups[how(point.record)].append(point)
    names = participants(told)
    figures = [_figure(name, group, names) for name, group in groups.items()]
    return Chapter(
        "Roofline",
        "Every input has to be read once and every result written once, whatever the implementation. The line is the bandwidth"
        " of a copy that moves as many bytes, measured in the same rounds: nearer to it is better, and what lies below it"
        " computes, reads more than once, or waits.",
        figures[:MOST_FIGURES],
        max(0, len(figures) - MOST_FIGURES),
        "No bandwidth was measured.",
    )


def _figure(name: str, group: Sequence[Point], names: Sequence[str]) -> Figure:
    ordered = sorted(group, key=lambda point: (names.index(point.participant), _moved(point)))
    there = [name for name in names if any(point.participant == name for point in ordered)]
    roof = _roof(ordered)

    def chart() -> Any:
        alt = drawing.require_altair()
        values: list[dict[str, Any]] = [
            {"who": point.participant, "moved": _moved(point), "rate": _moved(point) / point.seconds}
            for point in spread(ordered)
        ]
        values = drawing.drawn(values, "moved", "rate")
        copied = drawing.drawn([{"moved": x, "rate": y} for x, y in roof], "moved", "rate")
        rates = [value["rate"] for value in values + copied]
        moved = drawing.logarithmic(
            alt, "X", "moved", "bytes that have to move in one call", [value["moved"] for value in copied]
        )
        rate = drawing.logarithmic(alt, "Y", "rate", "bytes per second", rates)
        limit = alt.Chart(alt.Data(values=copied)).mark_line(
            strokeWidth=2, strokeDash=[6, 3], color=drawing.MUTED, point={"color": drawing.MUTED, "size": 20}
        )
        marks = alt.Chart(alt.Data(values=values)).mark_point(filled=True, size=60, opacity=0.85)
        return alt.layer(
            limit.encode(moved, rate),
            marks.encode(moved, rate, **drawing.colours(alt, names, {name: name for name in there})),
        ).properties(width=drawing.WIDTH, height=drawing.HEIGHT)

    best = max(ordered, key=_share)
    return Figure(
        f"Bandwidth reached{f', {name}' if name else ''}",
        "Bytes that have to move over the time of a call, against those bytes, both on logarithmic axes; the dashed line is"
        f" a copy. Nearest to it is {best.participant} with {quantities.share(_share(best))} of a copy's speed,"
        f" {work(best.record)} at {shape(best.record)}.",
        chart,
        Table(
            ("participant", "work", "NxCxHxW → HoxWo", "has to move", "reached", "a copy", "share"),
            [
                (
                    point.participant,
                    work(point.record),
                    shape(point.record),
                    quantities.amount_of_bytes(_moved(point)),
                    quantities.per_second(_moved(point) / point.seconds, "B"),
                    quantities.per_second(point.record.bandwidth_bytes_per_second, "B"),
                    quantities.share(_share(point)),
                )
                for point in ordered
            ],
        ),
    )


def _moved(point: Point) -> float:
    return point.record.moved_bytes or 0.0


def _share(point: Point) -> float:
    return _moved(point) / point.seconds / (point.record.bandwidth_bytes_per_second or 1.0)


def _roof(ordered: Sequence[Point]) -> list[tuple[float, float]]:
    """Of a copy: bytes moved, and the median bandwidth of the cases that move as many."""
    seen: dict[float, list[float]] = defaultdict(list)
    for point in ordered:
        seen[_moved(point)].append(point.record.bandwidth_bytes_per_second or 0.0)
    return spread([(moved, median(seen[moved])) for moved in sorted(seen)])
