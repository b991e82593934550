"""Forks a worker per life of a target, so that what takes long to import is imported once.

A death of the target costs a fork then, not the import of its framework. Nothing of the user's runs here: a target
is loaded in the fork. The client speaks over a socket, and waits for each answer before it asks again:

    fork torch   with the worker's three pipe ends; imports the framework first, if one is named.
                 Answer: the worker's number, or -N where N threads run here, which no fork would survive whole.
    end          kill the worker and its group. Answer: its exit status, -N for signal N.
"""

import contextlib
import os
import signal
import socket
import time
from pathlib import Path

from stn_verify.frameworks import framework
from stn_verify.workers.parenthood import die_with_parent

FORK, END = "fork", "end"
MESSAGE_BYTES = 1024

_SETTLING = 0.5


def attend(control: int) -> tuple[int, int]:
    """Serve the client on that socket; returns in each worker, with its descriptors for requests and replies.

    Raises:
        SystemExit: in the nursery itself, when the client is gone.
    """
    die_with_parent()
    return _Nursery(socket.socket(fileno=control)).attend()


class _Nursery:
    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._worker: int | None = None
        self._warm: set[str] = set()
        self._forked = False

    def attend(self) -> tuple[int, int]:
        while True:
            request, ends, _, _ = socket.recv_fds(self._control, MESSAGE_BYTES, 3, socket.MSG_CMSG_CLOEXEC)
            what, _, name = request.decode().partition(" ")
            if what == FORK:
                worker = self._fork(name, ends)
                if worker is not None:
                    return worker
            elif what == END:
                self._answer(self._end())
            else:
                self._end()
                raise SystemExit(0)

    def _fork(self, name: str, ends: list[int]) -> tuple[int, int] | None:
        """In the worker, its descriptors for requests and replies; None in the nursery."""
        # There is one at a time.
        self._end()
        self._import(name)
        threads = _threads_that_stay()
        if threads > 1:
            _close(ends)
            self._answer(-threads)
            return None
        nursery = os.getpid()
        self._worker = os.fork()
        if self._worker == 0:
            return self._become_worker(nursery, ends)
        self._forked = True
        _close(ends)
        self._answer(self._worker)
        return None

    def _become_worker(self, nursery: int, ends: list[int]) -> tuple[int, int]:
        os.setsid()
        die_with_parent()
        if os.getppid() != nursery:
            # It died before we asked to be told.
            os._exit(1)
        self._control.close()
        requests, replies, errors = ends
        # As after `channels.claim`: what is printed goes to standard error.
        os.dup2(errors, 1)
        os.dup2(errors, 2)
        os.close(errors)
        return requests, replies

    def _import(self, name: str) -> None:
        if not name or name in self._warm:
            return
        # The worker tries again, and says what is wrong in its own answer.
        with contextlib.suppress(Exception, SystemExit):
            found = framework(name)
            # Once is enough for most targets: only what restarts is worth more imports.
            if self._forked:
                self._warm.add(name)
                found.warm()

    def _end(self) -> int:
        """Kill the worker and its group; the worker's exit status."""
        worker, self._worker = self._worker, None
        if worker is None:
            return 0
        # The group before the leader is reaped: until then its number cannot become another's.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(worker, signal.SIGKILL)
        # It may not have come to lead its group yet.
        os.kill(worker, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])

    def _answer(self, number: int) -> None:
        self._control.send(str(number).encode())


def _threads_that_stay() -> int:
    """How many threads run here besides those whose library ends them before a fork, as OpenBLAS does."""
    if _threads() > 1:
        # Only a fork makes such a library end them; they come back with its next use, in the worker.
        trial = os.fork()
        if trial == 0:
            os._exit(0)
        os.waitpid(trial, 0)
        # A thread that was joined is still listed for a moment.
        expires = time.monotonic() + _SETTLING
        while _threads() > 1 and time.monotonic() < expires:
            time.sleep(0.001)
    return _threads()


def _threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


def _close(ends: list[int]) -> None:
    for end in ends:
        os.close(end)
