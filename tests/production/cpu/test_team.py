"""The same bits for every number of threads, callers at once, and forked children."""

import multiprocessing
import threading
from typing import Any

import pytest

from stn_reference import affine_grid

torch = pytest.importorskip("torch", reason="needs PyTorch")
pytest.importorskip("numba", reason="the CPU's kernels are written in it")

from stn_production.cpu import (  # noqa: E402 # where Numba is
    sample_backward,
    sample_forward,
    team,
    transform_backward,
    transform_forward,
)

SHAPES = ((1, 1, 70, 50), (1, 3, 70, 50), (3, 20, 30, 30), (8, 1, 28, 28))


def results(shape: tuple[int, int, int, int]) -> tuple[Any, ...]:
    generator = torch.Generator().manual_seed(1)
    image, cotangent = (torch.randn(shape, generator=generator) for _ in range(2))
    theta = torch.eye(2, 3) + 0.3 * torch.randn(shape[0], 2, 3, generator=generator)
    grid = torch.randn(shape[0], *shape[2:], 2, generator=generator)
    # Not torch's: its threads do not run in a forked child.
    smooth = torch.from_numpy(affine_grid(theta.numpy(), shape[2:], align_corners=False)).float()
    last = image.contiguous(memory_format=torch.channels_last)
    size = shape[2:]
    return (
        transform_forward(image, theta, size, False, "zeros"),
        *transform_backward(cotangent, image, theta, size, False, "zeros", True, True),
        sample_forward(image, smooth, False, "zeros"),
        *sample_backward(cotangent, image, smooth, False, "border", True, True),
        sample_forward(last, grid, False, "zeros"),
        *sample_backward(cotangent, last, grid, False, "zeros", True, True),
        *sample_backward(cotangent, image, grid, False, "reflection", True, True),
    )


def same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.fixture
def threads() -> Any:
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_number_of_threads_changes_no_bit(shape: tuple[int, int, int, int], threads: Any) -> None:
    threads(1)
    alone = results(shape)
    for count in (2, 3, 7):
        threads(count)
        assert same(results(shape), alone)


def test_own_threads_do_the_same(threads: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    threads(1)
    alone = results(SHAPES[1])
    monkeypatch.setattr(team._Current, "openmp", 0)
    threads(3)
    assert same(results(SHAPES[1]), alone)


def test_callers_at_once(threads: Any) -> None:
    threads(2)
    expected = [results(shape) for shape in SHAPES]
    right: list[bool] = []

    def call(k: int) -> None:
        right.extend(same(results(SHAPES[k % 4]), expected[k % 4]) for _ in range(5))

    callers = [threading.Thread(target=call, args=(k,)) for k in range(6)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(right) == 30
    assert all(right)


def _in_child(queue: Any, count: int) -> None:
    torch.set_num_threads(count)
    queue.put([result.numpy().tobytes() for result in results(SHAPES[1])])


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # fork beside threads is what is tested
def test_a_forked_child(count: int, threads: Any) -> None:
    threads(2)
    expected = [result.numpy().tobytes() for result in results(SHAPES[1])]  # the parent's threads are up
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_in_child, args=(queue, count))
    child.start()
    try:
        assert queue.get(timeout=120) == expected
    finally:
        child.join(10)
        child.kill()
    assert child.exitcode == 0


def test_a_failure_of_a_helper_is_told(threads: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    threads(2)
    monkeypatch.setattr(team._Current, "openmp", 0)
    caller = threading.get_ident()

    def kernel(parallel: int, count: int, counter: Any, tasks: int) -> None:
        if threading.get_ident() != caller:
            raise MemoryError("no room")

    with pytest.raises(MemoryError):
        team.share(kernel, 2)
