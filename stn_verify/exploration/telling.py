"""What is said of a subject when its check is over: a status with its reason, and the precision that was found."""

from collections.abc import Sequence
from dataclasses import dataclass

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.cases.case import AnyCase
from stn_verify.contract.features import CLAIMABLE, Feature
from stn_verify.contract.target import TargetFailure, TargetRaised
from stn_verify.exploration.subject import Subject
from stn_verify.judging.arithmetics import LADDER
from stn_verify.verdicts.results import Status


@dataclass(frozen=True)
class Circumstances:
    """What concerns all subjects of a check alike."""

    arithmetic: Arithmetic
    """What the target is judged by."""
    contradiction: str | None
    """A failure that is no single number's."""
    failure: TargetFailure | None
    """A call that brought no result, and the case that it was made for."""
    failed_case: AnyCase | None
    feature: Feature | None
    """What was asked beyond plain calls."""
    claims: Sequence[Feature]
    """What the target says that it can do of that."""

    @property
    def lacking(self) -> bool:
        """Whether the failure says no more than that the target cannot do what it never claimed."""
        optional = self.feature in CLAIMABLE and self.feature not in self.claims
        return optional and isinstance(self.failure, TargetRaised)


def status(record: Subject, among: Circumstances) -> tuple[Status, str | None]:
    """The status and its reason; none where it passed. Numbers come before all else: they say the most."""
    if record.worst is not None:
        return Status.FAILED, _wrong(record, among.arithmetic)
    untrue = f"{record.untrue} in {record.case!r}{record.held_to}" if record.untrue else None
    contradiction = untrue or among.contradiction
    if contradiction:
        return Status.FAILED, contradiction
    if among.failure is not None:
        # The first line says what happened; what follows are a process's last words, for the log.
        happened = str(among.failure).splitlines()[0]
        if among.lacking:
            return Status.UNSUPPORTED, f"gives no {among.feature}: {happened}"
        return Status(among.failure.status), f"{happened} in {among.failed_case!r}"
    if record.budget_used is None and not record.held:
        return (
            Status.UNDECIDED,
            "nothing was compared: in this arithmetic the coordinates are uncertain by a cell",
        )
    return Status.PASSED, None


def precision(record: Subject, arithmetic: Arithmetic) -> str | None:
    """The finest arithmetic that explained every error so far; "none" where none does."""
    if record.budget_used is None:
        return None
    if record.ladder == len(LADDER):
        return "none"
    found, claim = LADDER[record.ladder], arithmetic.compute
    # tf32 and float16 round alike: where either explains, the claimed one is named.
    return claim.name if found.precision == claim.precision else found.name


def _wrong(record: Subject, arithmetic: Arithmetic) -> str:
    told = f"{record.worst} in {record.case!r}"
    found, claimed = precision(record, arithmetic), arithmetic.compute.name
    if found not in (None, "none", claimed):
        told += f"; as exact as {found} arithmetic, {claimed} is claimed"
    return told + record.held_to
