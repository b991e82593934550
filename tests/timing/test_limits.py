"""The roofline's bytes, and exponents of growth."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stn_verify.records.examples import example_record
from stn_verify.timing.growth import fitted, growth
from stn_verify.timing.matrix import PROFILES, matrix
from stn_verify.timing.roofline import moved_bytes
from stn_verify.timing.session import BATCH, BATCH_BYTES, BenchSession, Choices
from stn_verify.timing.workload import Workload


@pytest.mark.parametrize(
    ("function", "direction", "values"),
    # Of an image of 2 x 3 x 4 x 5 = 120 values, an output of 2 x 3 x 6 x 7 = 252, and a grid of 168 or thetas of 12.
    [
        ("transform", "forward", 120 + 12 + 252),
        ("sample", "forward", 120 + 168 + 252),
        ("transform", "grad_input", (120 + 12 + 252) + (252 + 12 + 120)),
        ("transform", "grad_theta", (120 + 12 + 252) + (252 + 12 + 120 + 12)),
        ("sample", "grad_grid", (120 + 168 + 252) + (252 + 168 + 120 + 168)),
        ("sample", "all", (120 + 168 + 252) + (252 + 168 + 120 + 120 + 168)),
    ],
)
def test_bytes_are_those_counted_by_hand(function: str, direction: str, values: int) -> None:
    for dtype, width in (("float64", 8), ("float32", 4), ("bfloat16", 2)):
        work = Workload(function, direction, 2, 3, (4, 5), (6, 7), dtype)  # type: ignore[arg-type]  # its literals
        assert moved_bytes(work) == width * values


@given(
    exponent=st.floats(0.0, 3.0),
    constant=st.floats(1e-9, 1e3),
    sizes=st.sets(st.integers(1, 10**6), min_size=3),
)
def test_an_exact_power_has_its_exponent(exponent: float, constant: float, sizes: set[int]) -> None:
    found, half = fitted({size: constant * size**exponent for size in sizes})
    assert found == pytest.approx(exponent, abs=1e-6)
    assert half is not None
    assert half < 1e-4


def test_two_points_have_no_interval() -> None:
    assert fitted({1: 1.0, 4: 2.0}) == (pytest.approx(0.5), None)


def test_growth_is_found_for_target_and_peer_along_each_axis() -> None:
    sizes = [{"N": 2}, {"N": 4}, {"N": 8}, {"N": 16}]
    rows = [
        example_record(**size, case=str(size), time_seconds=1e-3 * size["N"], against_time_seconds=1e-3 * size["N"] ** 0.5)
        for size in sizes
    ]  # fmt: skip
    found = {(each.target, each.axis): each for each in growth(rows)}
    assert set(found) == {("production", "N"), ("torch", "N")}
    assert found["production", "N"].exponent == pytest.approx(1.0)
    assert found["torch", "N"].exponent == pytest.approx(0.5)
    assert found["torch", "N"].points == 4


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_every_case_of_a_matrix_has_a_name_of_its_own(profile: str, device: str) -> None:
    cases = matrix(profile, device)
    assert len({work.name for work in cases}) == len(cases)
    assert all(work.clock == "wall" for work in cases if device == "cpu")


def test_the_quick_matrix_shows_growth_along_every_axis() -> None:
    rows = [
        example_record(
            case=work.name,
            **dict(zip(("N", "C", "H", "W", "Ho", "Wo"), (work.N, work.C, *work.size, *work.output_size), strict=True)),
            time_seconds=1e-9 * work.pixels,
            **{name: getattr(work, name) for name in ("function", "direction", "dtype", "layout", "theta")},
        )
        for work in matrix("quick", "cpu")
    ]  # fmt: skip
    found = [each for each in growth(rows) if each.target == "production"]
    assert {each.axis for each in found} == {"N", "C", "HW"}
    assert all(math.isclose(each.exponent, 1.0) for each in found)


@pytest.mark.parametrize("profile", PROFILES)
def test_batches_hold_every_case_and_little_memory(profile: str) -> None:
    session = BenchSession(Choices(("a",), ("b",), profile, "cpu", threads=1, seed=0, deadline=1.0))
    batches = session._batches()
    assert [work for batch in batches for work in batch] == matrix(profile, "cpu")
    for batch in batches:
        assert len(batch) <= BATCH
        assert len(batch) == 1 or sum(work.held_bytes for work in batch) <= BATCH_BYTES
