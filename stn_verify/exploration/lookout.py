"""The lookout of a pytest run: at its end it tells of known failures that no longer fail."""

import pytest

from stn_verify.contract.errors import RequestError
from stn_verify.exploration.profiles import profile_named
from stn_verify.verdicts.excuses import stale
from stn_verify.verdicts.known import KnownFailures
from stn_verify.verdicts.known_files import known_failures
from stn_verify.verdicts.results import Verdict


class Lookout:
    """A pytest plugin. It sees the verdicts of the whole run, in whichever process they were reached."""

    def __init__(self, known: KnownFailures, carrier: str, framework: str, *, thorough: bool) -> None:
        self._known = known
        self._carrier = carrier
        self._framework = framework
        self._version = ""
        self._thorough = thorough
        self._verdicts: list[Verdict] = []
        self._stale: list[Verdict] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # The last phase repeats the properties of those before it.
        if report.when == "teardown":
            rows = [value for name, value in report.user_properties if name == self._carrier]
            versions = [str(value) for name, value in report.user_properties if name == self._framework]
            self._version = next(iter(versions), self._version)
            self._verdicts += [Verdict.model_validate_json(str(row)) for row in rows]

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        ended = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        cut_short = session.shouldstop or session.shouldfail
        if self._thorough and ended and not cut_short:
            # What pytest was asked for may be any part of the suites.
            self._stale = stale(self._verdicts, self._known, whole=False, version=self._version)
        if self._stale:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._stale:
            terminalreporter.section("known failures", red=True, bold=True)
        for verdict in self._stale:
            terminalreporter.line(f"{verdict.check}: {verdict.reason}", red=True)


def lookout(config: pytest.Config, carrier: str, framework: str) -> Lookout:
    """The lookout for what the run was asked for; verdicts arrive as test properties named `carrier`.

    So does the version of the target's framework, named `framework`: only the process that runs a check knows the target.

    Raises:
        pytest.UsageError: the request was wrong.
    """
    try:
        known = known_failures(
            config.getoption("--stn"),
            config.getoption("--stn-known-failures"),
            config.getoption("--stn-device"),
        )
        thorough = profile_named(config.getoption("--stn-profile")).thorough
    except RequestError as error:
        raise pytest.UsageError(str(error)) from None
    return Lookout(known, carrier, framework, thorough=thorough)
