"""Inputs to check with, and how Hypothesis draws them."""
