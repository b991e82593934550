"""Two runs of a benchmark: how much slower or faster a target became, with an interval that holds what noise does.

Between two runs a machine changes: its clock, its neighbours, its temperature. All of that is in absolute times, none of it in
their intervals, and no later analysis takes it out again. A ratio to a peer that was timed in the same rounds does not have
it: the peer is the same code in both runs, so what changes the machine changes both sides. So the change of a row is

    change = (time of the target / time of the peer, after) / (the same, before)

and a row without a peer has no change that could be decided. Noise enters the logarithm of each of the two ratios by three ways:

- its sampling: the 99 % interval of the median over rounds;
- states of the machine that last for seconds: the interval is extended to the medians of all passes;
- what a process has of its own, such as where its memory lies: the row's noise floor, either way.

The interval of the change is that of one ratio over that of the other, end against opposite end, made wider by the two noise
floors. The processes of two runs have nothing in common, so the squares of the floors add: a floor is a quantile of Student's
distribution, and far out the difference of two such reaches no further than that, from two degrees of freedom on. So the
interval excludes 1 only where those of the two runs are disjoint by more than the floors. Two intervals of 99 % that exclude
each other are 3.6 standard errors of their difference apart where both are as wide, and the floors come on top: luck calls hardly
a row of hundreds.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from stn_verify.records.environment import BenchEnvironment, Measured
from stn_verify.records.folder import Records, RecordsError
from stn_verify.records.record import Record, Timing

Key = tuple[str, str, str]

MACHINE = ("processor", "cores", "threads", "device", "GPU")
"""What `BenchEnvironment.machine` holds, in its order."""

LARGEST = 700.0
"""Of a logarithm whose exponential is a float."""

ALIKE = ("padding", "align_corners", "interpolation", "device", "threads")
"""What the name of a case leaves out."""


class Outcome(StrEnum):
    """What became of a row from the first run to the second."""

    SLOWER = "slower than allowed"
    WITHIN = "slower, within what is allowed"
    FASTER = "faster"
    UNDECIDED = "undecided"
    LOST = "no longer timed"
    """It was timed, and is wrong or fails now."""
    APART = "not comparable"


FAILING = (Outcome.SLOWER, Outcome.LOST)


@dataclass(frozen=True)
class Change:
    """A row that both runs have."""

    before: Record
    after: Record
    outcome: Outcome
    time_ratio: float | None = None
    """The change of the ratio to the peer: above 1 is slower. Then its interval."""
    time_ratio_low: float | None = None
    time_ratio_high: float | None = None
    reason: str | None = None
    """Why it is not comparable, or not timed any more."""


@dataclass(frozen=True)
class Changes:
    """All that two runs say together."""

    rows: Sequence[Change]
    only_before: Sequence[Record] = ()
    only_after: Sequence[Record] = ()
    differences: Sequence[str] = ()
    """What differs in where they ran."""
    allowed: float = 0.0
    counts: dict[Outcome, int] = field(default_factory=dict)

    @property
    def failing(self) -> bool:
        """Whether a row is slower than allowed, or no longer timed."""
        return any(row.outcome in FAILING for row in self.rows)


def differences(before: BenchEnvironment, after: BenchEnvironment) -> list[str]:
    """What must be equal for a change to be the target's, and is not: the machine, the settings, and the peers."""
    pairs = [(name, old, new) for name, old, new in zip(MACHINE, before.machine, after.machine, strict=True)]
    names = sorted(before.variables.keys() | after.variables.keys())
    pairs += [(name, before.variables.get(name, ""), after.variables.get(name, "")) for name in names]
    peers = {peer.name: peer for peer in after.peers if peer.unavailable is None}
    for peer in before.peers:
        if peer.unavailable is None and peer.name in peers:
            pairs.append((f"the peer {peer.name}", _version(peer), _version(peers[peer.name])))
    return [
        f"{name}: {old or 'not set'!s}, then {new or 'not set'!s}" for name, old, new in pairs if old != new
    ]


