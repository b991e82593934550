"""pytest, driven in this process over the installed benchmarks, with pytest-benchmark's fixture and storage."""

from pathlib import Path

import pytest

from stn_verify import bench_plugin
from stn_verify.cli import suites
from stn_verify.cli.engine import apart, closed, complaint
from stn_verify.cli.progress import Progress
from stn_verify.contract.errors import OutputError, RequestError
from stn_verify.records.journal import Journal
from stn_verify.records.record import Record, Timing
from stn_verify.timing.session import BenchSession

STORAGE = "benchmarks"
"""The folder of pytest-benchmark's storage: a file for each part of the run, to be read by `pytest-benchmark compare`."""


class Rows:
    """The pytest plugin that leaves out what is done, and writes down the rows of each case."""

    def __init__(self, session: BenchSession, journal: Journal, progress: Progress) -> None:
        self.interrupted = False
        self.trouble: list[str] = []
        self.unwritten: OutputError | None = None
        self._session = session
        self._journal = journal
        self._progress = progress

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[bench_plugin.SESSION] = self._session

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        done = self._journal.cases
        self._session.leave_out(done)
        left = [item for item in items if _case(item) not in done]
        config.hook.pytest_deselected(items=[item for item in items if _case(item) in done])
        items[:] = left
        self._progress.collected(len({_case(item) for item in left}))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.trouble.append(f"{report.nodeid}: {report.longreprtext}")
        if report.when == "teardown":
            rows = [
                Record.model_validate_json(str(value))
                for name, value in report.user_properties
                if name == bench_plugin.RECORD
            ]
            if rows:
                try:
                    self._journal.add(rows)
                except OutputError as error:
                    self.unwritten = error
                    pytest.exit(str(error))
                self._progress.ended(failed=any(row.timing in (Timing.WRONG, Timing.FAILED) for row in rows))

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        self.interrupted = excinfo.errisinstance(KeyboardInterrupt)


def run(session: BenchSession, journal: Journal, folder: Path, progress: Progress) -> bool:
    """Measure what the journal lacks; whether nothing is left.

    Raises:
        RequestError: pytest or pytest-benchmark did not do its part.
        OutputError: a file cannot be written.
    """
    rows = Rows(session, journal, progress)
    every = {work.name for work in session.workloads}
    session.tell = progress.started
    try:
        with apart("bench.ini") as (ini, complaints):
            status = pytest.main(arguments(folder, ini), plugins=[rows])
    except KeyboardInterrupt:
        return False
    except OSError as error:
        raise OutputError(f"cannot write {error.filename or folder}: {error.strerror or error}") from error
    if rows.unwritten is not None:
        raise rows.unwritten
    if rows.interrupted:
        return False
    if status == pytest.ExitCode.USAGE_ERROR:
        raise RequestError(complaint(complaints.getvalue()))
    if rows.trouble:
        raise RequestError(f"a benchmark broke: {_last_line(rows.trouble[0])}")
    left = every - journal.cases
    if left:
        raise RequestError(f"{len(left)} cases were not measured, the first {sorted(left)[0]}")
    return True


def arguments(folder: Path, ini: Path) -> list[str]:
    """The command line for pytest."""
    return [
        *closed(ini, ("pytest_benchmark.plugin", bench_plugin.__name__)),
        f"--benchmark-storage=file://{folder / STORAGE}",
        "--benchmark-autosave",
        "--benchmark-save-data",
        "--pyargs",
        f"{suites.PACKAGE}.benchmarks",
    ]


def _case(item: pytest.Item) -> str:
    parameters = getattr(item, "callspec", None)
    return str(parameters.params["told"][0].name) if parameters is not None else item.nodeid


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["for no reason that it told"])[-1][:500]
