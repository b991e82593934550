"""The process of one checker: python -m stn_verify.timing.checks NAME THREADS.

A line of JSON for each request, and one for each answer, after a first one that says what it is.
"""

import os
import sys
import time

from stn_verify.contract.errors import RequestError
from stn_verify.timing.checks.checker import Answer, Checker, Request, make
from stn_verify.verdicts.untrusted import visible
from stn_verify.workers.channels import claim


def serve(checker: Checker, requests: int, answers: int) -> None:
    """Answer until there are no more requests."""
    with os.fdopen(requests, encoding="utf-8") as asked, os.fdopen(answers, "w", encoding="utf-8") as told:
        print(checker.about.model_dump_json(), file=told, flush=True)
        for line in asked:
            case = Request.model_validate_json(line).case()
            started = time.perf_counter()
            checked = checker.check(case)
            seconds = time.perf_counter() - started
            answer = Answer(seconds=seconds, checked=checked)
            print(answer.model_dump_json(), file=told, flush=True)


def main() -> int:
    """Serve the checker that the command line names."""
    requests, answers = claim()
    try:
        checker = make(sys.argv[1], int(sys.argv[2]))
    except (ImportError, RequestError) as error:
        print(visible(str(error))[:500], file=sys.stderr)  # noqa: T201  the reason, for whoever started it
        return 1
    try:
        serve(checker, requests, answers)
    finally:
        checker.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
