"""Hypothesis hunts for the largest budget used; what it finds becomes verdicts."""
