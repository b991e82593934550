"""Full entrywise checks against gradcheck, at growing sizes, in rounds as everything else is timed."""

import platform
from collections.abc import Callable
from dataclasses import dataclass, field

from stn_verify.contract.convention import Convention
from stn_verify.contract.errors import UnknownChoiceError
from stn_verify.records.environment import Measured
from stn_verify.records.record import Record, Timing
from stn_verify.timing.checks.checker import OWN, SAMPLER, C, Checked, N, Request
from stn_verify.timing.checks.process import CheckerProcess
from stn_verify.timing.columns import arm_names, of_noise, of_peer, of_ratio, of_time
from stn_verify.timing.participant import TWINS, NotTimed
from stn_verify.timing.rounds import Arm, Pair, Samples, interleaved, joined

PEERS = ("gradcheck", "gradcheck-fast")
PASSES = 2

LEAST_BUDGET = 0.5
"""Seconds of one pass; where a round takes longer, so long."""


@dataclass(frozen=True)
class Extent:
    """How far a profile goes."""

    sides: tuple[int, ...]
    """H = W = Ho = Wo."""
    longest: float
    """Seconds that one check may take; where it would take longer, it is not timed."""


EXTENTS = {
    "quick": Extent((4, 8, 16, 32), 0.15),
    "default": Extent((4, 8, 16, 32, 64, 128), 1.0),
    "full": Extent((4, 8, 16, 32, 64, 128, 224), 10.0),
}

Make = Callable[[str], CheckerProcess]


@dataclass
class _Way:
    """One way to check, in its two processes."""

    name: str
    twins: list[CheckerProcess]
    measured: Measured
    last: tuple[int, float] | None = None
    """The largest side that was checked, and its seconds."""
    stopped: NotTimed | None = None
    """Why it takes no part any more: once too long or broken, always."""


@dataclass
class _Side:
    """A size in work."""

    side: int
    arms: dict[str, Arm] = field(default_factory=dict)
    first: dict[str, float] = field(default_factory=dict)
    """Seconds of the first check of it."""
    checked: dict[str, list[Checked]] = field(default_factory=dict)
    reasons: dict[str, NotTimed] = field(default_factory=dict)
    passes: list[Samples] = field(default_factory=list)


