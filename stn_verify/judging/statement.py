"""What must be true of a result beside its numbers."""

from dataclasses import dataclass

from stn_verify.contract.target import Call


@dataclass(frozen=True)
class Statement:
    """One statement of one subject; `told` says, for a person, what was found where it does not hold."""

    subject: str
    holds: bool
    told: str
    calls: tuple[Call, ...] = ()
    """What was asked, in order, where it is not the case's own call alone. The last is wrong: answered though it is `free`; or,
    where it is `watched`, having written to an input, or returned another dtype or device."""
    law: str | None = None
    """What must hold, in a sentence without its full stop, where `told` does not say it."""
