"""Throughput against size: the pixels that a call makes, and how many of them in a second."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from stn_reports.performance import drawing, quantities
from stn_reports.performance.figure import MOST_FIGURES, Chapter, Figure, Table, spread
from stn_reports.performance.names import shape, work
from stn_reports.performance.points import Point, participants, points
from stn_verify.records.folder import Records

FEWEST = 3
"""Sizes that make a plot."""


def chapter(told: Records) -> Chapter:
    """A figure for each kind of work that was timed at three sizes or more, those with most sizes first."""
    groups: dict[str, list[Point]] = defaultdict(list)
    for point in points([row for row in told.records if row.function != "check"]):
        groups[work(point.record)].append(point)
    kept = [
        (name, group) for name, group in groups.items() if len({point.pixels for point in group}) >= FEWEST
    ]
    kept.sort(key=lambda each: -len(each[1]))
    names = participants(told)
    return Chapter(
        "Throughput against size",
        "Pixels of the output that a call makes in a second. Higher is faster. Lines join images that grow with the same batch"
        " and channels; bars reach from the 20th to the 80th percentile over rounds, where they were measured.",
        [_figure(name, group, names) for name, group in kept[:MOST_FIGURES]],
        max(0, len(kept) - MOST_FIGURES),
        f"No work was timed at {FEWEST} sizes.",
    )


def _figure(name: str, group: Sequence[Point], names: Sequence[str]) -> Figure:
    ordered = sorted(group, key=lambda point: (names.index(point.participant), point.pixels))
    there = [name for name in names if any(point.participant == name for point in ordered)]

    def chart() -> Any:
        alt = drawing.require_altair()
        values: list[dict[str, Any]] = [
            {
                "who": point.participant,
                "line": f"{point.participant} {point.record.N} {point.record.C}",
                "pixels": point.pixels,
                "rate": point.pixels / point.seconds,
                "least": point.pixels / point.high,
                "most": point.pixels / point.low,
            }
            for point in spread(ordered)
        ]
        values = drawing.drawn(values, "pixels", "rate", "least", "most")
        pixels = [value["pixels"] for value in values]
        rates = [value[name] for value in values for name in ("least", "most")]
        base = alt.Chart(alt.Data(values=values)).encode(
            drawing.logarithmic(alt, "X", "pixels", "output pixels of one call: N·C·Ho·Wo", pixels)
        )
        rate = drawing.logarithmic(alt, "Y", "rate", "pixels per second", rates)
        looks = drawing.colours(alt, names, {name: name for name in there})
        return alt.layer(
            base.mark_line(strokeWidth=1.5).encode(rate, color=looks["color"], detail="line:N"),
            base.mark_rule(strokeWidth=1.5).encode(y="least:Q", y2="most:Q", color=looks["color"]),
            base.mark_point(filled=True, size=60, opacity=1).encode(rate, **looks),
        ).properties(width=drawing.WIDTH, height=drawing.HEIGHT)

    best = max(ordered, key=lambda point: point.pixels / point.seconds)
    return Figure(
        name,
        f"Pixels per second against output pixels, both on logarithmic axes, of {', '.join(there)}. The highest is"
        f" {quantities.per_second(best.pixels / best.seconds, 'pixel')} by {best.participant} at {shape(best.record)}.",
        chart,
        Table(
            ("participant", "NxCxHxW → HoxWo", "output pixels", "time of a call", "throughput"),
            [
                (
                    point.participant,
                    shape(point.record),
                    f"{point.pixels:,}",
                    quantities.seconds(point.seconds),
                    quantities.per_second(point.pixels / point.seconds, "pixel"),
                )
                for point in ordered
            ],
        ),
    )
