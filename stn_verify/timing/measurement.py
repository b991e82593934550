"""One case of the matrix: every participant judged on it, those that are right timed together, and the rows that follow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from stn_verify.cases.case import SampleCase, TransformCase
from stn_verify.contract.convention import Convention
from stn_verify.formats import Array
from stn_verify.records.record import Record, Timing
from stn_verify.timing.correctness import Verdict
from stn_verify.timing.decision import Estimate
from stn_verify.timing.participant import NotTimed, Participant
from stn_verify.timing.roofline import moved_bytes
from stn_verify.timing.rounds import Arm, Pair, Samples, calls_for, interleaved, joined
from stn_verify.timing.workload import Workload
from stn_verify.workers.messages import Timed

COPY_ARM = "copy"


@dataclass
class _Side:
    """A participant on this case."""

    timing: Timing
    reason: str | None = None
    verdict: Verdict | None = None
    first: Timed | None = None
    arms: list[Arm] = field(default_factory=list)

    @property
    def timed(self) -> bool:
        return self.timing is Timing.TIMED


@dataclass(frozen=True)
class Measurement:
    """What one case brought: a row for each target and peer, and the samples."""

    records: Sequence[Record]
    samples: Samples | None
    """Arms are named as `arm_names` says; None where nothing was timed."""

    def of(self, participant: str) -> tuple[Array, int] | None:
        """Seconds of one call, [2 rounds] of both processes, and the calls that each is the mean of."""
        names = arm_names(participant)
        if self.samples is None or names[0] not in self.samples.seconds:
            return None
        both = np.stack([self.samples.seconds[name] for name in names], axis=1)
        return both.reshape(-1), self.samples.calls[names[0]]


def arm_names(participant: str) -> tuple[str, str]:
    """Of its two processes."""
    return (f"{participant} #1", f"{participant} #2")


class CaseRun:
    """One case in work: judged when it is made, timed in as many passes as are asked for, then told."""

    def __init__(
        self,
        work: Workload,
        targets: Sequence[Participant],
        peers: Sequence[Participant],
        convention: Convention,
        *,
        slot: int,
        seed: int,
    ) -> None:
        """Judge the targets, and the peers that they are compared with.

        Args:
            targets: a row for each of them and each peer, or for each alone where there is no peer.
            convention: that all follow.
            slot: in which the processes keep the case: those that are in work at the same time have slots of their own.
            seed: of the inputs and of the order of the rounds.
        """
        self.work = work
        self._targets = [each.name for each in targets]
        self._peers = [each.name for each in peers]
        self._convention = convention
        self._slot = slot
        self._seed = seed
        self._everyone = {each.name: each for each in (*targets, *peers)}
        case = work.case(convention, seed)
        self._sides = {name: _side(each, work, case, slot) for name, each in self._everyone.items()}
        self._calls: dict[str, int] = {}
        self._copy: Arm | None = None
        self._passes: list[Samples] = []

    def time(self, budget: float) -> None:
        """One pass, of so many seconds; a participant that fails is left out from then on, and the others begin again."""
        while True:
            try:
                arms = self._arms()
                if not arms:
                    return
                pairs = _pairs(self._timed(), self._targets)
                guarded = {name: _Guarded(name, arm) for name, arm in arms.items()}
                self._ready(guarded)
                seed = self._seed + len(self._passes)
                self._passes.append(interleaved(guarded, self._calls, pairs, budget=budget, seed=seed))
            except _ArmFailedError as failed:
                self._leave_out(failed)
            else:
                return

    def measurement(self, common: Mapping[str, object]) -> Measurement:
        """The rows; `common` holds what the run's have in common."""
        samples = joined(self._passes) if self._arms() and self._passes else None
        rows = []
        fields = {**self._named(), **common}
        for target in self._targets:
            for peer in tuple(self._peers) or (None,):
                row = fields | _of_target(self.work, target, self._sides[target], samples)
                if peer is not None:
                    row |= _against(target, peer, self._sides, samples, self._seed)
                rows.append(Record.model_validate(row))
        return Measurement(rows, samples)

    def _timed(self) -> list[str]:
        return [name for name, side in self._sides.items() if side.timed]

    def _arms(self) -> dict[str, Arm]:
        """Of everyone that is right; none where no target is."""
        timed = self._timed()
        if not any(name in timed for name in self._targets):
            return {}
        arms: dict[str, Arm] = {}
        for name in timed:
            arms |= dict(zip(arm_names(name), self._sides[name].arms, strict=True))
        return arms if self._copy is None else arms | {COPY_ARM: self._copy}

    def _ready(self, arms: dict[str, "_Guarded"]) -> None:
        """How many calls a round has of each, found once; and the copy."""
        for name in self._timed():
            first, second = arm_names(name)
            if first not in self._calls:
                # The same number in both: what a request costs must not tell them apart.
                calls = calls_for([arms[first], arms[second]])
                self._calls |= {first: calls, second: calls}
        if COPY_ARM not in self._calls:
            copying = self._everyone[self._first()]
            self._copy = copying.copying(moved_bytes(self.work), self.work.clock, self._slot)
            if self._copy is not None:
                arms[COPY_ARM] = _Guarded(COPY_ARM, self._copy)
                self._calls[COPY_ARM] = calls_for([arms[COPY_ARM]])

    def _first(self) -> str:
        """The target in whose process memory is copied."""
        return next(name for name in self._timed() if name in self._targets)

    def _leave_out(self, failed: "_ArmFailedError") -> None:
        name = self._first() if failed.arm == COPY_ARM else failed.arm.rpartition(" #")[0]
        side = self._sides[name]
        side.timing, side.reason = failed.untimed.timing, str(failed.untimed)
        self._passes = [each.without(*arm_names(name)) for each in self._passes]

    def _named(self) -> dict[str, object]:
        work, convention = self.work, self._convention
        sizes = (work.N, work.C, *work.size, *work.output_size)
        return {
            "case": work.name,
            "function": work.function,
            "direction": work.direction,
            **dict(zip(("N", "C", "H", "W", "Ho", "Wo"), sizes, strict=True)),
            "dtype": work.dtype,
            "layout": work.layout,
            "theta": work.theta,
            "padding": convention.padding,
            "align_corners": convention.align_corners,
            "interpolation": convention.interpolation,
            "cache": work.cache,
            "clock": work.clock,
            "moved_bytes": moved_bytes(work),
        }


