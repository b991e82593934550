"""Runs the suites' checks against an implementation: in this process, or by `stn-verify check` in one of its own."""

import contextlib
import importlib
import inspect
import os
import pkgutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import stn_suites
from stn_verify.contract.implementation import Implementation
from stn_verify.exploration.examination import Examination, Nonconforming
from stn_verify.exploration.profiles import Profile
from stn_verify.exploration.session import Session
from stn_verify.verdicts.results import Results, Verdict, read_results
from stn_verify.workers.evaluator import InProcessTarget

SMALL = Profile("mutants", examples=12, shrinks=0, target=False, large=False)
"""A dozen examples a check, and a failure is not made smaller."""

LARGE = Profile("large mutants", examples=2, shrinks=0, target=False, large=True)


@dataclass(frozen=True)
class Suited:
    """A check function of the suites, and what its marker asks for."""

    suite: str
    name: str
    function: Callable[[Examination], None]
    marker: pytest.Mark


def suited() -> Iterator[Suited]:
    """Every check of the suites."""
    for module in pkgutil.iter_modules(stn_suites.__path__):
        if not module.name.startswith("test_"):
            continue
        loaded = importlib.import_module(f"stn_suites.{module.name}")
        for name, value in vars(loaded).items():
            marks = [mark for mark in getattr(value, "pytestmark", ()) if mark.name == "stn_check"]
            if (
                name.startswith("test_")
                and marks
                and list(inspect.signature(value).parameters) == ["examination"]
            ):
                yield Suited(module.name.removeprefix("test_"), name.removeprefix("test_"), value, marks[0])


def examine(implementation: Implementation, profile: Profile, checks: tuple[str, ...] = ()) -> list[Verdict]:
    """The verdicts of the checks so named (or of the suites so named; none: of all) on everything that it offers."""
    session = Session(implementation.name, InProcessTarget(implementation), profile=profile)
    return examine_session(session, checks)


def examine_session(session: Session, checks: tuple[str, ...] = ()) -> list[Verdict]:
    """The same of a target that runs somewhere."""
    return [verdict for _, told in examinations(session, checks) for verdict in told]


def examinations(
    session: Session, checks: tuple[str, ...] = ()
) -> Iterator[tuple[Examination, list[Verdict]]]:
    """The same one after the other, each with what the verdicts were told from."""
    for check in suited():
        if checks and not {check.suite, check.name} & set(checks):
            continue
        for request in session.requests(*check.marker.args, **check.marker.kwargs):
            if request.unsupported or request.convention is None:
                continue
            examination = session.examination(request, check.suite, check.name)
            # What failed is in the verdicts.
            with contextlib.suppress(Nonconforming):
                check.function(examination)
            yield examination, session.verdicts(examination)


def checked(target: str, output: Path, *options: str, seconds: float = 120) -> Results:
    """`stn-verify check TARGET`, in a process of its own.

    Raises:
        subprocess.TimeoutExpired: it took longer than that.
        OSError: it wrote no results.
    """
    subprocess.run(
        [
            *(sys.executable, "-c", "from stn_verify.cli.app import main; main()"),
            *("check", target, "--jobs", "1", "--output", str(output), *options),
        ],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        cwd=output,
        capture_output=True,
        timeout=seconds,
        check=False,
    )
    return read_results(output / "results.json")
