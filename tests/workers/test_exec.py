"""A program in any language can be a target; what it says is not trusted."""

import contextlib
import shlex
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from stn_suites.checks import grid
from stn_verify.cases.families import family_cases
from stn_verify.contract.implementation import FAMILIES
from stn_verify.contract.target import Call, TargetCrashed, TargetRaised, TargetReplied, TargetTimedOut
from stn_verify.exploration.examination import Nonconforming
from stn_verify.exploration.profiles import PROFILES
from stn_verify.exploration.session import Session
from stn_verify.verdicts.results import Status
from stn_verify.workers.client import FIRST, WorkerTarget


@pytest.fixture
def program(start, targets):
    """Starts the program with a fault."""

    def program(fault: str = "", **options: object) -> WorkerTarget:
        return start(
            f"exec:{shlex.join([sys.executable, str(targets / 'echo_program.py'), fault])}", **options
        )

    return program


def test_a_program_is_described_and_called(program, call, gradient_call):
    worker = program()
    assert worker.description.name == "echo"
    assert worker.description.threads is None
    assert (worker.call(call).output == call.arrays["image"][0, 0, 0, 0]).all()
    reply = worker.call(gradient_call)
    np.testing.assert_array_equal(reply.gradients["grid"], 2 * call.arrays["grid"])
    assert reply.dtype == "float64"


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("chatty", "spoke garbage: its reply begins with b'hello"),
        ("stale", "spoke garbage: its reply answers request 1, not 2"),
        ("unknown status", "spoke garbage: its reply is no reply of protocol 1: .*'fine'"),
        ("half", "exited with status 0 without a reply, after 4 of the payload's 1000 bytes"),
        ("shuts up", "closed its output without a reply"),
    ],
)
def test_garbage_is_a_crash(program, call, fault, message, monkeypatch):
    monkeypatch.setattr("stn_verify.workers.process._EXIT_GRACE", 0.3)
    with pytest.raises(TargetCrashed, match=message):
        program(fault).call(call)


def test_a_second_reply_is_not_taken_for_the_next(program, call):
    worker = program("twice")
    worker.call(call)
    with pytest.raises(TargetCrashed, match="answers request 2, not 3"):
        worker.call(call)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("missing", "the gradient of grid is missing"),
        ("extra", "a gradient that was not asked for: theta"),
        ("unasked", "tensors that nobody asked for: note"),
        ("silent", "the output is missing"),
        ("integers", "its reply stores output as I64"),
    ],
)
def test_a_reply_that_is_no_result(program, gradient_call, fault, message):
    worker = program(fault)
    for _ in range(2):
        with pytest.raises(TargetReplied, match=message):
            worker.call(gradient_call)


def test_a_worker_may_end_after_a_reply_that_says_so(program, call):
    worker = program("ends", breaker=2)
    for _ in range(3):
        with pytest.raises(TargetRaised, match="DeviceError: lost"):
            worker.call(call)
        assert worker.pid is None


def test_a_program_that_does_not_read_cannot_block_us(program, call):
    large = Call(
        "sample",
        {"image": np.ones((1, 8, 512, 512)), "grid": np.ones((1, 2, 2, 2))},
        "float64",
        call.convention,
    )
    worker = program("deaf", deadline=0.5, load_deadline=0.5)
    begun = time.monotonic()
    with pytest.raises(TargetTimedOut):
        worker.call(large)
    assert time.monotonic() - begun < 5


def test_a_program_that_stops_reading_midway_cannot_block_us(start, tmp_path, call, targets):
    source = (targets / "echo_program.py").read_text()
    sleepy = tmp_path / "sleepy.py"
    sleepy.write_text(
        source.replace(
            "    payload = ",
            "    LOADED.append(1)\n    len(LOADED) > 1 and time.sleep(60)\n    payload = ",
            1,
        ).replace("FAULT = ", "LOADED = []\nFAULT = ", 1)
    )
    large = Call(
        "sample",
        {"image": np.ones((1, 8, 512, 512)), "grid": np.ones((1, 2, 2, 2))},
        "float64",
        call.convention,
    )
    worker = start(f"exec:{shlex.join([sys.executable, str(sleepy)])}", deadline=0.5)
    with pytest.raises(TargetTimedOut, match=f"no reply within {0.5 * FIRST:g} s"):
        worker.call(large)


@pytest.mark.parametrize("command", ["true", "false", "cat /dev/zero", "cat", "yes"])
def test_programs_that_never_heard_of_the_protocol(start, call, command):
    if not Path("/bin/cat").exists():
        pytest.skip("no such programs here")
    with pytest.raises(TargetCrashed):
        start(f"exec:{command}").call(call)


@pytest.mark.parametrize(("fault", "wrong"), [("", set()), ("wrong", {"attention"})])
def test_a_program_makes_grids_of_the_families_that_it_names(start, targets, fault, wrong):
    """And is judged by each: a translation's theta is one, an attention's has a scale."""
    command = shlex.join([sys.executable, str(targets / "family_program.py"), fault])
    session = Session("program", start(f"exec:{command}"), profile=PROFILES["quick"], dtypes=("float64",))
    made, failed = set(), set()
    for family in FAMILIES:
        for request in session.requests("generate", ("grid",), padded=False, family=family):
            if request.unsupported:
                assert request.unsupported.endswith("families only: translation, attention")
                continue
            examination = session.examination(request, "generators", family)
            cases = family_cases(family, request.dtype, request.convention)
            with contextlib.suppress(Nonconforming):
                examination.explore(cases, grid)
            made.add(family)
            failed |= {v.check for v in session.verdicts(examination) if v.status is Status.FAILED}
    assert made == {"translation", "attention"}
    assert failed == wrong
