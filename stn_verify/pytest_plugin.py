"""pytest plugin: `pytest --pyargs stn_suites --stn TARGET`. It is loaded into every pytest run, so it imports late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from stn_verify.exploration.examination import Examination

PROPERTY = "stn-verdict"
"""The name under which a test report carries each verdict, as JSON, in its user_properties."""
FRAMEWORK = "stn-framework-version"
"""Likewise, the version of the target's framework."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of a run of stn_suites."""
    group = parser.getgroup(
        "stn-verify", "check a spatial transformer (pytest --pyargs stn_suites --stn TARGET)"
    )
    group.addoption(
        "--stn", metavar="TARGET", help="a built-in name, module:attribute, file.py:attribute or exec:COMMAND"
    )
    group.addoption(
        "--stn-device", metavar="DEVICE", default="cpu", help="where the target runs (default: cpu)"
    )
    group.addoption(
        "--stn-dtype", metavar="DTYPE", action="append", help="only this storage dtype (repeatable)"
    )
    group.addoption("--stn-profile", metavar="PROFILE", default="default", help="quick, default or full")
    group.addoption(
        "--stn-seed", metavar="N", type=int, default=0, help="seed of the drawn cases (default: 0)"
    )
    group.addoption(
        "--stn-deadline", metavar="SECONDS", type=float, default=30.0, help="for one call (default: 30)"
    )
    group.addoption("--stn-python", metavar="INTERPRETER", help="the interpreter that runs the target")
    group.addoption(
        "--stn-known-failures",
        metavar="FILE",
        help="what is known to fail (default: the file that comes with the target); none: excuse nothing",
    )
    group.addoption("--stn-output", metavar="DIR", help="where reproducers are written")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker of the suites; where the run is led, look out for known failures that no longer fail."""
    config.addinivalue_line(
        "markers",
        "stn_check(function, subjects=..., padded=True, dtypes=..., feature=None, alike='never',"
        " interpolations=('bilinear',), spatial=2, family='affine', extra=None): a check of one function of the target,"
        " run for each convention and dtype",
    )
    # A worker of pytest-xdist sees but a part of the run.
    if config.getoption("--stn", None) and not hasattr(config, "workerinput"):
        from stn_verify.exploration.lookout import lookout

        config.pluginmanager.register(lookout(config, PROPERTY, FRAMEWORK), "stn-verify-lookout")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One item per dtype and convention of each check."""
    if "examination" not in metafunc.fixturenames:
        return
    from stn_verify.exploration.session import session_of

    marker = metafunc.definition.get_closest_marker("stn_check")
    if marker is None:
        raise pytest.UsageError(f"{metafunc.definition.nodeid}: a check needs the marker stn_check")
    requests = session_of(metafunc.config).requests(*marker.args, **marker.kwargs)
    metafunc.parametrize("examination", requests, indirect=True, ids=str)


@pytest.fixture
def examination(request: pytest.FixtureRequest) -> Iterator[Examination]:
    """The check at hand, for one dtype and convention; its verdicts go into the report."""
    from stn_verify.exploration.session import session_of

    session = session_of(request.config)
    module = request.node.module.__name__.rpartition(".")[2].removeprefix("test_")
    check = request.node.originalname.removeprefix("test_").replace("_", " ")
    if request.param.unsupported:
        _report(request.node, session.unsupported(request.param, module, check))
        pytest.skip(f"unsupported: {request.param.unsupported}")
    examined = session.examination(request.param, module, check)
    yield examined
    request.node.user_properties.append((FRAMEWORK, session.description.framework_version))
    _report(request.node, session.verdicts(examined))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A check that failed as it is known to is reported as an expected failure, with what is known."""
    report = yield
    examined = getattr(item, "funcargs", {}).get("examination")
    if examined is None or call.when != "call" or call.excinfo is None:
        return report
    from stn_verify.exploration.examination import Examination, Nonconforming
    from stn_verify.exploration.session import session_of

    if isinstance(examined, Examination) and call.excinfo.errisinstance(Nonconforming):
        excuse = session_of(item.config).excuse(examined)
        if excuse:
            # In the terms in which pytest itself reports one.
            report.outcome, report.wasxfail = "skipped", excuse
    return report


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the target's process."""
    if config.getoption("--stn", None):
        from stn_verify.exploration.session import close

        close(config)


def _report(item: Any, verdicts: list[Any]) -> None:
    item.user_properties.extend((PROPERTY, verdict.model_dump_json()) for verdict in verdicts)
