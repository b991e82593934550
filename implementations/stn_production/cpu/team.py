"""Threads that share out a kernel's tasks: those of torch's own OpenMP, or our own where they cannot be had.

A kernel takes its tasks one by one from a counter, so that whoever has time works. What a task computes does not depend on who
does it. torch's threads are awake after its own operations, where threads beside them would have to take the cores from them.
Numba's threads are not used: they bring another OpenMP, under which a forked child dies, or a layer under which two callers at
once abort the process.

No fork copies threads, and OpenMP waits for them in the child: a forked child uses threads of its own.
"""

import os
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import numpy as np
import torch

from stn_production.cpu.openmp import parallel_address

Kernel = Callable[..., None]
_Reports = SimpleQueue[BaseException | None]
_Job = tuple[Kernel, tuple[Any, ...], _Reports]


class _OwnThreads:
    """Daemons that wait for kernels to run beside their callers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._members = 0

    def run(self, threads: int, kernel: Kernel, counter: Any, tasks: int, arguments: tuple[Any, ...]) -> None:
        reports: _Reports = SimpleQueue()
        everything = (0, 1, counter, tasks, *arguments)
        with self._lock:
            while self._members < threads - 1:
                threading.Thread(target=self._work, name="stn_production", daemon=True).start()
                self._members += 1
        for _ in range(threads - 1):
            self._jobs.put((kernel, everything, reports))
        kernel(*everything)
        while counter[1] < tasks:  # a helper still works; one that comes too late is not waited for
            failure = reports.get()
            if failure is not None:
                raise failure

    def _work(self) -> None:
        while True:
            kernel, arguments, reports = self._jobs.get()
            failure = None
            try:
                kernel(*arguments)
            except BaseException as error:  # noqa: BLE001 # raised where it is waited for
                failure = error
            reports.put(failure)
            del kernel, arguments, reports, failure


class _Current:
    """Whose threads this process uses."""

    openmp = parallel_address()
    own = _OwnThreads()


def _begin_anew() -> None:
    _Current.openmp = 0
    _Current.own = _OwnThreads()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)


def compiled_threads(tasks: int) -> tuple[int, int] | None:
    """Return what a kernel takes as `parallel` and `threads` where it needs no more, None where threads of our own must help."""
    threads = min(torch.get_num_threads(), tasks)
    if threads == 1:
        return 0, 1
    return (_Current.openmp, threads) if _Current.openmp else None


def all_done(missing: int, tasks: int) -> None:
    """Raises: MemoryError: some tasks were not done."""
    if missing:
        raise MemoryError(f"{missing} of {tasks} parts of a sampler's work had no room")


def share(kernel: Kernel, tasks: int, *arguments: Any) -> None:
    """Run kernel(parallel, threads, counter, tasks, *arguments) in as many threads as torch uses, until all tasks are done.

    parallel: the address of GOMP_parallel, 0 to stay in the calling thread. counter: int64 [2], how many tasks have been taken
    and how many are done. The kernel releases the interpreter's lock.
    """
    counter = np.zeros(2, np.int64)
    threads = min(torch.get_num_threads(), tasks)
    if threads > 1 and _Current.openmp == 0:
        _Current.own.run(threads, kernel, counter, tasks, arguments)
    elif tasks:
        kernel(_Current.openmp if threads > 1 else 0, threads, counter, tasks, *arguments)
    all_done(tasks - counter[1], tasks)
