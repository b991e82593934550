"""pytest, driven in this process over the installed suites."""

import contextlib
import io
import os
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path

import pytest

from stn_verify.cli import suites
from stn_verify.cli.gathering import Gathering
from stn_verify.cli.request import Request
from stn_verify.contract.errors import OutputError, RequestError

PLUGIN = "stn_verify.pytest_plugin"
JUNIT = "junit.xml"

OVERRIDES = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD", "PYTEST_XDIST_WORKER")
"""Variables through which another test run would reach into this one; in a worker of xdist pytest-benchmark stores nothing."""


def run(request: Request, gathering: Gathering) -> bool:
    """Run the suites and gather their verdicts; whether the run came to its end.

    Raises:
        RequestError: nothing was selected, or pytest did not understand the selection.
        OutputError: a file of pytest's could not be written.
    """
    junit = request.output / JUNIT
    try:
        with apart("check.ini") as (ini, complaints):
            status = pytest.main(arguments(request, ini), plugins=[gathering])
    except KeyboardInterrupt:
        # Outside of pytest's session: while it starts or ends.
        gathering.interrupted = True
        return False
    except OSError as error:
        raise OutputError(f"cannot write {error.filename or junit}: {error.strerror or error}") from error
    if status == pytest.ExitCode.USAGE_ERROR:
        raise RequestError(complaint(complaints.getvalue()))
    if status == pytest.ExitCode.NO_TESTS_COLLECTED and not gathering.verdicts():
        raise RequestError(_nothing(request))
    return status in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)


def arguments(request: Request, ini: Path) -> list[str]:
    """The command line for pytest."""
    plugins = ["hypothesispytest", PLUGIN] + (["xdist"] if request.jobs > 1 else [])
    spread = [f"--numprocesses={request.jobs}", "--dist=worksteal"] if request.jobs > 1 else []
    chosen = [suites.PACKAGE] if request.every_suite else [suite.module for suite in request.suites]
    return [
        *closed(ini, plugins),
        "--continue-on-collection-errors",
        f"--junitxml={request.output / JUNIT}",
        *spread,
        # The space keeps an expression that begins with '=' whole.
        *([f"-k {request.expression}"] if request.expression else []),
        f"--stn={request.target}",
        f"--stn-device={request.device}",
        *(f"--stn-dtype={dtype}" for dtype in request.dtypes),
        f"--stn-profile={request.profile}",
        f"--stn-seed={request.seed}",
        f"--stn-deadline={request.deadline}",
        *([f"--stn-python={request.interpreter}"] if request.interpreter else []),
        *([f"--stn-known-failures={request.known_failures}"] if request.known_failures else []),
        f"--stn-output={request.output}",
        "--pyargs",
        *chosen,
    ]


def closed(ini: Path, plugins: Sequence[str]) -> list[str]:
    """The part of a command line that makes a closed world: plugins and conftest files that happen to lie about take no part."""
    return [
        f"--config-file={ini}",
        f"--rootdir={suites.folder().parent}",
        "--disable-plugin-autoload",
        "--noconftest",
        "-pno:cacheprovider",
        *(f"-p{name}" for name in plugins),
        "--import-mode=importlib",
        # Of Python's streams only: the progress bar writes to the terminal while tests run.
        "--capture=sys",
        "--quiet",
        "--tb=short",
        "--disable-warnings",
    ]


@contextlib.contextmanager
def apart(ini: str) -> Iterator[tuple[Path, io.StringIO]]:
    """Inside, pytest is silent and alone: a configuration file of this package, and what pytest complains of."""
    complaints = io.StringIO()
    # The terminal reporter writes to the standard output that it finds. It cannot be unloaded: options of
    # pytest's own and the reporting of xdist need it.
    with (
        resources.as_file(resources.files("stn_verify.cli").joinpath(ini)) as path,
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(complaints),
        _without_overrides(),
    ):
        yield path, complaints


@contextlib.contextmanager
def _without_overrides() -> Iterator[None]:
    """Inside, no variable of someone's own test setup reaches pytest."""
    # In the environment itself: the workers of xdist inherit it.
    kept = {name: os.environ.pop(name) for name in OVERRIDES if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)


def complaint(stderr: str) -> str:
    """What pytest refused a command line for."""
    lines = [line.partition("ERROR:")[2].strip() for line in stderr.splitlines() if "ERROR:" in line]
    return lines[-1] if lines else f"pytest refused to run: {stderr.strip()[-500:]}"


def _nothing(request: Request) -> str:
    names = ", ".join(suite.name for suite in request.suites)
    chosen = f" matches -k {request.expression!r}" if request.expression else " is there"
    return f"no check of {names}{chosen}"
