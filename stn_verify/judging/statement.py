"""What must be true of a result beside its numbers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Statement:
    """One statement of one subject; `told` says, for a person, what was found where it does not hold."""

    subject: str
    holds: bool
    told: str
