"""One result compared with what it may be, under any arithmetic."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.interval import Interval
from stn_verify.contract.target import Call
from stn_verify.formats import Array

Expectation = Callable[[Arithmetic], Interval]


@dataclass(frozen=True)
class Comparison:
    """Values of one subject, and the interval that a given arithmetic allows them."""

    subject: str
    values: Array
    expectation: Expectation
    calls: tuple[Call, ...] = ()
    """What was asked, in order, where it is not the case's own call alone: the values are of the last call's reply."""
    formula: str | None = None
    """How the values follow from that reply, as Python over its results (output, grad_input, grad_grid, grad_theta,
    tangent, second_image, ...) and its inputs (image, grid, theta, cotangent); of a network also grad_hidden_weight_0 and its
    like; None: they are the subject's own."""
    law: str | None = None
    """What must hold, in a sentence without its full stop, where it is more than that the oracle is right."""
    _known: dict[Arithmetic, Interval] = field(default_factory=dict, compare=False)

    def expected(self, arithmetic: Arithmetic) -> Interval:
        """What the arithmetic allows; worked out once."""
        if arithmetic not in self._known:
            self._known[arithmetic] = self.expectation(arithmetic)
        return self._known[arithmetic]

    def budget_used(self, arithmetic: Arithmetic) -> float:
        """The largest error over its bound; at most 1 conforms."""
        if not self.values.size:
            return 0.0
        return float(np.max(self.expected(arithmetic).budget_used(self.values)))

    def decided(self, arithmetic: Arithmetic) -> bool:
        """Whether any entry has a finite bound: without one, nothing was compared."""
        return not self.values.size or bool(np.isfinite(self.expected(arithmetic).bound).any())

    def worst(self, arithmetic: Arithmetic) -> "Worst":
        """The entry with the largest error over its bound."""
        interval = self.expected(arithmetic)
        used = interval.budget_used(self.values)
        index = tuple(int(i) for i in np.unravel_index(int(np.argmax(used)), used.shape))
        return Worst(
            self.subject,
            index,
            float(self.values[index]),
            float(interval.low[index]),
            float(interval.high[index]),
            float(interval.bound[index]),
            float(used[index]),
            int(np.count_nonzero(used > 1)),
            used.size,
        )


@dataclass(frozen=True)
class Worst:
    """Where a comparison is worst."""

    subject: str
    index: tuple[int, ...]
    value: float
    low: float
    high: float
    bound: float
    budget_used: float
    wrong: int
    entries: int

    def __str__(self) -> str:
        place = f"[{', '.join(map(str, self.index))}]" if self.index else ""
        expected = (
            f"{self.low:.17g}" if self.low == self.high else f"between {self.low:.17g} and {self.high:.17g}"
        )
        used = (
            "far beyond it"
            if self.budget_used >= sys.float_info.max
            else f"{self.budget_used:.3g} times the bound"
        )
        return (
            f"{self.subject}{place} is {self.value:.17g}, expected {expected} within {self.bound:.3g} ({used};"
            f" {self.wrong} of {self.entries} entries are outside)"
        )
