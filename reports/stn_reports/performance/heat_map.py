"""The heat map of ratios: how many times as long a target takes as its peer, at every size, direction and theta."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from stn_reports.performance import drawing, quantities
from stn_reports.performance.figure import MOST_FIGURES, Chapter, Figure, Table
from stn_reports.performance.names import how, outcome, shape, short
from stn_verify.records.folder import Records
from stn_verify.records.record import Decision, Record, Timing

MOST_CELLS_DOWN = 40
MOST_CELLS_ACROSS = 24
CELL_WIDTH, CELL_HEIGHT = 90, 26

WIDER = 2
"""CSS pixels by which a letter may be wider than was thought."""

FASTER, EVEN, SLOWER = "#1f78b4", "#f2f2f2", "#d0661b"
NOT_DECIDED, NOT_TIMED = "#c3c7cc", "#ffffff"
SPAN = 2.0
"""Binary logarithm of the ratio at which colours end: 4 times either way."""


def chapter(told: Records) -> Chapter:
    """A figure for each target and peer; more where they do not fit into one."""
    groups: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for row in told.records:
        if (
            row.against is not None
            and row.function != "check"
            and row.against_timing is not Timing.UNAVAILABLE
        ):
            groups[short(row.target), short(row.against)].append(row)
    # Where there is no room for all, each pair has its first ones.
    turns = zip_longest(*(_figures(*pair, rows) for pair, rows in groups.items()))
    figures = [figure for turn in turns for figure in turn if figure is not None]
    return Chapter(
        "Ratios of times",
        "Time of the target over time of its peer, timed in the same rounds: below 1 the target is faster. Blue is decided as"
        " faster, orange as slower. Grey with a question mark is undecided: noise does as much, so nothing is called. Outlined"
        " cells were not timed, in red where the target is wrong.",
        figures[:MOST_FIGURES],
        max(0, len(figures) - MOST_FIGURES),
        "No target was timed against a peer.",
    )


def cell(record: Record) -> tuple[str, str]:
    """What a cell says, and its kind: faster, slower, undecided, wrong, or untimed."""
    if record.timing is not Timing.TIMED:
        wrong = record.timing in (Timing.WRONG, Timing.FAILED)
        return record.timing.removeprefix("not timed: "), "wrong" if wrong else "untimed"
    if record.time_ratio is None or record.decision is None:
        return "no peer", "untimed"
    told = quantities.ratio(record.time_ratio)
    return (
        (f"{told} ?", "undecided") if record.decision is Decision.UNDECIDED else (told, str(record.decision))
    )


def _figures(target: str, peer: str, rows: Sequence[Record]) -> list[Figure]:
    title = f"{target} against {peer}"
    if (
        len({_down(row) for row in rows}) <= MOST_CELLS_DOWN
        and len({_across(row) for row in rows}) <= MOST_CELLS_ACROSS
    ):
        return [_figure(title, rows)]
    parts: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for row in rows:
        parts[_kind(row), row.direction].append(row)
    return [_figure(f"{title}, {direction}", part) for (_, direction), part in parts.items()]


def _figure(title: str, rows: Sequence[Record]) -> Figure:
    ordered = sorted(rows, key=lambda row: (_kind(row), _size(row)))
    # What most rows are stands in the title, and what a row is otherwise beside its sizes: a phone has no room for more.
    usual = Counter(map(_parts, ordered)).most_common(1)[0][0]
    title += f": {' '.join(filter(None, usual))}"
    if any(_parts(row) != usual for row in ordered):
        title += ", where not said otherwise"

    def named(row: Record) -> str:
        sizes = f"{row.N}x{row.C}x{row.H}x{row.W}" if (row.Ho, row.Wo) == (row.H, row.W) else shape(row)
        return ", ".join(
            [sizes, *(part for part, most in zip(_parts(row), usual, strict=True) if part != most)]
        )

    down = list(dict.fromkeys(map(named, ordered)))[:MOST_CELLS_DOWN]
    across = list(dict.fromkeys(map(_across, rows)))[:MOST_CELLS_ACROSS]

    def chart() -> Any:
        alt = drawing.require_altair()
        values = []
        for row in rows:
            said, kind = cell(row)
            if named(row) in down and _across(row) in across:
                logged = math.log2(row.time_ratio) if row.time_ratio else 0.0
                values.append(
                    {"down": named(row), "across": _across(row), "said": said, "kind": kind, "log": logged}
                )
        base = alt.Chart(alt.Data(values=values)).encode(
            alt.X(
                "across:N", sort=across, axis=alt.Axis(title="direction, theta", orient="top", labelAngle=-40)
            ),
            alt.Y("down:N", sort=down, axis=alt.Axis(title=None)),
        )
        decided = "datum.kind == 'faster' || datum.kind == 'slower'"
        scale = alt.Scale(domain=[-SPAN, 0, SPAN], range=[FASTER, EVEN, SLOWER], clamp=True)
        legend = alt.Legend(
            title="time over the peer's, decided",
            orient="bottom",
            gradientLength=240,
            values=[-2, 0, 2],
            labelExpr="format(pow(2, datum.value), '.2~f') + ' x'",
            direction="horizontal",
        )
        words = base.mark_text(fontSize=12)
        dark = f"({decided}) && abs(datum.log) > 1.3"
        ink = alt.condition(dark, alt.value("#ffffff"), alt.value("#1f2328"))
        return alt.layer(
            base.transform_filter(decided).mark_rect().encode(alt.Color("log:Q", scale=scale, legend=legend)),
            base.transform_filter("datum.kind == 'undecided'").mark_rect(color=NOT_DECIDED),
            base.transform_filter("datum.kind == 'wrong'").mark_rect(
                color=NOT_TIMED, stroke="#c62828", strokeWidth=2
            ),
            base.transform_filter("datum.kind == 'untimed'").mark_rect(
                color=NOT_TIMED, stroke="#8b929c", strokeDash=[4, 2]
            ),
            words.transform_filter("datum.kind != 'wrong'").encode(text="said:N", color=ink),
            words.transform_filter("datum.kind == 'wrong'").encode(text="said:N", color=alt.value("#b71c1c")),
        ).properties(
            width=CELL_WIDTH * max(len(across), 3),
            height=CELL_HEIGHT * len(down),
            # Fonts differ from one screen to the next: where these are wider than those that it was laid out with.
            padding={
                "left": 8 + WIDER * _longest(down),
                "right": 8 + 2 * WIDER * _longest(across),
                "top": 24,
                "bottom": 8,
            },
        )

    kinds = [cell(row)[1] for row in rows]
    counts = ", ".join(
        f"{kinds.count(kind)} {kind}" for kind in ("faster", "slower", "undecided", "wrong", "untimed")
    )
    return Figure(
        title,
        "A cell for each case: sizes NxCxHxW down, with → HoxWo where the output is of another size, direction and theta across."
        f" {counts}.",
        chart,
        Table(
            ("case", "time ratio, 99 % interval", "noise floor", "decided"),
            [
                (
                    visible_case(row),
                    quantities.ratio(row.time_ratio, row.time_ratio_low, row.time_ratio_high),
                    quantities.ratio(row.noise_floor_ratio),
                    outcome(row),
                )
                for row in rows
            ],
            kinds,
        ),
        broad=True,
    )


def _longest(names: Sequence[str]) -> int:
    return max(map(len, names), default=0)


def visible_case(row: Record) -> str:
    """The case in the words of its fields."""
    return f"{_kind(row)} {_across(row)}, {shape(row)}"


def _parts(row: Record) -> tuple[str, ...]:
    return (row.function, short(row.dtype), row.layout, how(row))


def _kind(row: Record) -> str:
    return " ".join(filter(None, _parts(row)))


def _size(row: Record) -> tuple[int, ...]:
    return (row.N * row.C * row.Ho * row.Wo, row.N, row.C)


def _down(row: Record) -> str:
    return f"{shape(row)}, {_kind(row)}"


def _across(row: Record) -> str:
    return f"{row.direction}, {short(row.theta)}"
