"""No worker outlives whoever started it."""

import contextlib
import ctypes
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask the system for a SIGKILL when the thread that started this process ends; on Linux only.

    The parent's death closes our input too, but a hung target never looks there. A fork does not inherit this.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
