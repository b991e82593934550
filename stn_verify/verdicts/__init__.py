"""Verdicts and the results file."""
