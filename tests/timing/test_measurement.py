"""A case from the verdict to the row, with workers whose times are given."""

from typing import Any

import pytest
from fake_workers import World

from stn_verify.contract.errors import BrokenTargetError, UnknownTargetError
from stn_verify.records.record import Decision, Record, Timing
from stn_verify.timing.decision import decided
from stn_verify.timing.session import BenchSession, Choices
from stn_verify.timing.workload import Workload

WORK = Workload("transform", "all", 2, 2, (6, 5), (4, 7), "float64")


def session_of(world: World, targets: tuple[str, ...], peers: tuple[str, ...]) -> BenchSession:
    choices = Choices(targets, peers, "quick", "cpu", threads=1, seed=0, deadline=1.0)
    make: Any = world.worker
    return BenchSession(choices, make)


def rows_of(
    world: World, *peers: str, targets: tuple[str, ...] = ("mine",), work: Workload = WORK
) -> list[Record]:
    session = session_of(world, targets, peers)
    session.workloads = [work]
    session.begin()
    return decided(session.measurement(work).records)


def test_a_slow_target_is_slower_and_a_fast_one_faster() -> None:
    world = World({"mine": 1.15e-3, "same": 1.15e-3, "slow": 2e-3, "theirs": 1e-3})
    by_peer = {row.against: row for row in rows_of(world, "theirs", "same", "slow")}
    assert {peer: row.decision for peer, row in by_peer.items()} == {
        "theirs": Decision.SLOWER,
        "same": Decision.UNDECIDED,
        "slow": Decision.FASTER,
    }
    row = by_peer["theirs"]
    assert row.time_ratio == pytest.approx(1.15)
    assert row.time_seconds == pytest.approx(1.15e-3)
    assert row.against_time_seconds == pytest.approx(1e-3)
    assert row.judged == "output, grad_input, grad_theta at every entry"
    assert row.budget_used is not None
    assert row.budget_used <= 1
    assert row.first_call_seconds == 0.5
    # A copy takes a tenth of a millisecond.
    assert row.roofline_share == pytest.approx(1e-4 / 1.15e-3)


def test_what_is_wrong_is_not_timed_and_says_why() -> None:
    world = World({"mine": 1e-3, "theirs": 1e-3}, wrong=("mine",))
    (row,) = rows_of(world, "theirs")
    assert row.timing is Timing.WRONG
    assert row.time_seconds is None
    assert row.decision is None
    assert row.reason is not None
    assert "output[" in row.reason
    assert ("mine", "time") not in world.asked


def test_a_wrong_peer_is_not_timed_and_the_target_is_timed_alone() -> None:
    world = World({"mine": 1e-3, "theirs": 1e-3}, wrong=("theirs",))
    (row,) = rows_of(world, "theirs")
    assert (row.timing, row.against_timing) == (Timing.TIMED, Timing.WRONG)
    assert row.decision is None
    assert row.reason is not None
    assert row.reason.startswith("theirs: output[")
    assert ("theirs", "time") not in world.asked


@pytest.mark.parametrize(
    ("fault", "timing"),
    [
        ({"missing": ("theirs",)}, Timing.UNAVAILABLE),
        ({"crashes": ("theirs",)}, Timing.FAILED),
        ({"raises": ("theirs",)}, Timing.FAILED),
        ({"forward_only": ("theirs",)}, Timing.UNSUPPORTED),
    ],
)
def test_a_peer_that_cannot_be_timed_is_told_of(fault: dict[str, Any], timing: Timing) -> None:
    world = World({"mine": 1e-3, "theirs": 1e-3, "other": 2e-3}, **fault)
    row, other = rows_of(world, "theirs", "other")
    assert (row.timing, row.against_timing, row.decision) == (Timing.TIMED, timing, None)
    assert row.reason is not None
    assert row.reason.startswith("theirs: ")
    assert other.decision is Decision.FASTER


@pytest.mark.parametrize("fault", ["crashes", "raises"])
def test_a_target_that_fails_leaves_the_other_ones_rows(fault: str) -> None:
    world = World({"mine": 1e-3, "yours": 1e-3, "theirs": 2e-3}, **{fault: ("mine",)})
    mine, yours = rows_of(world, "theirs", targets=("mine", "yours"))
    assert mine.timing is Timing.FAILED
    assert yours.decision is Decision.FASTER


def test_without_peers_there_is_a_row_for_each_target() -> None:
    rows = rows_of(World({"mine": 1e-3, "yours": 2e-3}), targets=("mine", "yours"))
    assert [(row.target, row.against, row.decision) for row in rows] == [
        ("mine", None, None),
        ("yours", None, None),
    ]
    assert all(row.noise_ratio == pytest.approx(1.0) for row in rows)


def test_a_target_against_itself_is_undecided() -> None:
    (row,) = rows_of(World({"mine": 1e-3}), "mine")
    assert (row.target, row.against, row.decision) == ("mine", "mine again", Decision.UNDECIDED)


@pytest.mark.parametrize(
    ("work", "told"),
    [
        (Workload("transform", "forward", 1, 1, (4, 4), (4, 4), "float16"), "not declared"),
        (Workload("transform", "double_backward", 1, 1, (4, 4), (4, 4), "float64"), "double backward"),
    ],
)
def test_what_a_target_does_not_offer_is_unsupported(work: Workload, told: str) -> None:
    (row,) = rows_of(World({"mine": 1e-3, "theirs": 1e-3}), "theirs", work=work)
    assert row.timing is Timing.UNSUPPORTED
    assert row.reason is not None
    assert told in row.reason


@pytest.mark.parametrize("theta", ["identity", "90 degrees", "mostly outside", "0.5x"])
@pytest.mark.parametrize("function", ["sample", "transform"])
def test_every_kind_of_theta_is_right_where_the_target_is(function: Any, theta: str) -> None:
    work = Workload(function, "all", 2, 1, (6, 6), (6, 6), "float32", "channels_last", theta)
    (row,) = rows_of(World({"mine": 1e-3}), work=work)
    assert row.timing is Timing.TIMED, row.reason


def test_a_target_that_is_not_there_is_refused_and_so_is_an_unknown_peer() -> None:
    with pytest.raises(BrokenTargetError, match="pip install mine"):
        rows_of(World({"theirs": 1e-3}, missing=("mine",)), "theirs")
    with pytest.raises(UnknownTargetError, match="nobody"):
        rows_of(World({"mine": 1e-3}), "nobody")


def test_what_a_process_kept_is_prepared_again_after_it_died() -> None:
    world = World({"mine": 1e-3, "theirs": 2e-3}, forgets=("mine",))
    (row,) = rows_of(world, "theirs")
    assert row.decision is Decision.FASTER
    # Made ready once before it was judged, and again whenever it had forgotten.
    assert world.asked.count(("mine", "prepare")) > 2


def test_cases_of_a_batch_are_kept_side_by_side_and_take_turns() -> None:
    world = World({"mine": 1e-3})
    session = session_of(world, ("mine",), ())
    session.workloads = [WORK, Workload("sample", "forward", 1, 1, (4, 4), (4, 4), "float64")]
    session.begin()
    heard: list[str] = []
    session.tell = heard.append
    first, second = (session.measurement(work).records[0] for work in session.workloads)
    assert (first.case, second.case) == tuple(work.name for work in session.workloads)
    passes = [line.partition(": ")[2] for line in heard if line.startswith("pass")]
    assert passes == [first.case, second.case] * 3
