"""Starts the workers of one target: forked from a nursery where that is possible, afresh elsewhere."""

import shlex
import sys
from importlib.metadata import entry_points
from pathlib import Path

from stn_verify import frameworks
from stn_verify.contract import loading
from stn_verify.contract.errors import UnknownTargetError
from stn_verify.workers.children import Child, StartedChild
from stn_verify.workers.forking import Nursery, NurseryError, can_fork
from stn_verify.workers.process import WorkerProcess


class Starter:
    """Knows how; holds the nursery between the lives of the target."""

    def __init__(self, target: str, program: str | None, interpreter: str | None) -> None:
        """Nothing is started yet; `program` is the command line of a target that is its own worker."""
        self.interpreter = interpreter or sys.executable
        self._target = target
        self._program = program
        self._folder = str(Path.cwd())
        self._forks = program is None and can_fork()
        self._nursery: Nursery | None = None

    def start(self, framework: str | None) -> WorkerProcess:
        """A new worker, with nothing loaded; `framework` is that of the target, if it is known by now.

        Raises:
            UnknownTargetError: there is no such program.
        """
        command = self._command()
        try:
            child = self._forked(framework) or StartedChild(command, self._folder)
        except OSError as error:
            raise UnknownTargetError(f"cannot start {command[0]!r}: {error.strerror or error}") from None
        return WorkerProcess(child, traces=self._program is None)

    def bereft(self) -> bool:
        """Whether the nursery has died by itself, and whatever it forked with it."""
        return self._nursery is not None and not self._nursery.alive()

    def end(self) -> None:
        """End the nursery, if there is one; after its worker. Idempotent."""
        nursery, self._nursery = self._nursery, None
        if nursery is not None:
            nursery.end()

    def _forked(self, framework: str | None) -> Child | None:
        if self.bereft():
            self.end()
        if not self._forks:
            return None
        if self._nursery is None:
            self._nursery = Nursery(self.interpreter, self._folder)
        try:
            return self._nursery.fork(framework or _framework_of_built_in(self._target))
        except NurseryError:
            # For good: it would fail in the same way again, and take its time each time.
            self._forks = False
            self.end()
            return None

    def _command(self) -> list[str]:
        if self._program is None:
            return [self.interpreter, "-P", "-m", "stn_verify.workers"]
        try:
            command = shlex.split(self._program)
        except ValueError as error:
            raise UnknownTargetError(f"{self._target!r}: {error}") from None
        if not command:
            raise UnknownTargetError(f"{self._target!r} names no command; exec:COMMAND")
        return command


def _framework_of_built_in(target: str) -> str | None:
    """The framework whose adapter also gives the built-in target of that name: importing it runs no target."""
    modules = {entry.module for entry in entry_points(group=loading.GROUP) if entry.name == target}
    adapters = entry_points(group=frameworks.GROUP)
    return next((adapter.name for adapter in adapters if adapter.module in modules), None)
