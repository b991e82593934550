"""The change between two runs: its sign, its interval, and what it is not decided by."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stn_verify.records import BenchEnvironment, Record, Records, RecordsError, Timing
from stn_verify.records.comparing import FAILING, Change, Outcome, compare, differences
from stn_verify.records.examples import example_environment, example_record, example_records

FINITE = {"allow_nan": False, "allow_infinity": False}
RATIOS = st.floats(1e-300, 1e300, **FINITE)
NEAR = st.floats(0.5, 2.0)
WIDER = st.floats(1.0, 1.2)


def run_of(*records: Record, environment: BenchEnvironment | None = None) -> Records:
    return Records(environment or example_environment(), records)


@st.composite
def measured(draw: st.DrawFn) -> Record:
    """A row as a benchmark writes it: the interval and the passes hold the median."""
    middle = draw(NEAR)
    low, high, least, largest = (draw(WIDER) for _ in range(4))
    return example_record(
        time_ratio=middle,
        time_ratio_low=middle / low,
        time_ratio_high=middle * high,
        time_ratio_least_pass=middle / least,
        time_ratio_largest_pass=middle * largest,
        noise_floor_ratio=draw(WIDER),
    )


def times(record: Record, factor: float) -> Record:
    """The row of a target that takes so many times as long."""
    names = (
        "time_ratio",
        "time_ratio_low",
        "time_ratio_high",
        "time_ratio_least_pass",
        "time_ratio_largest_pass",
    )
    return record.model_copy(update={name: factor * (getattr(record, name) or 0.0) for name in names})


def change(before: Record, after: Record, allowed: float = 0.0) -> Change:
    (row,) = compare(run_of(before), run_of(after), allowed).rows
    return row


OTHER_SIDE = {
    Outcome.SLOWER: Outcome.FASTER,
    Outcome.FASTER: Outcome.SLOWER,
    Outcome.UNDECIDED: Outcome.UNDECIDED,
}


@given(measured(), measured())
def test_the_other_way_round_the_sign_is_the_other(first: Record, second: Record) -> None:
    there, back = change(first, second), change(second, first)
    assert back.outcome is OTHER_SIDE[there.outcome]
    turned = [1 / (value or 0) for value in (there.time_ratio, there.time_ratio_high, there.time_ratio_low)]
    assert [back.time_ratio, back.time_ratio_low, back.time_ratio_high] == pytest.approx(turned)


@given(measured(), st.floats(0.0, 1.0))
def test_a_run_is_never_slower_than_itself(record: Record, allowed: float) -> None:
    assert change(record, record, allowed).outcome is Outcome.UNDECIDED


def test_nor_is_a_whole_run() -> None:
    changes = compare(example_records(), example_records())
    assert not changes.failing
    assert not changes.only_before
    assert not changes.only_after
    assert not changes.differences
    assert sum(changes.counts.values()) == len(example_records().records)


@given(measured(), measured(), st.floats(0.0, 0.3))
def test_slower_is_beyond_both_intervals_both_floors_and_what_is_allowed(
    first: Record, second: Record, allowed: float
) -> None:
    slower = change(first, second, allowed).outcome is Outcome.SLOWER
    ends = max(first.time_ratio_high or 0, first.time_ratio_largest_pass or 0)
    begins = min(second.time_ratio_low or 0, second.time_ratio_least_pass or 0)
    gap = math.log(begins / ends) - math.log(1 + allowed)
    floor = floor_of(first, second)
    assume(abs(gap - floor) > 1e-9)
    assert slower == (gap > floor)


def floor_of(*records: Record) -> float:
    return math.sqrt(sum(math.log(record.noise_floor_ratio or 1) ** 2 for record in records))


@given(measured(), st.floats(1.01, 3.0))
def test_a_slowdown_within_the_floors_is_undecided_and_one_beyond_all_is_slower(
    record: Record, factor: float
) -> None:
    if math.log(factor) < floor_of(record, record):
        assert change(record, times(record, factor)).outcome is Outcome.UNDECIDED
    widest = math.prod([1.2] * 4)
    beyond = times(record, 1.001 * factor * widest)
    assert change(record, beyond).outcome is Outcome.SLOWER
    assert change(record, beyond, 10 * factor).outcome is Outcome.WITHIN
    assert change(beyond, record).outcome is Outcome.FASTER


def test_a_slowdown_of_15_percent_is_decided_where_the_machine_is_quiet() -> None:
    quiet = example_record(
        time_ratio=0.5, time_ratio_low=0.497, time_ratio_high=0.504,
        time_ratio_least_pass=0.496, time_ratio_largest_pass=0.505, noise_floor_ratio=1.02,
    )  # fmt: skip
    assert change(quiet, times(quiet, 1.15)).outcome is Outcome.SLOWER
    assert change(quiet, times(quiet, 1.15), 0.15).outcome is not Outcome.SLOWER


@given(st.lists(RATIOS, min_size=12, max_size=12))
def test_whatever_a_file_holds_has_a_change(ratios: list[float]) -> None:
    names = ("time_ratio", "time_ratio_low", "time_ratio_high", "time_ratio_least_pass", "time_ratio_largest_pass",
             "noise_floor_ratio")  # fmt: skip
    rows = [example_record(**dict(zip(names, part, strict=True))) for part in (ratios[:6], ratios[6:])]
    found = change(*rows)
    assert found.time_ratio_low is not None
    assert found.time_ratio_high is not None
    assert 0 < found.time_ratio_low <= (found.time_ratio or 0) <= found.time_ratio_high < math.inf


NO_RATIO = dict.fromkeys(
    ("time_ratio", "time_ratio_low", "time_ratio_high", "time_ratio_least_pass", "time_ratio_largest_pass",
     "noise_floor_ratio", "against_time_seconds", "decision")
)  # fmt: skip


def untimed(timing: Timing) -> Record:
    return example_record(
        timing=timing, time_seconds=None, reason="grad_input[0] is 1, expected 2", **NO_RATIO
    )  # fmt: skip


@pytest.mark.parametrize("timing", [Timing.WRONG, Timing.FAILED])
def test_what_became_wrong_is_lost(timing: Timing) -> None:
    changes = compare(run_of(example_record()), run_of(untimed(timing)))
    assert changes.rows[0].outcome is Outcome.LOST
    assert "expected 2" in (changes.rows[0].reason or "")
    assert changes.failing
    assert not compare(run_of(untimed(timing)), run_of(example_record())).failing


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (untimed(Timing.UNSUPPORTED), "timed, then not timed: unsupported"),
        (example_record(align_corners=True), "align_corners False, then True"),
        (example_record(threads=1), "threads 2, then 1"),
        (example_record(against_timing=Timing.FAILED, **NO_RATIO), "torch not timed: failed"),
        (example_record(noise_floor_ratio=None), "no interval of the ratio"),
    ],
)
def test_what_cannot_be_compared_says_why(after: Record, reason: str) -> None:
    found = change(example_record(), after)
    assert found.outcome is Outcome.APART
    assert found.outcome not in FAILING
    assert reason in (found.reason or "")


@given(st.floats(1e-9, 1e9), st.floats(1e-9, 1e9))
def test_times_without_a_peer_decide_nothing(before: float, after: float) -> None:
    alone = {"against": None, "against_timing": None, **NO_RATIO}
    rows = [example_record(time_seconds=seconds, **alone) for seconds in (before, after)]
    assert change(*rows).outcome is Outcome.APART


def test_rows_of_one_run_alone_are_told() -> None:
    first, second, third = (example_record(case=name) for name in "abc")
    changes = compare(run_of(first, second), run_of(second, third))
    assert [row.case for row in changes.only_before] == ["a"]
    assert [row.case for row in changes.only_after] == ["c"]
    assert [row.after.case for row in changes.rows] == ["b"]


def test_runs_with_nothing_in_common_and_rows_that_are_there_twice_are_refused() -> None:
    with pytest.raises(RecordsError, match="no row in common"):
        compare(run_of(example_record(case="a")), run_of(example_record(case="b")))
    with pytest.raises(RecordsError, match=r"the second run has the row .* twice"):
        compare(run_of(example_record()), run_of(example_record(), example_record()))


def changed_peer(version: str) -> BenchEnvironment:
    about = example_environment()
    return about.model_copy(
        update={
            "peers": [
                peer.model_copy(update={"framework_version": version}) if peer.name == "torch" else peer
                for peer in about.peers
            ]
        }
    )


def test_what_differs_is_named() -> None:
    about = example_environment()
    assert differences(about, about) == []
    place = about.environment.model_copy(update={"processor": "Other CPU"})
    assert differences(about, about.model_copy(update={"environment": place})) == [
        "processor: Example CPU @ 2.60GHz, then Other CPU"
    ]
    assert differences(about, about.model_copy(update={"threads": 1})) == ["threads: 2, then 1"]
    assert differences(about, about.model_copy(update={"variables": {"OMP_NUM_THREADS": "2"}})) == [
        "OMP_WAIT_POLICY: passive, then not set"
    ]
    (told,) = differences(about, changed_peer("3.0"))
    assert told.startswith("the peer torch: torch 2.13.0+cpu")
    # A peer that is away in one of the runs has no ratios there.
    away = about.model_copy(
        update={"peers": [peer.model_copy(update={"unavailable": "gone"}) for peer in about.peers]}
    )
    assert differences(about, away) == []
