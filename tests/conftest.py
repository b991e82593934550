"""Hypothesis profiles: `ci`, fixed and derandomised (the default), and `deep`, random and long (HYPOTHESIS_PROFILE=deep)."""

import os

from hypothesis import HealthCheck, settings

# Shared machines stall: a deadline would fail a right test.
_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True, suppress_health_check=_SLOW)
settings.register_profile(
    "deep", max_examples=5000, deadline=None, print_blob=True, suppress_health_check=_SLOW
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