def compare(before: Records, after: Records, allowed: float = 0.0) -> Changes:
    """How every row changed; `allowed` is the share by which a target may become slower: 0.05 for 5 %.

    Raises:
        RecordsError: a run has a row twice, or the two have none in common.
    """
    old, new = _by_key(before.records, "first"), _by_key(after.records, "second")
    common = [key for key in old if key in new]
    if not common:
        raise RecordsError(
            f"the two runs have no row in common: {len(old)} rows and {len(new)},"
            " equal in case, target and peer where the work is equal"
        )
    rows = [_change(old[key], new[key], allowed) for key in common]
    return Changes(
        rows,
        [row for key, row in old.items() if key not in new],
        [row for key, row in new.items() if key not in old],
        differences(before.environment, after.environment),
        allowed,
        {outcome: count for outcome in Outcome if (count := sum(row.outcome is outcome for row in rows))},
    )


def _change(before: Record, after: Record, allowed: float) -> Change:
    timed, still = before.timing is Timing.TIMED, after.timing is Timing.TIMED
    if timed and after.timing in (Timing.WRONG, Timing.FAILED):
        return Change(
            before, after, Outcome.LOST, reason=f"{after.timing}: {after.reason or 'no reason told'}"
        )
    if not (timed and still):
        told = (
            f"{before.timing}, then {after.timing}"
            if before.timing is not after.timing
            else str(after.timing)
        )
        return Change(before, after, Outcome.APART, reason=told)
    unlike = [name for name in ALIKE if getattr(before, name) != getattr(after, name)]
    if unlike:
        told = ", ".join(f"{name} {getattr(before, name)}, then {getattr(after, name)}" for name in unlike)
        return Change(before, after, Outcome.APART, reason=told)
    old, new = _ratio(before), _ratio(after)
    if old is None or new is None:
        return Change(before, after, Outcome.APART, reason=_no_ratio(before if old is None else after))
    floor = math.hypot(old.floor, new.floor)
    low, high = new.low - old.high - floor, new.high - old.low + floor
    return Change(
        before, after, _outcome(low, high, allowed), _exp(new.middle - old.middle), _exp(low), _exp(high)
    )  # fmt: skip


def _outcome(low: float, high: float, allowed: float) -> Outcome:
    if low > math.log1p(allowed):
        return Outcome.SLOWER
    if low > 0:
        return Outcome.WITHIN
    return Outcome.FASTER if high < 0 else Outcome.UNDECIDED


@dataclass(frozen=True)
class _Ratio:
    """Logarithms of a ratio to a peer: its interval, extended to the passes, and its noise floor."""

    middle: float
    low: float
    high: float
    floor: float


def _ratio(record: Record) -> _Ratio | None:
    """None where a part of it was not measured."""
    values = (
        record.time_ratio,
        record.time_ratio_low,
        record.time_ratio_high,
        record.time_ratio_least_pass,
        record.time_ratio_largest_pass,
        record.noise_floor_ratio,
    )
    logs = [math.log(value) for value in values if value is not None]
    if len(logs) < len(values):
        return None
    # Files are not trusted: whatever their order, the ends enclose the middle.
    return _Ratio(logs[0], min(logs[:5]), max(logs[:5]), abs(logs[5]))


def _exp(log: float) -> float:
    # Any two ratios that a file may hold have a change that is a number.
    return math.exp(max(-LARGEST, min(LARGEST, log)))


def _no_ratio(record: Record) -> str:
    if record.against is None:
        return "no peer: times alone decide nothing"
    if record.against_timing not in (None, Timing.TIMED):
        return f"{record.against} {record.against_timing}"
    return "no interval of the ratio"


def _by_key(records: Sequence[Record], which: str) -> dict[Key, Record]:
    found: dict[Key, Record] = {}
    for record in records:
        if record.key in found:
            raise RecordsError(f"the {which} run has the row {' / '.join(filter(None, record.key))!r} twice")
        found[record.key] = record
    return found


def _version(peer: Measured) -> str:
    threads = "" if peer.threads is None else f", {peer.threads} threads"
    return f"{peer.framework} {peer.framework_version}, Python {peer.python_version}{threads}"
