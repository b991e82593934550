"""A child process that answers frames: bounded in time and in what is kept of its words, killed with kin."""

import contextlib
import os
import selectors
import signal
import time
from collections import deque
from collections.abc import Iterable

from stn_verify.contract.target import TargetCrashed, TargetTimedOut
from stn_verify.workers.children import Child
from stn_verify.workers.frames import Assembler, FrameError
from stn_verify.workers.pipes import PIPE_BYTES

TAIL_BYTES = 16 * 1024
TAIL_LINES = 12

_NOT_TELLING = ("/stn_verify/workers/", 'File "<frozen runpy>"', "Extension modules:")
_EXIT_GRACE = 5.0
_TRACE_GRACE = 0.2
_CLOSE_GRACE = 0.5


class WorkerProcess:
    """One running process that answers frames.

    A worker on Linux is killed when the thread that started it ends: use it on a thread that lives as long.
    """

    def __init__(self, child: Child, *, traces: bool) -> None:
        """Take over a child; `traces` says that it prints where it is on SIGUSR1."""
        self._child = child
        self._traces = traces
        self._tail = bytearray()
        self._input, self._output, self._errors = child.pipes.ours
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._output, selectors.EVENT_READ)
        self._selector.register(self._errors, selectors.EVENT_READ)
        # A child of the target may hold the pipes open after the target's death: then only this tells.
        if child.death is not None:
            self._selector.register(child.death, selectors.EVENT_READ)
        self._open = [*child.pipes.ours, *([] if child.death is None else [child.death])]
        self._status: int | None = None
        self._ended = False
        self._owner = os.getpid()

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._child.pid

    def exchange(self, request: Iterable[memoryview], deadline: float) -> bytes:
        """Send a frame and wait for one; its payload. Whatever it raises, the process is ended then.

        Raises:
            TargetCrashed: the process died, closed its output, or wrote what is no frame.
            TargetTimedOut: no whole frame within `deadline` seconds.
        """
        try:
            return self._exchange(deque(request), deadline)
        except FrameError as error:
            tail = self._end_and_tell()
            raise TargetCrashed(f"spoke garbage: its reply {error}{tail}") from None
        except BaseException:
            # Ctrl-C too: the reply to this request must not be taken for that to the next.
            self.end()
            raise

    def end(self) -> None:
        """Kill the process and its group, at once. Idempotent."""
        if self._ended or self._owner != os.getpid():
            # A fork of the harness must not end its parent's worker.
            return
        self._ended = True
        self._status = self._child.end(_EXIT_GRACE)
        self._selector.close()
        for descriptor in self._open:
            os.close(descriptor)

    def close(self) -> None:
        """Let the process end by itself for a moment, then kill what is left. Idempotent."""
        if self._ended:
            return
        self._open.remove(self._input)
        os.close(self._input)
        self._wait_for_exit(_CLOSE_GRACE)
        self.end()

    def _exchange(self, pending: deque[memoryview], deadline: float) -> bytes:
        expires = time.monotonic() + deadline
        reply = Assembler()
        if pending:
            self._selector.register(self._input, selectors.EVENT_WRITE)
        while reply.needed:
            left = expires - time.monotonic()
            if left <= 0:
                raise self._timed_out(deadline, reply)
            for key, _ in self._selector.select(left):
                if key.fd == self._input:
                    self._write(pending)
                elif key.fd == self._errors:
                    self._read_errors()
                elif key.fd == self._output:
                    if not self._read(reply):
                        raise self._died(reply)
                elif not self._read_rest(reply):
                    raise self._died(reply)
        if pending:
            # It answered without reading its request; the rest of that would be taken for the next one.
            raise FrameError("came before the request had been read")
        return reply.payload()

    def _write(self, pending: deque[memoryview]) -> None:
        try:
            while pending:
                written = os.write(self._input, pending[0])
                pending[0] = pending[0][written:]
                if not pending[0]:
                    pending.popleft()
        except BlockingIOError:
            return
        except BrokenPipeError:
            # Its death or its last words will show on the other pipes.
            pending.clear()
        self._selector.unregister(self._input)

    def _read(self, reply: Assembler) -> bool:
        """Take what there is; False at the end of the stream."""
        while reply.needed:
            try:
                piece = os.read(self._output, min(reply.needed, PIPE_BYTES))
            except BlockingIOError:
                return True
            if not piece:
                return False
            reply.add(piece)
        return True

    def _read_rest(self, reply: Assembler) -> bool:
        """After the process's death: whether what it had written makes the reply complete."""
        self._read(reply)
        return not reply.needed

    def _read_errors(self) -> bool:
        """Keep the end of what the process writes to standard error; whether there was anything."""
        if self._errors not in self._selector.get_map():
            return False
        try:
            piece = os.read(self._errors, TAIL_BYTES)
        except BlockingIOError:
            return False
        if not piece:
            self._selector.unregister(self._errors)
            return False
        self._tail += piece
        del self._tail[:-TAIL_BYTES]
        return True

    def _died(self, reply: Assembler) -> TargetCrashed:
        exited = self._wait_for_exit(_EXIT_GRACE)
        tail = self._end_and_tell()
        status = self._status
        if not exited:
            cause = "closed its output without a reply"
        elif status is None:
            cause = "ended, and the process that it was forked from, too"
        elif status < 0:
            cause = f"killed by {_signal_name(-status)}"
            if status == -signal.SIGKILL:
                cause += " (not by us: out of memory, perhaps)"
        else:
            cause = f"exited with status {status} without a reply"
        if reply.progress:
            cause += f", after {reply.progress}"
        return TargetCrashed(cause + tail)

    def _timed_out(self, deadline: float, reply: Assembler) -> TargetTimedOut:
        if self._traces:
            # Only where the signal is known: elsewhere it kills.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(self._child.pid, signal.SIGUSR1)
            time.sleep(_TRACE_GRACE)
        tail = self._end_and_tell()
        partly = f" (only {reply.progress})" if reply.progress else ""
        return TargetTimedOut(f"no reply within {deadline:g} s{partly}; killed{tail}")

    def _end_and_tell(self) -> str:
        """End the process; what it last wrote to standard error, for a message."""
        # No more than a full pipe holds: it may be writing without end.
        for _ in range(PIPE_BYTES // TAIL_BYTES):
            if not self._read_errors():
                break
        self.end()
        lines = _last_words(self._tail.decode("utf-8", "replace"))
        return "\nits last words:\n" + "\n".join(f"  {line[:300]}" for line in lines) if lines else ""

    def _wait_for_exit(self, seconds: float) -> bool:
        """Whether the process has exited by then; leaves it to be reaped."""
        expires = time.monotonic() + seconds
        while not (exited := self._child.has_exited()) and time.monotonic() < expires:
            time.sleep(0.002)
        return exited


def _last_words(text: str) -> list[str]:
    """The last lines, without what a fault's trace tells of the harness and of every loaded extension."""
    lines = (line.rstrip() for line in text.splitlines())
    telling = [line for line in lines if line and not any(sign in line for sign in _NOT_TELLING)]
    return telling[-TAIL_LINES:]


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
