"""The part of `bench` that times the verifier: who took part, and what an interruption leaves."""

import io

import pytest
from rich.console import Console

from stn_verify.cli import bench_checks
from stn_verify.cli.bench_checks import time_checks
from stn_verify.records import Measured, Record
from stn_verify.records.examples import example_environment, example_record
from stn_verify.timing.session import Choices

CHOICES = Choices(("production",), ("torch",), "quick", "cpu", 2, 0, 60.0)


def member(name: str, unavailable: str | None = None) -> Measured:
    return Measured(name=name, framework="", framework_version="", python_version="", unavailable=unavailable)


class FakeSession:
    """One size; `interrupted` is Ctrl-C."""

    interrupted = False
    closed = 0

    def __init__(self, profile: str, threads: int, seed: int) -> None:
        assert (profile, threads, seed) == ("quick", 2, 0)

    def measured(self) -> tuple[Measured, list[Measured]]:
        return member("stn-verify"), [member("gradcheck", "no torch"), member("gradcheck-fast")]

    def measure(self) -> list[list[Record]]:
        if self.interrupted:
            raise KeyboardInterrupt
        return [[example_record(case="a"), example_record(case="b")], [example_record(case="c")]]

    def close(self) -> None:
        type(self).closed += 1


@pytest.mark.parametrize("interrupted", [False, True])
def test_rows_and_members_are_all_or_none(interrupted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_checks, "CheckSession", FakeSession)
    monkeypatch.setattr(FakeSession, "interrupted", interrupted)
    before, err = FakeSession.closed, io.StringIO()
    timed = time_checks(CHOICES, Console(file=err))
    assert FakeSession.closed == before + 1
    assert timed.finished is not interrupted
    about = timed.told(example_environment())
    added = {each.name for each in (*about.targets, *about.peers)} - {
        "production",
        "torch",
        "torch-compiled",
        "kornia",
    }
    assert added == (set() if interrupted else {"stn-verify", "gradcheck", "gradcheck-fast"})
    assert [row.case for row in timed.rows] == ([] if interrupted else ["a", "b", "c"])
    assert "gradcheck is left out: no torch" in err.getvalue()
