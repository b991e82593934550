"""Names that files and implementations gave, cut so that a plot or a table can hold them."""

from stn_reports.performance.quantities import NOTHING
from stn_verify.records.record import Record, Timing
from stn_verify.verdicts.untrusted import storable, visible

LONGEST = 48


def short(name: str) -> str:
    """One visible line of bounded length; the cut shows."""
    return storable(visible(name[: 2 * LONGEST]), LONGEST) if name.strip() else "(no name)"


def shape(record: Record) -> str:
    """8x3x64x64 → 64x64: N, C, H, W, then Ho, Wo."""
    image = "x".join(map(str, (record.N, record.C, record.H, record.W)))
    return f"{image} → {record.Ho}x{record.Wo}"


def how(record: Record) -> str:
    """Of a clock or a cache other than the usual; empty for wall clock and warm cache."""
    return (
        ""
        if (record.cache, record.clock) == ("warm", "wall")
        else f"{record.cache} cache, {record.clock} clock"
    )


def work(record: Record) -> str:
    """What is computed, but for its sizes."""
    told = [
        record.function,
        record.direction,
        short(record.dtype),
        record.layout,
        short(record.theta),
        how(record),
    ]
    return ", ".join(part for part in told if part)


def outcome(row: Record) -> str:
    """The decision, or why there is none."""
    if row.timing is not Timing.TIMED:
        return str(row.timing)
    if row.decision is not None:
        return str(row.decision)
    return NOTHING if row.against_timing in (None, Timing.TIMED) else f"peer {row.against_timing}"
