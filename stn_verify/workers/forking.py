"""The harness's side of a nursery: asks it for workers, and to end them."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys

from stn_verify.workers.children import death_of
from stn_verify.workers.nursery import END, FORK, MESSAGE_BYTES
from stn_verify.workers.pipes import Pipes

FORK_DEADLINE = 120.0
"""Seconds for a fork: the first imports a framework."""

_KILL_GRACE = 5.0


class NurseryError(Exception):
    """No worker can be had from it: it died, is silent, or must not be forked. It is ended then."""


def can_fork() -> bool:
    """Whether this system has what a nursery needs: above all to see the death of a process not our child."""
    if sys.platform != "linux":
        return False
    own = death_of(os.getpid())
    if own is None:
        return False
    os.close(own)
    return True


class Nursery:
    """A process that forks one worker at a time; for the thread that made it, which lives as long."""

    def __init__(self, interpreter: str, folder: str) -> None:
        """Start it; there is no worker yet.

        Raises:
            OSError: it cannot be started.
        """
        self._owner = os.getpid()
        self._control, given = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with given:
                # Its words are of no use: where it cannot start, a worker that is started afresh says why.
                self._process: subprocess.Popen[bytes] = subprocess.Popen(
                    [interpreter, "-P", "-m", "stn_verify.workers", "--nursery"],
                    cwd=folder,
                    stdin=given.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
        except BaseException:
            self._control.close()
            raise

    @property
    def pid(self) -> int:
        """The number of the nursery's process."""
        return self._process.pid

    def alive(self) -> bool:
        """Whether it has not died."""
        return self._process.poll() is None

    def fork(self, framework: str | None) -> "ForkedChild":
        """A new worker; the framework, if one is named, is imported before, and only once.

        Raises:
            NurseryError: there is none, and never will be.
        """
        pipes = Pipes()
        try:
            with pipes:
                number = self.ask(f"{FORK} {framework or ''}", FORK_DEADLINE, pipes.given)
                if number is None:
                    raise NurseryError("it died or is silent")
                if number < 0:
                    raise NurseryError(f"{-number} threads run in it")
                death = death_of(number)
                if death is None:
                    raise NurseryError("it died, and the worker with it")
        except BaseException:
            self.end()
            raise
        return ForkedChild(number, pipes, death, self)

    def ask(self, request: str, seconds: float, given: tuple[int, ...] = ()) -> int | None:
        """Its answer; None where there is none, and then it has been ended."""
        try:
            self._control.settimeout(seconds)
            socket.send_fds(self._control, [request.encode()], given)
            answer = self._control.recv(MESSAGE_BYTES)
        except OSError:
            answer = b""
        except BaseException:
            # Ctrl-C too: this answer must not be taken for the next.
            self.end()
            raise
        if not answer:
            self.end()
            return None
        return int(answer)

    def end(self) -> None:
        """Kill it, and so its worker. Idempotent."""
        if self._owner != os.getpid():
            # A fork of the harness must not end its parent's nursery.
            return
        self._control.close()
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_KILL_GRACE)


class ForkedChild:
    """Satisfies `children.Child`: a worker whose parent is a nursery."""

    def __init__(self, pid: int, pipes: Pipes, death: int, nursery: Nursery) -> None:
        self.pid = pid
        self.pipes = pipes
        self.death = death
        self._nursery = nursery

    def has_exited(self) -> bool:
        """Whether it runs no more."""
        poll = select.poll()
        poll.register(self.death, select.POLLIN)
        return bool(poll.poll(0))

    def end(self, seconds: float) -> int | None:
        """Kill it and its group; None where the nursery has died."""
        status = self._nursery.ask(END, seconds)
        if status is None:
            # Reaped by nobody knows whom: only this descriptor still means the same process.
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.death, signal.SIGKILL)
        return status
