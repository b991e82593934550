"""What is known of one subject of a check."""

from dataclasses import dataclass

from stn_verify.bounds.comparison import Comparison, Worst
from stn_verify.cases.case import AnyCase
from stn_verify.contract.target import Call
from stn_verify.judging.statement import Statement


@dataclass
class Subject:
    """After some examples: the worst failure, and what is needed to show it again."""

    name: str
    budget_used: float | None = None
    ladder: int = 0
    worst: Worst | None = None
    case: AnyCase | None = None
    failed_at: int | None = None
    """How many examples it took until one failed."""
    calls: tuple[Call, ...] = ()
    """What showed the failure, where it was not the case's own call alone: as in `Comparison`, like the next two."""
    formula: str | None = None
    law: str | None = None
    held: bool = False
    """Whether a statement that is no number was held against it."""
    untrue: str | None = None
    """What such a statement was found to be, where it does not hold and no number is wrong."""

    @property
    def held_to(self) -> str:
        """The law that failed, as a reason ends."""
        return f"; what must hold: {self.law}" if self.law else ""

    def fail(self, case: AnyCase, worst: Worst | None, by: Comparison | Statement) -> None:
        """Keep a failure and what is needed to show it again."""
        self.worst, self.case = worst, case
        self.calls, self.law = by.calls, by.law
        self.formula = by.formula if isinstance(by, Comparison) else None
