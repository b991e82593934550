"""The three pipes between the harness and a worker."""

import contextlib
import fcntl
import os
import sys
from typing import Self

PIPE_BYTES = 2**20


class Pipes:
    """Standard input, output and error of a worker; our ends do not block."""

    def __init__(self) -> None:
        """Raises: OSError: too many files are open."""
        with contextlib.ExitStack() as opened:
            self.given_input, self.input = _pipe(opened)
            self.output, self.given_output = _pipe(opened)
            self.errors, self.given_errors = _pipe(opened)
            opened.pop_all()
        for end in self.ours:
            os.set_blocking(end, False)
            _widen(end)

    @property
    def ours(self) -> tuple[int, int, int]:
        """The ends that the harness keeps."""
        return self.input, self.output, self.errors

    @property
    def given(self) -> tuple[int, int, int]:
        """The ends for the worker."""
        return self.given_input, self.given_output, self.given_errors

    def __enter__(self) -> Self:
        """While the worker is started, who then has ends of its own; without a worker ours are of no use."""
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        for end in self.given if failed is None else (*self.given, *self.ours):
            os.close(end)


def _pipe(opened: contextlib.ExitStack) -> tuple[int, int]:
    ends = os.pipe()
    for end in ends:
        opened.callback(os.close, end)
    return ends


def _widen(pipe: int) -> None:
    if sys.platform == "linux":
        # Refused where the user's pipes are full already; the default size works too.
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
