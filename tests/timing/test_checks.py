"""The verifier's own speed: rows from given times, what is too long, and processes that misbehave."""

import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stn_verify.contract.errors import UnknownChoiceError
from stn_verify.records import Decision, Record, Timing
from stn_verify.timing.checks import checker, measuring
from stn_verify.timing.checks.checker import OWN, About, Checked, Request
from stn_verify.timing.checks.measuring import EXTENTS, CheckSession, Extent
from stn_verify.timing.checks.process import CheckerProcess
from stn_verify.timing.decision import decided
from stn_verify.timing.growth import growth
from stn_verify.timing.participant import NotTimed

SIDES = (4, 8, 16, 32)


class FakeProcess(CheckerProcess):
    """Answers at once that it took as long as it is told to."""

    def __init__(self, name: str, seconds: Callable[[int], float], passes: Callable[[int], bool]) -> None:
        self.name, self._seconds, self._passes = name, seconds, passes
        self.asked: list[Request] = []
        self.closed = False

    def about(self) -> About:
        return About(framework="fake", framework_version="1", threads=2)

    def check(self, request: Request, deadline: float) -> tuple[float, Checked]:
        self.asked.append(request)
        jitter = 1 + 0.001 * (len(self.asked) % 3)
        checked = Checked(passed=self._passes(request.seed), forwards=9, backwards=1, budget_used=0.5)
        return self._seconds(request.side) * jitter, checked

    def close(self) -> None:
        self.closed = True


class Ways:
    """What the session makes."""

    def __init__(self, **seconds: Callable[[int], float]) -> None:
        self.made: list[FakeProcess] = []
        self.passes: dict[str, Callable[[int], bool]] = {}
        self._seconds = {
            OWN: lambda side: 0.01,
            "gradcheck": lambda side: 1e-5 * side**4,
            "gradcheck-fast": lambda side: 0.001,
        } | {name.replace("_", "-"): time for name, time in seconds.items()}

    def __call__(self, name: str) -> FakeProcess:
        process = FakeProcess(name, self._seconds[name], self.passes.get(name, lambda seed: True))
        self.made.append(process)
        return process


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> Callable[[Ways], dict[tuple[int, str], Record]]:
    monkeypatch.setitem(EXTENTS, "quick", Extent(SIDES, 1.0))
    monkeypatch.setattr(measuring, "LEAST_BUDGET", 0.02)

    def rows(ways: Ways) -> dict[tuple[int, str], Record]:
        session = CheckSession("quick", 2, 0, ways)
        try:
            found = [row for rows in session.measure() for row in rows]
        finally:
            session.close()
        assert all(process.closed for process in ways.made)
        return {(row.H, row.against or ""): row for row in decided(found)}

    return rows


def test_every_size_has_a_row_for_each_other_way(
    measured: Callable[[Ways], dict[tuple[int, str], Record]],
) -> None:
    rows = measured(Ways())
    assert set(rows) == {(side, peer) for side in SIDES for peer in measuring.PEERS}
    small = rows[4, "gradcheck"]
    assert (small.function, small.direction, small.target) == ("check", "entrywise", OWN)
    assert small.time_seconds == pytest.approx(0.01, rel=0.01)
    assert small.against_time_seconds == pytest.approx(1e-5 * 4**4, rel=0.01)
    assert small.decision is Decision.SLOWER
    assert (small.forwards, small.backwards, small.against_forwards) == (9, 1, 9)
    assert rows[16, "gradcheck"].decision is Decision.FASTER
    assert all(rows[side, "gradcheck-fast"].decision is Decision.SLOWER for side in SIDES)
    exponents = {grown.target: grown.exponent for grown in growth(list(rows.values())) if grown.axis == "HW"}
    assert exponents["gradcheck"] == pytest.approx(2.0, abs=0.01)
    assert exponents[OWN] == pytest.approx(0.0, abs=0.01)


def test_what_would_take_too_long_is_not_begun(
    measured: Callable[[Ways], dict[tuple[int, str], Record]],
) -> None:
    ways = Ways()
    rows = measured(ways)
    # 0.66 s at 16x16: at 32x32 at least 2.6 s, where 1 s is spent at most.
    last = rows[32, "gradcheck"]
    assert last.timing is Timing.TIMED
    assert last.against_timing is Timing.TOO_LONG
    assert last.time_ratio is None
    assert "0.66 s at 16x16" in (last.reason or "")
    sides = {
        request.side for process in ways.made if process.name == "gradcheck" for request in process.asked
    }
    assert sides == {4, 8, 16}
    assert rows[32, "gradcheck-fast"].against_timing is Timing.TIMED


