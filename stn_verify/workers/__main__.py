"""`python -m stn_verify.workers`: a worker on standard input and output; with `--nursery`, one that forks them."""

import os
import sys

from stn_verify.workers.channels import claim

if __name__ == "__main__":
    # Threads that spin while they wait take the cores from the workers beside this one.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")

    REQUESTS, REPLIES = claim()

    # Imported only now: an import may print.
    from stn_verify.workers.server import main

    if "--nursery" in sys.argv:
        from stn_verify.workers.nursery import attend

        # A target that reads the program's arguments finds none, as in any worker.
        del sys.argv[1:]
        REQUESTS, REPLIES = attend(REQUESTS)

    raise SystemExit(main(REQUESTS, REPLIES))
