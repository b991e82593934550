"""summary.md: a run for people who read it on a code host or in a mail."""

import shlex
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from stn_reports.markdown import escaped, fenced
from stn_verify.formats import STORAGE_DTYPES
from stn_verify.verdicts.excuses import SUITE as KNOWN_FAILURES
from stn_verify.verdicts.grouping import (
    Row,
    budget,
    counted,
    figures,
    findings,
    known,
    observations,
    rows,
    sentence,
    unsupported,
    warnings,
)
from stn_verify.verdicts.results import Results, Status, Verdict

SYMBOLS = {Status.PASSED: "✅", Status.UNSUPPORTED: "⚪", Status.UNDECIDED: "❔", Status.KNOWN: "❕"}
FINDINGS_SHOWN = 100
REASON_LINES = 30


def write(results: Results, path: Path) -> None:
    """Write the summary."""
    path.write_text(render(results), encoding="utf-8")


def render(results: Results) -> str:
    """The summary as Markdown."""
    templates = Environment(  # noqa: S701  Markdown, not HTML: every value goes through `md` or `fenced`
        loader=PackageLoader("stn_reports"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    templates.filters |= {
        "md": escaped,
        "fenced": fenced,
        "budget": budget,
        "counted": counted,
        "symbol": _symbol,
    }
    found = findings(results.verdicts)
    return templates.get_template("summary.md.jinja").render(
        results=results,
        sentence=sentence(results),
        command=command(results),
        suites=_by_suite(rows(results.verdicts)),
        findings=found[:FINDINGS_SHOWN],
        findings_left=len(found) - FINDINGS_SHOWN,
        reason_lines=REASON_LINES,
        known=known(results.verdicts),
        observations=observations(results.verdicts),
        figures=figures(results.verdicts),
        warnings=warnings(results.verdicts),
        unsupported=unsupported(results.verdicts),
        verdicts=_verdicts_by_suite(results.verdicts),
    )


def command(results: Results) -> str:
    """What repeats the run. The results hold no command line: suites and dtypes are those judged."""
    # A stale entry is a verdict on the file, and belongs to no suite that could be asked for.
    suites = dict.fromkeys(v.suite for v in results.verdicts if v.suite != KNOWN_FAILURES)
    dtypes = {verdict.dtype for verdict in results.verdicts}
    words = ["stn-verify", "check", results.target]
    words += [word for suite in suites for word in ("--suite", suite)]
    words += [word for dtype in STORAGE_DTYPES if dtype in dtypes for word in ("--dtype", dtype)]
    words += ["--device", results.description.device, "--seed", str(results.seed)]
    words += ["--known-failures", results.known_failures] if results.known_failures else []
    words += [f"--{results.profile}"] if results.profile in ("quick", "full") else []
    return shlex.join(words)


def _symbol(status: Status) -> str:
    return f"{SYMBOLS.get(status, '❌')} {status}"


def _by_suite(summed: list[Row]) -> list[tuple[str, list[Row]]]:
    ordered = sorted(summed, key=lambda row: row.suite)
    return [(suite, list(group)) for suite, group in groupby(ordered, key=lambda row: row.suite)]


def _verdicts_by_suite(verdicts: Iterable[Verdict]) -> list[tuple[str, list[Verdict]]]:
    ordered = sorted(verdicts, key=lambda verdict: verdict.suite)
    return [(suite, list(group)) for suite, group in groupby(ordered, key=lambda verdict: verdict.suite)]
