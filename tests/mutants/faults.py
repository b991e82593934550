"""What a mutant is: the right sampler with one fault, and what must be said of it."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sampler import Sampler

from stn_verify.contract.implementation import Implementation
from stn_verify.verdicts.results import Status

GRADIENTS = frozenset({"grad_input", "grad_grid", "grad_theta"})
EVERY = GRADIENTS | {"output", "grid"}
SECOND = frozenset({"grad2_input", "grad2_grid", "grad2_cotangent", "tangent"})
"""Results beyond first gradients; a wrong first gradient makes them wrong too."""

GROUPS = (
    "values",
    "grad_input",
    "grad_grid",
    "grad_theta",
    "conventions",
    "robustness",
    "determinism",
    "second order",
    "precision",
    "volumes",
    "families",
)

GROUP_OF_FILE = {
    "faulty_grad_input": "grad_input",
    "faulty_grad_grid": "grad_grid",
    "faulty_grad_theta": "grad_theta",
    "faulty_conventions": "conventions",
    "faulty_processes": "robustness",
    "faulty_calls": "robustness",
    "faulty_poison": "robustness",
    "faulty_promises": "robustness",
    "faulty_layouts": "robustness",
    "faulty_determinism": "determinism",
    "faulty_second_order": "second order",
    "faulty_precision": "precision",
    "faulty_volumes": "volumes",
}
"""What the mutants of a file belong to; of other files, to the result that is wrong."""


@dataclass(frozen=True)
class Mutant:
    """A fault, and what is enough to show it: one convention (or a few), one dtype, one function."""

    implementation: Implementation
    what: str
    subjects: frozenset[str]
    """Each must be reported as failed."""
    source: str | None
    """The rows of the bug collection (`bugzoo.csv`) that it was met in: "Z25", "Z57 Z90"."""
    checks: tuple[str, ...]
    """Enough to show it: names of checks, or of whole suites; none: all but those on large sizes."""
    effective_precision: str | None
    """What the verifier must say that the failing results are as exact as."""
    status: Status
    """How the subjects fail: by their values, or by ending the process; then it must not run in this one."""
    gap: str | None
    """Why the suites do not find it, where they do not; a test holds that to be still so."""
    group: str = ""
    """One of `GROUPS`; left out, by the result that is wrong."""
    apart: bool = False
    """Whether it shows only where the target has processes of its own."""

    def __post_init__(self) -> None:
        if not self.group:
            object.__setattr__(self, "group", _group_of(self.subjects))
        if self.group not in GROUPS:
            raise ValueError(f"{self.name}: unknown group {self.group!r}; known: {', '.join(GROUPS)}")

    @property
    def name(self) -> str:
        """Of the class."""
        return self.implementation.name

    @property
    def spared(self) -> frozenset[str]:
        """What must not be reported: a fault in one gradient accuses nothing else.

        A call that brings no result accuses all that was asked of it.
        """
        if self.status is not Status.FAILED or self.subjects & {"output", "grid"}:
            return frozenset()
        return (EVERY | SECOND if self.subjects & SECOND else EVERY) - self.subjects

    @property
    def ends_process(self) -> bool:
        """Whether it must not run in this one."""
        return self.status in (Status.CRASHED, Status.TIMED_OUT)

    @property
    def sources(self) -> tuple[str, ...]:
        """The rows of the bug collection, one by one."""
        return tuple((self.source or "").split())


MUTANTS: dict[str, Mutant] = {}


def fault(
    what: str,
    *subjects: str,
    source: str | None = None,
    functions: tuple[str, ...] = ("sample",),
    padding: str | tuple[str, ...] = "zeros",
    align_corners: bool | None = False,
    dtypes: tuple[str, ...] = ("float64",),
    spatial: tuple[int, ...] = (2,),
    checks: tuple[str, ...] = (),
    effective_precision: str | None = None,
    status: Status = Status.FAILED,
    gap: str | None = None,
    group: str | None = None,
    **declared: Any,
) -> Callable[[type[Sampler]], Implementation]:
    """Register a class of a faulty sampler, and turn it into an implementation that `file.py:Class` names.

    `group` is that of the file where it is left out; `align_corners=None` offers both; `declared` is what else it says of itself.
    """

    def register(faulty: type[Sampler]) -> Implementation:
        held = faulty()
        made = Implementation(
            name=faulty.__name__,
            framework="numpy",
            functions={name: getattr(held, name) for name in functions},
            vjps={name: getattr(held, f"{name}_vjp") for name in functions},
            padding=padding,
            align_corners=align_corners,
            dtypes=dtypes,
            **declared,
            spatial=spatial,
        )
        if made.name in MUTANTS:
            raise ValueError(f"two mutants are called {made.name}")
        MUTANTS[made.name] = Mutant(
            made,
            what,
            frozenset(subjects),
            source,
            checks,
            effective_precision,
            status,
            gap,
            group or group_of_file(faulty),
        )
        return made

    return register


def group_of_file(faulty: type) -> str:
    """The group of a mutant's file; '' where its result says it."""
    return GROUP_OF_FILE.get(Path(inspect.getfile(faulty)).stem, "")


def _group_of(subjects: frozenset[str]) -> str:
    if len(subjects) == 1 and subjects <= GRADIENTS:
        return next(iter(subjects))
    return "second order" if subjects & SECOND else "values"
