"""A figure: a plot, what it shows in words, and the same as a table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

MOST_ROWS = 200
"""Of a table; the records have them all."""
MOST_FIGURES = 6
"""Of one kind."""
MOST_POINTS = 1500


@dataclass(frozen=True)
class Table:
    """Cells are plain text, and not trusted."""

    heading: Sequence[str]
    rows: Sequence[Sequence[str]]
    kinds: Sequence[str] = ()
    """What each row is: "wrong", "undecided", "faster", "slower" or "", for how it looks; () of no row."""

    @property
    def shown(self) -> list[tuple[str, Sequence[str]]]:
        """Kind and cells of the first rows."""
        kinds = self.kinds or [""] * len(self.rows)
        return list(zip(kinds, self.rows, strict=True))[:MOST_ROWS]

    @property
    def left(self) -> int:
        """How many are not shown."""
        return max(0, len(self.rows) - MOST_ROWS)


@dataclass(frozen=True)
class Figure:
    """One plot."""

    title: str
    about: str
    """What is seen on which axis, in words that stand without the picture."""
    chart: Callable[[], Any]
    """Makes the Altair chart."""
    table: Table
    broad: bool = False
    """Whether it takes a whole line, and is not made smaller where it does not fit."""


@dataclass(frozen=True)
class Chapter:
    """Figures of one kind."""

    title: str
    about: str
    figures: Sequence[Figure]
    left_out: int = 0
    """Figures that there was no room for."""
    missing: str = ""
    """Why there is none."""


def spread(rows: Sequence[Any], most: int = MOST_POINTS) -> list[Any]:
    """At most that many, evenly from first to last."""
    if len(rows) <= most:
        return list(rows)
    return [rows[k * len(rows) // most] for k in range(most)]