class CheckSession:
    """All ways to check; they start when it is made."""

    def __init__(self, profile: str, threads: int, seed: int, make: Make | None = None) -> None:
        """`make` gives processes; those of the tests are others.

        Raises:
            UnknownChoiceError: no such profile.
        """
        if profile not in EXTENTS:
            raise UnknownChoiceError(f"unknown profile {profile!r}; known: {', '.join(EXTENTS)}")
        self._extent, self._threads, self._seed = EXTENTS[profile], threads, seed
        self._ways: list[_Way] = []
        started = make or (lambda name: CheckerProcess(name, threads))
        try:
            self._ways += [_begun(name, started) for name in (OWN, *PEERS)]
        except BaseException:
            self.close()
            raise
        self.tell: Callable[[str], None] = lambda _: None
        """Hears what is being done."""

    def measured(self) -> tuple[Measured, list[Measured]]:
        """What our own check and the others say of themselves."""
        own, *others = [way.measured for way in self._ways]
        return own, others

    def measure(self) -> list[list[Record]]:
        """The rows of each size. All sizes take turns, so that none is done before the last."""
        sides = [self._prepared(side) for side in self._extent.sides]
        for number in range(PASSES):
            for each in sides:
                if each.arms:
                    self.tell(f"pass {number + 1} of {PASSES}: {case_name(each.side)}")
                    self._time(each, number)
        return [self._rows(each) for each in sides]

    def close(self) -> None:
        """End every process."""
        for way in self._ways:
            for twin in way.twins:
                twin.close()

    def _prepared(self, side: int) -> _Side:
        """Every way that is not too long checks it once: what is loaded and compiled for it is ready then."""
        found = _Side(side)
        self.tell(f"first checks of {case_name(side)}")
        for way in self._ways:
            try:
                found.first[way.name] = self._first(way, side)
            except NotTimed as untimed:
                found.reasons[way.name] = way.stopped = untimed
                continue
            found.checked[way.name] = []
            for name, twin in zip(arm_names(way.name), way.twins, strict=True):
                found.arms[name] = self._arm(twin, found, way.name)
        return found

    def _first(self, way: _Way, side: int) -> float:
        longest = self._extent.longest
        if way.stopped is not None:
            raise way.stopped
        if way.last is not None:
            # What evaluates for every input grows by the square of this.
            before, seconds = way.last
            if seconds * (side / before) ** 2 > longest:
                told = f"{seconds:.2g} s at {before}x{before}, and at most {longest:g} s are spent on a check"
                raise NotTimed(Timing.TOO_LONG, f"{way.name}: {told}")
        request = Request(side=side, seed=self._seed)
        seconds = [twin.check(request, self._deadline())[0] for twin in way.twins for _ in range(2)][-1]
        way.last = (side, seconds)
        if seconds > longest:
            raise NotTimed(
                Timing.TOO_LONG,
                f"{way.name}: {seconds:.2g} s, and at most {longest:g} s are spent on a check",
            )
        return seconds

    def _deadline(self) -> float:
        return 30.0 + 32 * self._extent.longest

    def _arm(self, twin: CheckerProcess, found: _Side, way: str) -> Arm:
        rounds = 0

        def seconds(calls: int) -> float:
            nonlocal rounds
            total = 0.0
            for _ in range(calls):
                # New numbers in every round, the same for all in one.
                rounds += 1
                taken, checked = twin.check(
                    Request(side=found.side, seed=self._seed + rounds), self._deadline()
                )
                found.checked[way].append(checked)
                total += taken
            return total

        return seconds

    def _time(self, found: _Side, number: int) -> None:
        timed = [name for name in found.first if arm_names(name)[0] in found.arms]
        pairs: list[Pair] = [((first,), (second,)) for first, second in map(arm_names, timed)]
        pairs += [(arm_names(OWN), arm_names(name)) for name in timed if name != OWN and OWN in timed]
        budget = max(LEAST_BUDGET, 2 * sum(found.first.values()))
        calls = dict.fromkeys(found.arms, 1)
        try:
            found.passes.append(
                interleaved(found.arms, calls, pairs, budget=budget, seed=self._seed + number)
            )  # fmt: skip
        except NotTimed as untimed:
            # Its processes answered at this very size before: what broke now breaks the size.
            found.reasons |= dict.fromkeys(timed, untimed)
            found.arms, found.passes = {}, []

    def _rows(self, found: _Side) -> list[Record]:
        samples = joined(found.passes) if found.passes else None
        return [Record.model_validate(self._row(found, peer, samples)) for peer in PEERS]

    def _row(self, found: _Side, peer: str, samples: Samples | None) -> dict[str, object]:
        fields = _named(found.side) | {"threads": self._threads, "target": OWN, "against": peer}
        own = found.checked.get(OWN, [])
        wrong = [checked for checked in own if not checked.passed]
        if samples is None or arm_names(OWN)[0] not in samples.seconds or wrong:
            untimed = found.reasons.get(OWN)
            timing = Timing.WRONG if wrong else untimed.timing if untimed else Timing.FAILED
            told = (
                f"{len(wrong)} of {len(own)} checks of {SAMPLER} do not pass"
                if wrong
                else str(untimed or "no samples")
            )
            return fields | {"timing": timing, "reason": told, "against_timing": self._timing(found, peer)}
        fields |= {
            "timing": Timing.TIMED,
            **of_time(OWN, samples),
            **of_noise(OWN, samples),
            "rounds": samples.rounds,
            "calls_per_round": 1,
            "judged": f"every value, and every entry of both Jacobians, of {SAMPLER}",
            "budget_used": max((checked.budget_used or 0.0 for checked in own), default=None),
            "forwards": own[-1].forwards,
            "backwards": own[-1].backwards,
            "against_timing": self._timing(found, peer),
        }
        others = found.checked.get(peer, [])
        if peer in found.reasons or not others:
            return fields | {"reason": str(found.reasons.get(peer, "no samples"))}
        passed = sum(checked.passed for checked in others)
        return fields | {
            **of_peer(peer, samples),
            **of_ratio(OWN, peer, samples, self._seed),
            "against_forwards": others[-1].forwards,
            "against_backwards": others[-1].backwards,
            "against_judged": f"passed {passed} of {len(others)}",
        }

    def _timing(self, found: _Side, peer: str) -> Timing:
        return found.reasons[peer].timing if peer in found.reasons else Timing.TIMED


def case_name(side: int) -> str:
    """Equal for equal work alone."""
    return f"check entrywise float64 NCHW inside {N}x{C}x{side}x{side} to {side}x{side}"


def _named(side: int) -> dict[str, object]:
    convention = Convention()
    return {
        "case": case_name(side),
        "function": "check",
        "direction": "entrywise",
        **{"N": N, "C": C, "H": side, "W": side, "Ho": side, "Wo": side},
        "dtype": "float64",
        "layout": "NCHW",
        "theta": "inside",
        "padding": convention.padding,
        "align_corners": convention.align_corners,
        "interpolation": convention.interpolation,
        "device": "cpu",
    }


def _begun(name: str, make: Make) -> _Way:
    twins: list[CheckerProcess] = []
    try:
        twins += [make(name) for _ in TWINS]
        abouts = [twin.about() for twin in twins]
    except NotTimed as untimed:
        reason = str(untimed)
        lacking = Measured(
            name=name, framework="", framework_version="", python_version="", unavailable=reason
        )
        return _Way(name, twins, lacking, stopped=untimed)
    except BaseException:
        for twin in twins:
            twin.close()
        raise
    about = abouts[0]
    return _Way(
        name,
        twins,
        Measured(
            name=name,
            framework=about.framework,
            framework_version=about.framework_version,
            python_version=platform.python_version(),
            threads=about.threads,
        ),
    )
