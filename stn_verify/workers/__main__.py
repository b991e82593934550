"""`python -m stn_verify.workers`: a worker on standard input and output."""

from stn_verify.workers.channels import claim

if __name__ == "__main__":
    REQUESTS, REPLIES = claim()

    # Imported only now: an import may print.
    from stn_verify.workers.server import main

    raise SystemExit(main(REQUESTS, REPLIES))
