"""The verifier's own speed: whole checks of a sampler timed against other ways to check it."""
