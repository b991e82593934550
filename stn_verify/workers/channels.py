"""Takes standard input and output for the frames, so that nothing else can reach them."""

import os
import sys


def claim() -> tuple[int, int]:
    """Descriptors for requests and replies; afterwards fd 0 is empty, and fd 1 is standard error.

    Must run before anything may print: C code writes to the descriptor, not to `sys.stdout`.
    """
    sys.stdout.flush()
    requests, replies = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return requests, replies