def _side(participant: Participant, work: Workload, case: SampleCase | TransformCase, slot: int) -> _Side:
    try:
        return _Side(Timing.TIMED, None, *participant.right(work, case, slot))
    except NotTimed as untimed:
        return _Side(untimed.timing, str(untimed))


class _ArmFailedError(Exception):
    def __init__(self, arm: str, untimed: NotTimed) -> None:
        super().__init__(arm)
        self.arm, self.untimed = arm, untimed


class _Guarded:
    """An arm that says which it is when it fails."""

    def __init__(self, name: str, arm: Arm) -> None:
        self._name, self._arm = name, arm

    def __call__(self, calls: int) -> float:
        try:
            return self._arm(calls)
        except NotTimed as untimed:
            raise _ArmFailedError(self._name, untimed) from None


def _pairs(timed: Sequence[str], targets: Sequence[str]) -> list[Pair]:
    own: list[Pair] = [((arm_names(name)[0],), (arm_names(name)[1],)) for name in timed]
    between: list[Pair] = [
        (arm_names(target), arm_names(peer))
        for target in timed
        if target in targets
        for peer in timed
        if peer not in targets
    ]
    return own + between


def _of_target(work: Workload, name: str, side: _Side, samples: Samples | None) -> dict[str, object]:
    fields: dict[str, object] = {"target": name, "timing": side.timing, "reason": side.reason}
    if side.verdict is not None:
        fields |= {"judged": side.verdict.judged, "budget_used": side.verdict.budget_used}
    if not side.timed or samples is None:
        return fields
    low, seconds, high = _times(name, samples)
    fields |= {
        "time_seconds": seconds,
        "time_low_seconds": low,
        "time_high_seconds": high,
        "rounds": samples.rounds,
        "calls_per_round": samples.calls[arm_names(name)[0]],
        "throughput_pixels_per_second": work.pixels / seconds,
    }
    if side.first is not None:
        fields |= {
            "first_call_seconds": side.first.seconds,
            "peak_host_bytes": side.first.peak_host_bytes,
            "peak_device_bytes": side.first.peak_device_bytes,
        }
    if COPY_ARM in samples.seconds:
        bandwidth = moved_bytes(work) / float(np.median(samples.seconds[COPY_ARM]))
        fields |= {
            "bandwidth_bytes_per_second": bandwidth,
            "roofline_share": moved_bytes(work) / bandwidth / seconds,
        }
    return fields | _told("noise_ratio", _noise(name, samples))


def _against(
    target: str, peer: str, sides: Mapping[str, _Side], samples: Samples | None, seed: int
) -> dict[str, object]:
    side = sides[peer]
    fields: dict[str, object] = {"against": peer, "against_timing": side.timing}
    if sides[target].timed and not side.timed:
        fields["reason"] = f"{peer}: {side.reason}"
    if samples is None or not side.timed:
        return fields
    fields["against_time_seconds"] = _times(peer, samples)[1]
    if side.first is not None:
        fields |= {
            "against_first_call_seconds": side.first.seconds,
            "against_peak_host_bytes": side.first.peak_host_bytes,
            "against_peak_device_bytes": side.first.peak_device_bytes,
        }
    fields |= _told("against_noise_ratio", _noise(peer, samples))
    if not sides[target].timed:
        return fields
    ratio = samples.ratio(arm_names(target), arm_names(peer), seed)
    least, largest = np.exp(ratio.passes)
    return fields | _told("time_ratio", ratio) | {
        "time_ratio_least_pass": float(least),
        "time_ratio_largest_pass": float(largest),
    }  # fmt: skip


def _times(name: str, samples: Samples) -> tuple[float, float, float]:
    low, middle, high = np.exp(np.quantile(samples.logs(*arm_names(name)), [0.2, 0.5, 0.8]))
    return float(low), float(middle), float(high)


def _noise(name: str, samples: Samples) -> Estimate:
    first, second = arm_names(name)
    return samples.ratio((first,), (second,))


def _told(column: str, found: Estimate) -> dict[str, object]:
    values = np.exp([found.median, found.low, found.high])
    return {
        name: float(value)
        for name, value in zip((column, f"{column}_low", f"{column}_high"), values, strict=True)
    }
