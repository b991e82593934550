"""Exact differences: derivatives of a target's own forward, without a step to tune."""
