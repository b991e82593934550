"""The summary on the terminal: what was checked, how it went, and what went wrong."""

from collections import Counter
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stn_verify.contract.dialect import PLAIN
from stn_verify.verdicts.grouping import (
    Finding,
    Notice,
    Observation,
    Row,
    budget,
    counted,
    findings,
    known,
    observations,
    rows,
    sentence,
    unsupported,
    warnings,
)
from stn_verify.verdicts.results import Results, Status
from stn_verify.verdicts.untrusted import visible

STYLES = {Status.PASSED: "green", Status.UNDECIDED: "yellow", Status.KNOWN: "yellow"}
FAULT = "red"
SYMBOLS = {Status.PASSED: "✓", Status.UNDECIDED: "?", Status.KNOWN: "!"}
FINDINGS_SHOWN = 12
NOTICES_SHOWN = 8
REASON_LINES = 5
NAMES_SHOWN = 4
LINE_LENGTH = 300


def print_summary(console: Console, results: Results) -> None:
    """What a person has to know, the verdict last. Names and reasons are untrusted: Text, never markup."""
    console.print(_header(results), soft_wrap=True)
    # What is declared unsupported is told below in a line or two, not row by row.
    judged = [row for row in rows(results.verdicts) if row.judged]
    if judged:
        console.print(_table(judged, _symbols(console)))
    _print_rules(console, judged)
    _print_observations(console, observations(results.verdicts))
    _print_findings(console, findings(results.verdicts))
    _print_notices(console, "known failure", "yellow", known(results.verdicts))
    _print_notices(console, "warning", "yellow", warnings(results.verdicts))
    _print_notices(console, "unsupported", "dim", unsupported(results.verdicts))
    console.print(
        Text(sentence(results), style="bold green" if results.conforms else "bold red"), soft_wrap=True
    )


def _header(results: Results) -> Text:
    about = results.description
    conventions = len(about.conventions())
    told = [f"{about.framework} {about.framework_version}", f"python {about.python_version}", about.device]
    told += [counted(about.threads, "thread")] if about.threads else []
    told += [counted(conventions, "convention") if conventions else "convention to be identified"]
    told += [str(about.dialect)] if about.dialect != PLAIN else []
    told += [f"profile {results.profile}"]
    line = Text(visible(results.target), style="bold")
    return line.append(f"  {visible(', '.join(told))}", style="not bold")


def _symbols(console: Console) -> dict[Status, str]:
    return SYMBOLS if console.encoding.lower().startswith("utf") else {}


def _table(summed: Sequence[Row], symbols: dict[Status, str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, collapse_padding=True)
    table.add_column("check", overflow="fold")
    table.add_column("subject", overflow="fold")
    table.add_column("status", no_wrap=True)
    table.add_column("passed", justify="right", no_wrap=True)
    table.add_column("budget", justify="right", no_wrap=True)
    table.add_column("precision", overflow="fold")
    above: Row | None = None
    for row in summed:
        if above is None or above.suite != row.suite:
            table.add_row(Text(row.suite, style="bold"))
            above = None
        # A name that repeats the one above it is noise.
        check = "" if above is not None and above.check == row.check else row.check
        table.add_row(*_cells(row, check, symbols))
        above = row
    return table


def _cells(row: Row, check: str, symbols: dict[Status, str]) -> list[Text]:
    symbol = symbols.get(row.status, "✗" if symbols else "")
    # Arrows need a console that can show them.
    precisions = row.precisions if symbols else row.precisions.replace("→", ">")
    return [
        Text(f"  {check}"),
        Text(row.subject),
        Text(f"{symbol} {row.status}".strip(), style=STYLES.get(row.status, FAULT)),
        Text(f"{row.passed}/{row.judged}"),
        Text(budget(row.budget_used)),
        Text(precisions),
    ]


def _print_rules(console: Console, summed: Sequence[Row]) -> None:
    for row in summed:
        if row.rules:
            console.print(Text(f"\nat kinks ({row.suite}: {row.check})", style="cyan"))
            for line in row.rules:
                console.print(Text(f"  {line}"), soft_wrap=True)


def _print_observations(console: Console, seen: list[Observation]) -> None:
    """How many there are: what was seen of each is for the files."""
    suites = Counter(each.suite for each in seen)
    if suites:
        told = ", ".join(f"{name} {count}" for name, count in suites.items())
        console.print(
            Text(f"\nseen where nothing is prescribed: {told}; summary.md tells each", style="cyan")
        )


def _print_findings(console: Console, found: list[Finding]) -> None:
    console.print()
    for finding in found[:FINDINGS_SHOWN]:
        _print_finding(console, finding)
    if len(found) > FINDINGS_SHOWN:
        rest = found[FINDINGS_SHOWN:]
        verdicts = counted(sum(finding.count for finding in rest), "verdict")
        console.print(Text(f"... and {counted(len(rest), 'more finding')} ({verdicts}): see the files\n"))


def _print_finding(console: Console, finding: Finding) -> None:
    head = Text(f"{finding.status.upper()} ", style=f"bold {STYLES.get(finding.status, FAULT)}")
    head.append(f"{finding.suite}: {finding.check} ({finding.subjects})", style="bold")
    if finding.count > 1:
        head.append(f", {finding.count} verdicts alike", style="not bold")
    console.print(head, soft_wrap=True)
    for place in finding.places:
        _indented(console, Text(_cut(place), style="dim"))
    for line in finding.reason[:REASON_LINES]:
        _indented(console, Text(line))
    if len(finding.reason) > REASON_LINES:
        _indented(console, Text(f"... {len(finding.reason) - REASON_LINES} more lines", style="dim"))
    if finding.reproducers:
        more = f" and {len(finding.reproducers) - 1} more" if len(finding.reproducers) > 1 else ""
        _indented(console, Text(f"reproduce: {finding.reproducers[0]}{more}", style="cyan"))
    console.print()


def _print_notices(console: Console, what: str, style: str, found: list[Notice]) -> None:
    for notice in found[:NOTICES_SHOWN]:
        line = Text(f"{what}: ", style=style).append(" ".join(notice.text[:REASON_LINES]), style="default")
        about = f" ({_cut(notice.checks)}; {notice.dtypes}; {counted(notice.count, 'verdict')})"
        console.print(line.append(about, style="dim"), soft_wrap=True)
    if len(found) > NOTICES_SHOWN:
        console.print(Text(f"... and {len(found) - NOTICES_SHOWN} more of these"))
    if found:
        console.print()


def _indented(console: Console, text: Text) -> None:
    # Not wrapped: a path or a number stays whole for whoever copies it.
    text.truncate(LINE_LENGTH, overflow="ellipsis")
    console.print(Text("  ").append_text(text), soft_wrap=True)


def _cut(listed: str) -> str:
    names = listed.split(", ")
    left = len(names) - NAMES_SHOWN
    return f"{', '.join(names[:NAMES_SHOWN])} and {left} more" if left > 0 else listed
