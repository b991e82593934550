"""A worker's process as the harness sees it, whoever is its parent."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence
from typing import Protocol

from stn_verify.workers.pipes import Pipes


class Child(Protocol):
    """A running process that leads a group of its own."""

    @property
    def pid(self) -> int:
        """Its number."""
        ...

    @property
    def pipes(self) -> Pipes:
        """To and from it; whoever takes the child over closes our ends."""
        ...

    @property
    def death(self) -> int | None:
        """A descriptor that becomes readable when it exits; None where the system has none. To be closed, too."""
        ...

    def has_exited(self) -> bool:
        """Whether it runs no more; leaves it to be reaped, so that its number cannot become another's."""
        ...

    def end(self, seconds: float) -> int | None:
        """Kill it and its group, wait for so long; its exit status, -N for signal N, None where unknown."""
        ...


class StartedChild:
    """Satisfies `Child`: a command that was started afresh."""

    def __init__(self, command: Sequence[str], folder: str) -> None:
        """Start `command` in a folder, in a session of its own, so that no Ctrl-C reaches it but ours.

        Raises:
            OSError: it cannot be started.
        """
        self.pipes = Pipes()
        with self.pipes:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=self.pipes.given_input,
                stdout=self.pipes.given_output,
                stderr=self.pipes.given_errors,
                start_new_session=True,
            )
        self.pid = self._process.pid
        self.death = death_of(self.pid)

    def has_exited(self) -> bool:
        """Whether it runs no more."""
        if hasattr(os, "waitid"):
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None
        # macOS before Python 3.13 cannot look without reaping.
        return self._process.poll() is not None

    def end(self, seconds: float) -> int | None:
        """Kill it and its group."""
        # The group before the leader is reaped: until then its number cannot become another's.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return self._process.returncode


def death_of(pid: int) -> int | None:
    """A descriptor that becomes readable when that process exits; None where there is no such thing."""
    if hasattr(os, "pidfd_open"):
        with contextlib.suppress(OSError):
            return os.pidfd_open(pid)
    return None
