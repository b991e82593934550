"""pytest plugin of the benchmarks: `pytest -p stn_verify.bench_plugin --stn-bench TARGET`, over stn_suites.benchmarks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stn_verify.contract.errors import RequestError
from stn_verify.timing.replay import Told
from stn_verify.timing.session import BenchSession, Choices
from stn_verify.timing.workload import Workload
from stn_verify.verdicts.environment import cores

if TYPE_CHECKING:
    from collections.abc import Iterator

RECORD = "stn-record"
"""The name under which the report of a case's last participant carries each row, as JSON, in its user_properties."""

SESSION = pytest.StashKey[BenchSession]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of a benchmark run."""
    group = parser.getgroup("stn-bench", "time spatial transformers")
    add = group.addoption
    add("--stn-bench", metavar="TARGET", action="append", default=[], help="what is timed (repeatable)")
    add("--stn-bench-against", metavar="TARGET", action="append", default=[], help="a peer (repeatable)")
    add("--stn-bench-profile", metavar="PROFILE", default="default", help="quick, default or full")
    add("--stn-bench-device", metavar="DEVICE", default="cpu", help="where all compute (default: cpu)")
    add("--stn-bench-threads", metavar="N", type=int, help="of one operation (default: as many as cores)")
    add("--stn-bench-seed", metavar="N", type=int, default=0, help="of inputs and orders (default: 0)")
    add(
        "--stn-bench-deadline", metavar="SECONDS", type=float, default=60.0, help="for one call (default: 60)"
    )
    add("--stn-bench-python", metavar="INTERPRETER", help="the interpreter that runs targets and peers")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One item per case and participant."""
    if "told" not in metafunc.fixturenames:
        return
    session = session_of(metafunc.config)
    asked = [(work, name) for work in session.workloads for name in session.names()]
    metafunc.parametrize("told", asked, indirect=True, ids=[f"{work.name}-{name}" for work, name in asked])


@pytest.fixture
def told(request: pytest.FixtureRequest) -> Iterator[Told]:
    """What was measured of a participant; the first one's item measures all of the case."""
    work, name = request.param
    session = session_of(request.config)
    try:
        measured = session.measurement(work)
    except RequestError as error:
        raise pytest.UsageError(str(error)) from None
    yield _told(work, name, session)
    if name == session.names()[-1]:
        rows = [(RECORD, record.model_dump_json()) for record in measured.records]
        request.node.user_properties.extend(rows)


def _told(work: Workload, name: str, session: BenchSession) -> Told:
    measured = session.measurement(work)
    own = [record for record in measured.records if record.target == name]
    found = measured.of(name)
    if found is None:
        rows = own or [record for record in measured.records if record.against == name]
        return Told(work.name, own, None, reason=rows[0].reason or "no target was timed" if rows else "")
    samples, calls = found
    return Told(work.name, own, samples, calls)


def session_of(config: pytest.Config) -> BenchSession:
    """The session of a pytest run.

    Raises:
        pytest.UsageError: the request was wrong.
    """
    if SESSION not in config.stash:
        option = config.getoption
        choices = Choices(
            targets=tuple(option("--stn-bench")),
            peers=tuple(option("--stn-bench-against")),
            profile=option("--stn-bench-profile"),
            device=option("--stn-bench-device"),
            threads=option("--stn-bench-threads") or cores(),
            seed=option("--stn-bench-seed"),
            deadline=option("--stn-bench-deadline"),
            interpreter=option("--stn-bench-python"),
        )
        if not choices.targets:
            raise pytest.UsageError("the benchmarks need a target: --stn-bench TARGET")
        try:
            config.stash[SESSION] = BenchSession(choices)
        except RequestError as error:
            raise pytest.UsageError(str(error)) from None
    return config.stash[SESSION]


def pytest_unconfigure(config: pytest.Config) -> None:
    """End every process."""
    if SESSION in config.stash:
        config.stash[SESSION].close()
