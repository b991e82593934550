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
from stn_verify.timing.rounds import Arm, Pair, Samples, calls_for, interleaved
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


def measure(
    work: Workload,
    targets: Sequence[Participant],
    peers: Sequence[Participant],
    *,
    convention: Convention,
    device: str,
    threads: int,
    budget: float,
    seed: int,
) -> Measurement:
    """Judge, time, and tell.

    Args:
        targets: a row for each of them and each peer, or for each alone where there is no peer.
        convention: that all follow.
        budget: seconds for the rounds.
        seed: of the inputs and of the order of the rounds.
    """
    case = work.case(convention, seed)
    everyone = {each.name: each for each in (*targets, *peers)}
    sides = {name: _side(each, work, case) for name, each in everyone.items()}
    samples = _timed(work, sides, everyone, [each.name for each in targets], budget, seed)
    common = {
        "case": work.name,
        "function": work.function,
        "direction": work.direction,
        **dict(zip(("N", "C", "H", "W", "Ho", "Wo"), (work.N, work.C, *work.size, *work.output_size), strict=True)),
        "dtype": work.dtype,
        "layout": work.layout,
        "theta": work.theta,
        "padding": convention.padding,
        "align_corners": convention.align_corners,
        "interpolation": convention.interpolation,
        "device": device,
        "threads": threads,
        "cache": work.cache,
        "clock": work.clock,
        "moved_bytes": moved_bytes(work),
    }  # fmt: skip
    rows = []
    for target in targets:
        for peer in (*(each.name for each in peers),) or (None,):
            fields = common | _of_target(work, target.name, sides[target.name], samples)
            if peer is not None:
                fields |= _against(target.name, peer, sides, samples, seed)
            rows.append(Record.model_validate(fields))
    return Measurement(rows, samples)


def _side(participant: Participant, work: Workload, case: SampleCase | TransformCase) -> _Side:
    try:
        verdict, first = participant.right(work, case)
        return _Side(Timing.TIMED, None, verdict, first, participant.arms(work.clock))
    except NotTimed as untimed:
        return _Side(untimed.timing, str(untimed))


def _timed(
    work: Workload,
    sides: Mapping[str, _Side],
    everyone: Mapping[str, Participant],
    targets: Sequence[str],
    budget: float,
    seed: int,
) -> Samples | None:
    """Rounds of all that are right; one that fails in them is left out, and the others begin again."""
    while True:
        timed = [name for name, side in sides.items() if side.timed]
        if not any(name in timed for name in targets):
            return None
        current = timed[0]
        try:
            arms: dict[str, Arm] = {}
            calls: dict[str, int] = {}
            for current in timed:
                both = sides[current].arms
                arms |= dict(zip(arm_names(current), both, strict=True))
                # The same number in both: what a request costs must not tell them apart.
                calls |= dict.fromkeys(arm_names(current), calls_for(both))
            current = next(name for name in timed if name in targets)
            copy = everyone[current].copying(moved_bytes(work), work.clock)
            if copy is not None:
                arms[COPY_ARM], calls[COPY_ARM] = copy, calls_for([copy])
            guarded = {name: _Guarded(name, arm) for name, arm in arms.items()}
            return interleaved(guarded, calls, _pairs(timed, targets), budget=budget, seed=seed)
        except _ArmFailedError as failed:
            failing = current if failed.arm == COPY_ARM else failed.arm.rpartition(" #")[0]
            sides[failing].timing, sides[failing].reason = failed.untimed.timing, str(failed.untimed)
        except NotTimed as untimed:
            sides[current].timing, sides[current].reason = untimed.timing, str(untimed)


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
    first, second = np.exp(ratio.halves)
    return fields | _told("time_ratio", ratio) | {
        "time_ratio_first_half": float(first),
        "time_ratio_second_half": float(second),
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
