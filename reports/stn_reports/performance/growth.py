"""Growth: how the time follows the batch, the channels and the pixels, with the fitted exponents."""

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from stn_reports.performance import drawing, quantities
from stn_reports.performance.figure import MOST_FIGURES, Chapter, Figure, Table
from stn_reports.performance.names import short
from stn_reports.performance.points import Point, participants, points
from stn_verify.records.folder import Records
from stn_verify.records.growth import Growth
from stn_verify.timing.growth import along

AXES = {"HW": "pixels of an image: H·W", "N": "images of a batch: N", "C": "channels: C"}

_LIKE = ("axis", "held", "function", "direction", "dtype", "layout", "theta", "device")
_Key = tuple[str, ...]


def chapter(told: Records) -> Chapter:
    """A figure for each axis and kind of work: all participants that have an exponent there."""
    names = participants(told)
    measured = _points(told)
    groups: dict[_Key, list[Growth]] = defaultdict(list)
    for grown in told.growth:
        # Of another version, say, whose words for what is held were others: a slope without points is no figure.
        if grown.function != "check" and _key(grown) in measured:
            groups[_key(grown)].append(grown)
    ordered = sorted(groups.values(), key=lambda group: -max(grown.points for grown in group))
    return Chapter(
        "Growth of the time",
        "Time of a call against one size, all else equal, on logarithmic axes: the slope is the exponent. 1 is time in proportion"
        " to the work; below 1 a fixed cost still shows; above 1 something, such as a cache, is outgrown.",
        [_figure(group, measured, names) for group in ordered[:MOST_FIGURES]],
        max(0, len(ordered) - MOST_FIGURES),
        "No size was varied alone at three values or more.",
    )


def exponent(grown: Growth) -> str:
    """0.97 (0.92 to 1.02)."""
    told = f"{grown.exponent:.2f}"
    if grown.exponent_low is None or grown.exponent_high is None:
        return told
    return f"{told} ({grown.exponent_low:.2f} to {grown.exponent_high:.2f})"


def _figure(
    group: Sequence[Growth], measured: dict[_Key, list[tuple[int, Point]]], names: Sequence[str]
) -> Figure:
    first = group[0]
    ordered = sorted(group, key=lambda grown: names.index(short(grown.target)))

    def chart() -> Any:
        alt = drawing.require_altair()
        dots: list[dict[str, Any]] = []
        lines: list[dict[str, Any]] = []
        labels = {short(grown.target): f"{short(grown.target)}: {grown.exponent:.2f}" for grown in ordered}
        for grown in ordered:
            name = short(grown.target)
            pairs = [
                (size, point.seconds)
                for size, point in measured.get(_key(grown), ())
                if point.participant == name
            ]
            dots += [_mark(labels[name], *pair) for pair in pairs]
            lines += [_mark(labels[name], *pair) for pair in _fit(grown, pairs)]
        looks = drawing.colours(alt, names, labels, "exponents")
        dots, lines = (drawing.drawn(each, "size", "milliseconds") for each in (dots, lines))
        sizes = [each["size"] for each in dots]
        times = [each["milliseconds"] for each in dots + lines]
        size = drawing.logarithmic(alt, "X", "size", AXES[first.axis], sizes)
        time = drawing.logarithmic(alt, "Y", "milliseconds", "time of one call in ms", times, "~g")
        return alt.layer(
            alt.Chart(alt.Data(values=lines))
            .mark_line(strokeWidth=1.5)
            .encode(size, time, color=looks["color"]),
            alt.Chart(alt.Data(values=dots))
            .mark_point(filled=True, size=60, opacity=1)
            .encode(size, time, **looks),
        ).properties(width=drawing.WIDTH, height=drawing.HEIGHT)

    what = f"{first.function}, {first.direction}, {short(first.dtype)}, {first.layout}, {short(first.theta)}; {short(first.held)}"
    fitted = ", ".join(f"{short(grown.target)} {exponent(grown)}" for grown in ordered)
    return Figure(
        f"Time against {first.axis}: {what}",
        f"Along the {AXES[first.axis]}, from {first.smallest:,} to {first.largest:,}."
        f" Exponents with their 95 % intervals: {fitted}.",
        chart,
        Table(
            ("participant", first.axis, "time of a call", "exponent"),
            [
                (short(grown.target), f"{size:,}", quantities.seconds(point.seconds), exponent(grown))
                for grown in ordered
                for size, point in measured.get(_key(grown), ())
                if point.participant == short(grown.target)
            ],
        ),
    )


def _mark(who: str, size: float, seconds: float) -> dict[str, Any]:
    return {"who": who, "size": size, "milliseconds": 1e3 * seconds}


def _fit(grown: Growth, pairs: Sequence[tuple[int, float]]) -> list[tuple[float, float]]:
    """The ends of the line of that exponent through the middle of the points."""
    pairs = [pair for pair in pairs if min(pair) > 0]
    if not pairs:
        return []
    middle = sum(math.log(size) for size, _ in pairs) / len(pairs)
    height = sum(math.log(seconds) for _, seconds in pairs) / len(pairs)
    ends = (min(size for size, _ in pairs), max(size for size, _ in pairs))
    return [(end, math.exp(height + grown.exponent * (math.log(end) - middle))) for end in ends]


def _points(told: Records) -> dict[_Key, list[tuple[int, Point]]]:
    found: dict[_Key, list[tuple[int, Point]]] = defaultdict(list)
    for point in points(told.records):
        row = point.record
        if (row.cache, row.clock) != ("warm", "wall"):
            continue
        for axis, size, held in along(row):
            found[axis, held, *(str(getattr(row, name)) for name in _LIKE[2:])].append((size, point))
    return {key: sorted(group, key=lambda each: each[0]) for key, group in found.items()}


def _key(grown: Growth) -> _Key:
    return tuple(str(getattr(grown, name)) for name in _LIKE)
