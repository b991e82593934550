"""The pytest plugin that gathers verdicts from test reports, here or in the workers of pytest-xdist."""

from collections.abc import Iterable
from typing import Any

import pytest
from pydantic import ValidationError

from stn_verify.cli.progress import Progress
from stn_verify.cli.suites import suite_name
from stn_verify.pytest_plugin import PROPERTY
from stn_verify.verdicts.grouping import NOWHERE
from stn_verify.verdicts.results import Status, Verdict
from stn_verify.verdicts.untrusted import storable

HARNESS = "harness"
LAST_LINES = 15
NO_PARAMETERS = "got empty parameter set"
"""How pytest skips a test of which the profile and the dtypes asked for leave nothing."""


class Gathering:
    """What was judged so far. A test that broke without a verdict becomes an undecided one, never nothing."""

    def __init__(self, progress: Progress) -> None:
        self.interrupted = False
        self._progress = progress
        self._order: dict[str, int] = {}
        self._rows: dict[str, list[Verdict]] = {}
        self._trouble: dict[str, list[Verdict]] = {}
        self._failed_calls: dict[str, Verdict] = {}
        self._done: set[str] = set()

    def verdicts(self) -> list[Verdict]:
        """All of them, in the order of collection, however the tests were spread over workers."""
        found = {nodeid: list(rows) for nodeid, rows in self._rows.items()}
        for nodeid, row in self._failed_calls.items():
            # A test fails because of its verdicts; one that fails in spite of them broke.
            if all(verdict.status.conforms for verdict in found.get(nodeid, ())):
                found.setdefault(nodeid, []).append(row)
        for nodeid, rows in self._trouble.items():
            found.setdefault(nodeid, []).extend(rows)
        ordered = sorted(found, key=lambda nodeid: self._order.get(nodeid, len(self._order)))
        rows = [verdict for nodeid in ordered for verdict in found[nodeid]]
        unreported = (
            [] if self.interrupted else [nodeid for nodeid in self._order if nodeid not in self._done]
        )
        if unreported:
            reason = f"{len(unreported)} collected tests never ended, the first of them {unreported[0]}"
            rows.append(_undecided(HARNESS, "run", reason))
        return rows

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._collect(item.nodeid for item in session.items)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        # With xdist only the workers select, and would die over a -k expression that pytest cannot read.
        # Here, over no test, it is a usage error.
        session.config.hook.pytest_collection_modifyitems(session=session, config=session.config, items=[])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: Iterable[str]) -> None:
        self._collect(ids)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        # A worker that dies later leaves a report of the test that it died in.
        if error and not self._order:
            self._trouble[HARNESS] = [_undecided(HARNESS, "collection", f"a pytest worker died: {error}")]

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed or report.skipped:
            # Each xdist worker collects and reports the same module.
            self._trouble[report.nodeid] = [_broken(report, "collection")]

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._progress.started(f"{suite_name(nodeid)}: {nodeid.rpartition('::')[2].removeprefix('test_')}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        nodeid = report.nodeid
        rows = [value for name, value in report.user_properties if name == PROPERTY]
        if rows:
            # Every phase repeats the properties of those before it: the latest report replaces.
            self._rows[nodeid] = [_parsed(nodeid, row) for row in rows]
        if report.when == "call" and report.failed:
            self._failed_calls[nodeid] = _broken(report, "test")
        elif report.failed:
            self._trouble.setdefault(nodeid, []).append(_broken(report, report.when))
        elif report.skipped and not rows and not hasattr(report, "wasxfail"):
            # What the target does not offer has its verdicts; any other skip leaves its check unanswered.
            # An expected failure has its verdicts in the next report.
            self._rows[nodeid] = _skipped(report)
        # An xdist worker that dies leaves a report of the phase '???', the only one of that test.
        if report.when not in ("setup", "call") and nodeid not in self._done:
            self._done.add(nodeid)
            self._progress.ended(failed=self._went_wrong(nodeid))

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        # Also called for pytest.exit(), which is no Ctrl-C.
        self.interrupted = excinfo.errisinstance(KeyboardInterrupt)

    def pytest_internalerror(self, excrepr: object) -> None:
        lines = str(excrepr).splitlines()
        reason = "\n".join(["pytest broke", *lines[-LAST_LINES:]])
        self._trouble.setdefault(HARNESS, []).append(_undecided(HARNESS, "run", reason))

    def _collect(self, nodeids: Iterable[str]) -> None:
        for nodeid in nodeids:
            self._order.setdefault(nodeid, len(self._order))
        self._progress.collected(len(self._order))

    def _went_wrong(self, nodeid: str) -> bool:
        broke = nodeid in self._failed_calls or nodeid in self._trouble
        return broke or not all(row.status.conforms for row in self._rows.get(nodeid, ()))


def _parsed(nodeid: str, row: object) -> Verdict:
    try:
        return Verdict.model_validate_json(str(row))
    except ValidationError as error:
        return _undecided(suite_name(nodeid), _check_name(nodeid), f"not a verdict: {error}\n{nodeid}")


def _broken(report: pytest.CollectReport | pytest.TestReport, phase: str) -> Verdict:
    lines = report.longreprtext.splitlines()
    crash = getattr(report.longrepr, "reprcrash", None)
    first = crash.message.partition("\n")[0] if crash else (lines[0] if lines else report.outcome)
    reason = "\n".join([first, f"(in the {phase} of {report.nodeid})", *lines[-LAST_LINES:]])
    return _undecided(suite_name(report.nodeid), _check_name(report.nodeid), reason)


def _skipped(report: pytest.TestReport) -> list[Verdict]:
    # A skip's longrepr is (path, line, 'Skipped: reason').
    reason = str(report.longrepr[2]).removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else ""
    if reason.startswith(NO_PARAMETERS):
        return []
    return [_undecided(suite_name(report.nodeid), _check_name(report.nodeid), f"skipped: {reason}")]


def _undecided(suite: str, check: str, reason: str) -> Verdict:
    return Verdict(
        suite=storable(suite, 200),
        check=storable(check, 200),
        subject=NOWHERE,
        dtype=NOWHERE,
        convention=NOWHERE,
        status=Status.UNDECIDED,
        reason=storable(reason, 20_000),
    )


def _check_name(nodeid: str) -> str:
    function = nodeid.partition("::")[2].partition("[")[0]
    return function.removeprefix("test_").replace("_", " ") or "collection"
