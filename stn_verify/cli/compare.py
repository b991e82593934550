"""The command `compare`: what became slower from one run of a benchmark to the next, for a person and for CI."""

from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stn_verify.contract.errors import RequestError
from stn_verify.records.comparing import Change, Changes, Outcome, compare, differences
from stn_verify.records.folder import load
from stn_verify.records.record import Record
from stn_verify.verdicts.untrusted import visible

WITHIN, SLOWER = 0, 1

STYLES = {
    Outcome.SLOWER: "bold red",
    Outcome.LOST: "bold red",
    Outcome.WITHIN: "yellow",
    Outcome.FASTER: "green",
    Outcome.UNDECIDED: "dim",
    Outcome.APART: "dim",
}
"""In the order in which rows are shown."""

ROWS_SHOWN = 200
REASON_SHOWN = 300


class DifferentMachineError(RequestError):
    """Two runs whose difference need not be the target's."""


def compare_runs(
    first: Path, second: Path, allowed: float, *, force: bool, out: Console, err: Console
) -> int:
    """Tell it; the exit status: 0 within what is allowed, 1 not. `allowed` is a share: 0.05 for 5 %.

    Raises:
        RequestError: a folder holds no records, the machines differ and `force` is not set, or there is nothing to compare.
    """
    before, after = load(first), load(second)
    unlike = [visible(line) for line in differences(before.environment, after.environment)]
    if unlike and not force:
        raise DifferentMachineError(
            f"{first} and {second} cannot be compared ({'; '.join(unlike)}): --force does it anyway"
        )
    for line in unlike:
        err.print(Text(f"differs: {line}", style="yellow"), soft_wrap=True)
    for folder, run in ((first, before), (second, after)):
        if not run.environment.finished:
            err.print(
                Text(f"{visible(str(folder))} is of a run that was not finished", style="yellow"),
                soft_wrap=True,
            )
    changes = compare(before, after, allowed)
    print_changes(out, changes)
    return SLOWER if changes.failing else WITHIN


def print_changes(console: Console, changes: Changes) -> None:
    """A line for each row, the worst first; what only one run has; a sentence. All names are untrusted: Text, never markup."""
    order = list(STYLES)
    rows = sorted(changes.rows, key=lambda row: (order.index(row.outcome), -(row.time_ratio or 0.0)))
    shown = rows[:ROWS_SHOWN]
    console.print(_table(shown))
    if len(rows) > len(shown):
        console.print(Text(f"... and {len(rows) - len(shown)} more rows, none of them worse"))
    for row in shown:
        if row.outcome is Outcome.LOST and row.reason:
            told = f"{_named(row.after)}: {row.outcome}: {visible(row.reason[:REASON_SHOWN])}"
            console.print(Text(told, style=STYLES[row.outcome]), soft_wrap=True)
    for which, only in (("first", changes.only_before), ("second", changes.only_after)):
        for record in only[:ROWS_SHOWN]:
            console.print(Text(f"only in the {which} run: {_named(record)}"), soft_wrap=True)
        if len(only) > ROWS_SHOWN:
            console.print(Text(f"... and {len(only) - ROWS_SHOWN} more rows only in the {which} run"))
    console.print(Text(sentence(changes), style="bold"), soft_wrap=True)


def sentence(changes: Changes) -> str:
    """How many rows became what, and what was allowed."""
    told = ", ".join(f"{count} {outcome}" for outcome, count in changes.counts.items())
    apart = len(changes.only_before), len(changes.only_after)
    only = f"; {apart[0]} only in the first run, {apart[1]} only in the second" if any(apart) else ""
    return f"{len(changes.rows)} rows in both runs, {100 * changes.allowed:g} % allowed: {told}{only}"


def percent(ratio: float) -> str:
    """A ratio of times as a change: +15.0 % is slower."""
    return f"{100 * (ratio - 1):+.1f} %"


def _table(rows: list[Change]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, collapse_padding=True)
    table.add_column("case", overflow="fold")
    table.add_column("target", overflow="fold")
    table.add_column("against", overflow="fold")
    table.add_column("time ratio", no_wrap=True)
    table.add_column("change of time", overflow="fold")
    table.add_column("became", overflow="fold")
    for row in rows:
        table.add_row(
            Text(visible(row.after.case)),
            Text(visible(row.after.target)),
            Text(visible(row.after.against or "")),
            Text(_ratios(row)),
            Text(_interval(row)),
            Text(row.outcome, style=STYLES[row.outcome]),
        )
    return table


def _ratios(row: Change) -> str:
    old, new = row.before.time_ratio, row.after.time_ratio
    return "" if old is None or new is None else f"{old:.3f} to {new:.3f}"


def _interval(row: Change) -> str:
    if row.time_ratio is None or row.time_ratio_low is None or row.time_ratio_high is None:
        return "" if row.outcome is Outcome.LOST else visible(row.reason or "")
    return f"{percent(row.time_ratio)} ({percent(row.time_ratio_low)} to {percent(row.time_ratio_high)})"


def _named(record: Record) -> str:
    against = f" against {record.against}" if record.against else ""
    return visible(f"{record.target}{against}, {record.case}")
