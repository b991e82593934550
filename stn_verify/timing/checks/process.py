"""A checker in a process of its own: what it needs of memory and time is bounded by ending it."""

import os
import select
import subprocess
import sys
import tempfile
import time
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from stn_verify.records.record import Timing
from stn_verify.timing.checks.checker import About, Answer, Checked, Request
from stn_verify.timing.participant import NotTimed
from stn_verify.verdicts.untrusted import visible

LONGEST_LINE = 64 * 1024
START = 120.0
"""Seconds in which a framework is imported on a busy machine."""

Told = TypeVar("Told", bound=BaseModel)


class CheckerProcess:
    """Starts when it is made."""

    def __init__(self, name: str, threads: int, command: tuple[str, ...] = ()) -> None:
        """`command` starts another program than the checker of that name."""
        self.name = name
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  closed with the process
        self._process = subprocess.Popen(
            command or (sys.executable, "-m", "stn_verify.timing.checks", name, str(threads)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )
        self._about: About | None = None
        self._rest = b""

    def about(self) -> About:
        """What it says of itself. Raises: NotTimed: it does not come up."""
        if self._about is None:
            self._about = self._answer(About, START, Timing.UNAVAILABLE)
        return self._about

    def check(self, request: Request, deadline: float) -> tuple[float, Checked]:
        """Seconds of one check, and what it came to. Raises: NotTimed: it died, or took longer than `deadline` seconds."""
        self.about()
        answer = self._answer(Answer, deadline, Timing.FAILED, request.model_dump_json() + "\n")
        return answer.seconds, answer.checked

    def close(self) -> None:
        """End it."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    # What was still to be written to a process that is gone.
                    continue
        try:
            # Its own children end with it: it closes what it started where it can.
            self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()

    def _answer(self, kind: type[Told], deadline: float, failed: Timing, request: str = "") -> Told:
        try:
            if request and self._process.stdin is not None:
                self._process.stdin.write(request.encode())
                self._process.stdin.flush()
            return kind.model_validate_json(self._line(deadline))
        except (OSError, ValueError) as error:
            # pydantic's error is a ValueError, as is that of a closed pipe.
            told = "it spoke garbage" if isinstance(error, ValidationError) else self._last_words()
            raise NotTimed(failed, f"{self.name}: {told}") from None

    def _line(self, deadline: float) -> bytes:
        """Raises: EOFError, an OSError's cousin, as ConnectionError: it ended. NotTimed: no line came in time."""
        if self._process.stdout is None:
            raise ConnectionError("no pipe")
        until = time.monotonic() + deadline
        while b"\n" not in self._rest:
            ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                self._process.kill()
                raise NotTimed(Timing.TOO_LONG, f"{self.name}: no answer in {deadline:.0f} s")
            got = os.read(self._process.stdout.fileno(), LONGEST_LINE)
            if not got or len(self._rest) > LONGEST_LINE:
                raise ConnectionError("it ended")
            self._rest += got
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def _last_words(self) -> str:
        if self._errors.closed:
            return "it was ended"
        self._errors.seek(max(0, self._errors.seek(0, os.SEEK_END) - 2000))
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return visible(lines[-1])[:500] if lines else "it ended without a word"
