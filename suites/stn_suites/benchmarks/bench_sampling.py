"""Throughput of sample and transform: a case of the matrix for each participant, in the storage of pytest-benchmark."""

import pytest

from stn_verify.timing.replay import CLOCK, Told


# The times were measured in the participants' own processes, interleaved; here they are replayed.
@pytest.mark.benchmark(timer=CLOCK.now, disable_gc=False, warmup=False)
def bench_sampling(told: Told, request: pytest.FixtureRequest) -> None:
    """One participant on one case; the group is the case, so that pytest-benchmark compares participants."""
    if told.samples is None:
        pytest.skip(told.reason)
    told.replay(request.getfixturevalue("benchmark"))
