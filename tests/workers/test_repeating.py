"""Work that a worker keeps ready and repeats."""

import numpy as np
import pytest

from stn_verify.contract.convention import Convention
from stn_verify.contract.errors import ContractError
from stn_verify.contract.implementation import Implementation
from stn_verify.contract.target import Call
from stn_verify.frameworks import Run
from stn_verify.workers import repeating
from stn_verify.workers.client import WorkerTarget
from stn_verify.workers.evaluator import Evaluator
from stn_verify.workers.messages import Time
from stn_verify.workers.repeating import Repeating, peak_host_bytes

CALL = Call(
    "sample", {"image": np.ones((1, 1, 4, 4)), "grid": np.zeros((1, 2, 2, 2))}, "float32", Convention()
)


class Counting:
    """A sampler that counts its calls, and those of its product."""

    def __init__(self) -> None:
        self.calls = self.products = 0

    def implementation(self) -> Implementation:
        return Implementation(
            name="counting",
            framework="numpy",
            functions={"sample": self.sample},
            vjps={"sample": self.product},
            padding="zeros",
            align_corners=False,
            dtypes=("float32",),
        )

    def sample(self, image, grid):
        self.calls += 1
        return np.ones((*image.shape[:2], *grid.shape[1:-1]), image.dtype)

    def product(self, image, grid, cotangent):
        self.products += 1
        return np.zeros_like(image), np.zeros_like(grid)


@pytest.fixture
def counting() -> Counting:
    return Counting()


@pytest.fixture
def kept(counting: Counting) -> Repeating:
    return Repeating(Evaluator(counting.implementation()))


def test_what_is_prepared_is_called_as_often_as_asked(counting: Counting, kept: Repeating) -> None:
    kept.prepare(0, CALL, cold=False)
    before = counting.calls
    timed = kept.time(Time(id=1, calls=5, before=2))
    assert counting.calls == before + 7
    assert timed.seconds > 0


def test_a_backward_pass_has_its_forward_pass_in_it(counting: Counting, kept: Repeating) -> None:
    call = Call(
        CALL.function, CALL.arrays, CALL.dtype, CALL.convention, cotangent=np.ones((1, 1, 2, 2)), gradients=("image",)
    )  # fmt: skip
    kept.prepare(0, call, cold=False)
    before = counting.calls, counting.products
    kept.time(Time(id=1, calls=3))
    assert (counting.calls, counting.products) == (before[0] + 3, before[1] + 3)


def test_slots_keep_work_of_their_own(counting: Counting, kept: Repeating) -> None:
    kept.prepare(0, CALL, cold=False)
    kept.prepare_copy(1, 1000, None)
    before = counting.calls
    kept.time(Time(id=1, slot=1, calls=3))
    assert counting.calls == before


def test_cold_calls_take_turns_at_the_inputs(
    counting: Counting, kept: Repeating, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluator = kept._evaluator
    # Four times 192 bytes are six inputs of 96 + 32 bytes.
    monkeypatch.setattr(type(evaluator.framework), "cache_bytes", lambda self, device: 192)
    kept.prepare(0, CALL, cold=True)
    ready = kept._slots[0]
    assert ready.sets == 8
    taken = [*ready.take(5), *ready.take(5)]
    assert taken == [1, 2, 3, 4, 5, 6, 7, 0, 1, 2]


def test_nothing_prepared_no_such_clock_and_no_copy_are_refused(
    kept: Repeating, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ContractError, match="nothing is prepared in slot 3"):
        kept.time(Time(id=1, slot=3, calls=1))
    kept.prepare(0, CALL, cold=False)
    with pytest.raises(ContractError, match="no clock 'graph'"):
        kept.time(Time(id=1, calls=1, clock="graph"))


@pytest.mark.skipif(peak_host_bytes(lambda: None) is None, reason="needs Linux' resident set")
def test_the_peak_is_what_one_run_holds() -> None:
    size = 64 * 2**20
    peak = peak_host_bytes(lambda: np.ones(size, np.uint8).sum())
    assert peak is not None
    # Linux counts pages in batches.
    assert 0.95 * size <= peak < 1.25 * size


def test_a_worker_times_what_it_is_asked_for() -> None:
    target = WorkerTarget("reference", deadline=60)
    try:
        first = target.prepare(CALL)
        assert first.seconds > 0
        assert target.time(3, before=1) > 0
        target.prepare_copy(2**20, slot=1, threads=1)
        assert target.time(2, slot=1) > 0
        with pytest.raises(ContractError, match="slot 5"):
            target.time(1, slot=5)
    finally:
        target.close()


def test_what_raises_is_told_as_of_any_call(counting: Counting) -> None:
    def raises(image, grid):
        raise ValueError("not this")

    made = Implementation(
        name="raises", framework="numpy", functions={"sample": raises}, padding="zeros", align_corners=False
    )
    with pytest.raises(ValueError, match="not this"):
        Repeating(Evaluator(made)).prepare(0, CALL, cold=False)


def test_garbage_is_not_collected_within_the_time(kept: Repeating, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []

    class Clock:
        def seconds(self, run: Run, numbers: object) -> float:
            seen.append(repeating.gc.isenabled())
            return 1.0

    monkeypatch.setattr(type(kept._evaluator.framework), "stopwatch", lambda *_: Clock())
    kept.prepare(0, CALL, cold=False)
    kept.time(Time(id=1, calls=1))
    assert seen == [False, False]
    assert repeating.gc.isenabled()
