"""How a faulty torch sampler is registered: as those of NumPy are, in a register of their own that needs torch."""

from collections.abc import Callable
from typing import Any

from faults import Mutant, group_of_file
from torch_sampler import TorchSampler, differentiable

from stn_verify.contract.implementation import Implementation
from stn_verify.verdicts.results import Status

TORCH_MUTANTS: dict[str, Mutant] = {}


def torch_fault(
    what: str,
    *subjects: str,
    checks: tuple[str, ...],
    source: str | None = None,
    status: Status = Status.FAILED,
    dtypes: tuple[str, ...] = ("float64",),
    apart: bool = False,
    **declared: Any,
) -> Callable[[type[TorchSampler]], Implementation]:
    """Register a class, and turn it into an implementation that `file.py:Class` names."""

    def register(faulty: type[TorchSampler]) -> Implementation:
        made = Implementation(
            faulty.__name__,
            "torch",
            {"sample": differentiable(faulty())},
            padding="zeros",
            align_corners=False,
            dtypes=dtypes,
            **declared,
        )
        if made.name in TORCH_MUTANTS:
            raise ValueError(f"two mutants are called {made.name}")
        TORCH_MUTANTS[made.name] = Mutant(
            made, what, frozenset(subjects), source, checks, None, status, None, group_of_file(faulty), apart
        )
        return made

    return register
