"""Threads of our own that share out a kernel's tasks.

A kernel takes its tasks one by one from a counter, so that whoever has time works, the caller always, and nobody waits for a
thread that the system has not started yet. What a task computes does not depend on who does it. Numba's own threads are not
used: under one of its layers a forked child dies, under another two callers at once abort the process. Here a forked child
begins with no threads, and callers at once share those there are.
"""

import os
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import numpy as np
import torch

Kernel = Callable[..., None]


_Reports = SimpleQueue[BaseException | None]
_Job = tuple[Kernel, tuple[Any, ...], _Reports]


class _Team:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._members = 0

    def call(self, helpers: int, kernel: Kernel, arguments: tuple[Any, ...], reports: _Reports) -> None:
        """Ask `helpers` threads to run the kernel beside its caller."""
        if self._members < helpers:
            self._grow(helpers)
        for _ in range(helpers):
            self._jobs.put((kernel, arguments, reports))

    def _grow(self, size: int) -> None:
        with self._lock:
            while self._members < size:
                threading.Thread(target=self._work, name="stn_production", daemon=True).start()
                self._members += 1

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
    team = _Team()


def _begin_anew() -> None:
    """Forget the parent's threads, which a fork does not copy."""
    _Current.team = _Team()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)


def share(kernel: Kernel, tasks: int, *arguments: Any) -> None:
    """Run kernel(counter, tasks, *arguments) in as many threads as torch uses, until all tasks are done.

    counter: int64 [2], how many tasks have been taken and how many are done. The kernel releases the interpreter's lock.
    """
    if tasks == 0:
        return
    counter = np.zeros(2, np.int64)
    helpers = min(torch.get_num_threads(), tasks) - 1
    everything = (counter, tasks, *arguments)
    reports: _Reports = SimpleQueue()
    if helpers > 0:
        _Current.team.call(helpers, kernel, everything, reports)
    kernel(*everything)
    while counter[1] < tasks:  # a helper still works; one that came too late is not waited for
        failure = reports.get()
        if failure is not None:
            raise failure
