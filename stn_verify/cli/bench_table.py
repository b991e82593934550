"""The summary of a benchmark on the terminal: a line for each case and peer."""

from collections import Counter
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stn_verify.records.folder import Records
from stn_verify.records.growth import Growth
from stn_verify.records.record import Decision, Record, Timing
from stn_verify.verdicts.untrusted import visible

STYLES = {Decision.FASTER: "green", Decision.SLOWER: "red", Decision.UNDECIDED: "yellow"}
ROWS_SHOWN = 200
"""More are for the files."""


def print_records(console: Console, records: Records) -> None:
    """Every row, the exponents, and how many are decided. Names and reasons are untrusted: Text, never markup."""
    about = records.environment
    console.print(
        Text(f"{about.environment.processor}, {about.threads} threads on {about.environment.cores} cores"),
        soft_wrap=True,
    )
    shown = records.records[:ROWS_SHOWN]
    console.print(_table(shown))
    if len(records.records) > len(shown):
        console.print(Text(f"... and {len(records.records) - len(shown)} more rows: see the files"))
    for record in shown:
        if record.reason:
            against = f" against {record.against}" if record.against else ""
            line = f"{record.target}{against}, {record.case}: {visible(record.reason)}"
            console.print(Text(line, style="dim"), soft_wrap=True)
    for grown in records.growth:
        console.print(Text(_exponent(grown)), soft_wrap=True)
    console.print(Text(_sentence(records), style="bold"), soft_wrap=True)


def _table(rows: Sequence[Record]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, collapse_padding=True)
    table.add_column("case", overflow="fold")
    table.add_column("target", overflow="fold")
    table.add_column("ms", justify="right", no_wrap=True)
    table.add_column("roofline", justify="right", no_wrap=True)
    table.add_column("against", overflow="fold")
    table.add_column("time ratio", no_wrap=True)
    table.add_column("noise", justify="right", no_wrap=True)
    table.add_column("decided", no_wrap=True)
    for record in rows:
        table.add_row(*_cells(record))
    return table


def _cells(record: Record) -> list[Text]:
    told: str = record.timing
    style = "red" if record.timing in (Timing.WRONG, Timing.FAILED) else ""
    if record.timing is Timing.TIMED:
        told, style = _outcome(record)
    return [
        Text(record.case),
        Text(visible(record.target)),
        Text("" if record.time_seconds is None else f"{1e3 * record.time_seconds:.3f}"),
        Text("" if record.roofline_share is None else f"{record.roofline_share:.0%}"),
        Text(visible(record.against or "")),
        Text(_ratio(record)),
        Text("" if record.noise_floor_ratio is None else f"{record.noise_floor_ratio - 1:.1%}"),
        Text(told, style=style),
    ]


def _outcome(record: Record) -> tuple[str, str]:
    if record.decision is not None:
        return record.decision, STYLES[record.decision]
    if record.against_timing not in (None, Timing.TIMED):
        return f"peer {record.against_timing}", "dim"
    return "", ""


def _ratio(record: Record) -> str:
    if record.time_ratio is None:
        return ""
    return f"{record.time_ratio:.3f} ({record.time_ratio_low:.3f} to {record.time_ratio_high:.3f})"


def _exponent(grown: Growth) -> str:
    between = (
        ""
        if grown.exponent_low is None
        else f" ({grown.exponent_low:.2f} to {grown.exponent_high:.2f})"
    )  # fmt: skip
    work = f"{grown.function} {grown.direction} {grown.dtype} {grown.layout} {grown.theta}"
    sizes = f"{grown.smallest} to {grown.largest}"
    return f"{visible(grown.target)}: time ~ {grown.axis}^{grown.exponent:.2f}{between}, {sizes}, {grown.held}; {work}"


def _sentence(records: Records) -> str:
    decisions = Counter(str(record.decision) for record in records.records if record.decision is not None)
    timings = Counter(str(record.timing) for record in records.records if record.timing is not Timing.TIMED)
    told = [f"{count} {name}" for name, count in (decisions + timings).items()]
    return f"{len(records.records)} rows in {records.environment.seconds:.0f} s: {', '.join(told) or 'all timed'}"
