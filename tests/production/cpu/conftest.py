"""The CPU's kernels need Numba; without it the portable ones serve."""

import pytest

pytest.importorskip("torch", reason="the production sampler is a torch operator")
pytest.importorskip("numba", reason="the CPU's kernels are written in it")