def test_all_ways_check_the_same_numbers_in_a_round_and_other_ones_in_the_next(
    measured: Callable[[Ways], dict[tuple[int, str], Record]],
) -> None:
    ways = Ways()
    measured(ways)
    asked = [[request.seed for request in process.asked if request.side == 4][2:] for process in ways.made]
    assert len(asked[0]) == len(set(asked[0])) >= 16
    assert all(seeds[:16] == asked[0][:16] for seeds in asked)


def test_a_false_alarm_of_a_peer_is_told_and_one_of_ours_is_not_timed(
    measured: Callable[[Ways], dict[tuple[int, str], Record]],
) -> None:
    ways = Ways()
    ways.passes["gradcheck"] = lambda seed: seed % 2 == 0
    told = measured(ways)[4, "gradcheck"].against_judged or ""
    passed, total = (int(word) for word in told.split() if word.isdigit())
    assert 0 < passed < total
    ways = Ways()
    ways.passes[OWN] = lambda seed: seed != 3
    rows = measured(ways)
    assert {row.timing for row in rows.values()} == {Timing.WRONG}
    assert all("do not pass" in (row.reason or "") for row in rows.values())


def test_a_way_that_is_not_there_leaves_its_rows_without_ratio(
    measured: Callable[[Ways], dict[tuple[int, str], Record]],
) -> None:
    class Away(Ways):
        def __call__(self, name: str) -> FakeProcess:
            process = super().__call__(name)
            if name == "gradcheck":

                def away() -> About:
                    raise NotTimed(Timing.UNAVAILABLE, "gradcheck: No module named 'torch'")

                process.about = away  # type: ignore[method-assign]  an instance of its own
            return process

    rows = measured(Away())
    assert rows[4, "gradcheck"].against_timing is Timing.UNAVAILABLE
    assert "torch" in (rows[4, "gradcheck"].reason or "")
    assert rows[4, "gradcheck-fast"].decision is Decision.SLOWER


def test_a_profile_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UnknownChoiceError, match="quick, default, full"):
        CheckSession("huge", 2, 0, Ways())


ABOUT = About(framework="fake", framework_version="1").model_dump_json()
ANSWER = '{"seconds": 0.5, "checked": {"passed": true, "forwards": 9, "backwards": 1}}'


def process_of(program: str) -> CheckerProcess:
    return CheckerProcess("fake", 1, (sys.executable, "-c", f"import sys, time\n{program}"))


@pytest.mark.parametrize(
    ("program", "timing", "told"),
    [
        ("sys.exit('no torch here')", Timing.UNAVAILABLE, "no torch here"),
        ("print('hello', flush=True)", Timing.UNAVAILABLE, "garbage"),
        (f"print('{ABOUT}', flush=True); input(); sys.exit('\\x1b[31mlost')", Timing.FAILED, r"\x1b[31mlost"),
        (f"print('{ABOUT}', flush=True); input(); print('{{}}', flush=True)", Timing.FAILED, "garbage"),
        (f"print('{ABOUT}', flush=True); input(); print('x' * 10**6, flush=True)", Timing.FAILED, "ended"),
        (f"print('{ABOUT}', flush=True); time.sleep(60)", Timing.TOO_LONG, "no answer"),
    ],
)
def test_a_process_that_misbehaves_is_a_status(program: str, timing: Timing, told: str) -> None:
    process = process_of(program)
    try:
        with pytest.raises(NotTimed) as found:
            process.check(Request(side=2, seed=0), 1.0)
        assert found.value.timing is timing
        assert told in str(found.value)
    finally:
        process.close()


def test_a_process_answers_one_line_for_each_request() -> None:
    process = process_of(
        f"print('{ABOUT}', flush=True)\nfor line in sys.stdin: print('{ANSWER}', flush=True)"
    )
    try:
        assert process.about().framework == "fake"
        answers = [process.check(Request(side=2, seed=seed), 10.0) for seed in range(3)]
    finally:
        process.close()
    assert answers == [(0.5, Checked(passed=True, forwards=9, backwards=1))] * 3


@given(st.integers(1, 12), st.integers(0, 2**31))
def test_a_request_draws_the_same_inputs_wherever_it_is_read(side: int, seed: int) -> None:
    request = Request(side=side, seed=seed)
    there = Request.model_validate_json(request.model_dump_json())
    first, second = request.case(), there.case()
    assert first.image.shape == (checker.N, checker.C, side, side)
    assert first.grid.shape == (checker.N, side, side, 2)
    assert (first.image == second.image).all()
    assert (first.grid == second.grid).all()
    assert (abs(first.grid) <= 1).all()
